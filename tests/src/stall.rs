//! How far a machine that is busy with other things keeps who waits from going on, so that what is counted within hundredths of a second
//! can be held against it: how late its processors wake who sleeps, and how long its disk takes to keep a byte.

use std::io::{Seek, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Asks to be woken this often.
const WAKE: Duration = Duration::from_millis(1);
/// Asks the disk this often, which is rare beside what a database asks of it.
const ASK_DISK: Duration = Duration::from_millis(10);

/// Watches from its start to its end.
pub struct StallWatch {
    ended: Arc<AtomicBool>,
    processors: JoinHandle<Vec<Duration>>,
    disk: JoinHandle<Vec<Duration>>,
}

/// What lasted longer than it had to, each time.
#[derive(Debug, Clone, Default)]
pub struct Stalls {
    processors: Vec<Duration>,
    disk: Vec<Duration>,
}

impl StallWatch {
    pub fn start() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let processors = watch(&ended, || {
            let asleep = Instant::now();
            std::thread::sleep(WAKE);
            asleep.elapsed().saturating_sub(WAKE)
        });
        let mut file = tempfile::tempfile().expect("a file of its own");
        let disk = watch(&ended, move || {
            std::thread::sleep(ASK_DISK);
            let asked = Instant::now();
            file.rewind().and_then(|()| file.write_all(b"1")).expect("a byte is written");
            file.sync_all().expect("a byte is kept");
            asked.elapsed()
        });
        Self { ended, processors, disk }
    }

    pub fn end(self) -> Stalls {
        self.ended.store(true, Ordering::Relaxed);
        let late = |watching: JoinHandle<Vec<Duration>>| watching.join().expect("the watch ends");
        Stalls { processors: late(self.processors), disk: late(self.disk) }
    }
}

/// Measures again and again until the end, and keeps what is worth it.
fn watch(
    ended: &Arc<AtomicBool>,
    mut measure: impl FnMut() -> Duration + Send + 'static,
) -> JoinHandle<Vec<Duration>> {
    let ended = Arc::clone(ended);
    std::thread::spawn(move || {
        let mut late = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            late.push(measure());
        }
        late.retain(|late| *late > WAKE);
        late
    })
}

impl Stalls {
    /// The longest that a processor let somebody wait.
    pub fn longest(&self) -> Duration {
        self.processors.iter().max().copied().unwrap_or_default()
    }

    /// All that lasted longer than `bearable`, together: of the processors or of the disk, whichever is more, since the one can be a part of the
    /// other.
    pub fn longer_than(&self, bearable: Duration) -> Duration {
        let sum = |late: &[Duration]| late.iter().filter(|late| **late > bearable).sum::<Duration>();
        sum(&self.processors).max(sum(&self.disk))
    }
}
