//! How far a machine that is busy with other things keeps who waits from going on, so that what is counted within hundredths of a second
//! can be held against it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Asks to be woken this often.
const WAKE: Duration = Duration::from_millis(1);

/// Watches from its start to its end.
pub struct StallWatch {
    ended: Arc<AtomicBool>,
    watching: JoinHandle<Vec<Duration>>,
}

/// How late the watch was woken, each time that it was late by more than it had asked for.
#[derive(Debug, Clone, Default)]
pub struct Stalls(Vec<Duration>);

impl StallWatch {
    pub fn start() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&ended);
        let watching = std::thread::spawn(move || {
            let mut late = Vec::new();
            while !watched.load(Ordering::Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(WAKE);
                late.push(asleep.elapsed().saturating_sub(WAKE));
            }
            late
        });
        Self { ended, watching }
    }

    pub fn end(self) -> Stalls {
        self.ended.store(true, Ordering::Relaxed);
        let late = self.watching.join().expect("the watch ends");
        Stalls(late.into_iter().filter(|late| *late > WAKE).collect())
    }
}

impl Stalls {
    pub fn longest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }

    /// All of them that lasted longer than `bearable`, together.
    pub fn longer_than(&self, bearable: Duration) -> Duration {
        self.0.iter().filter(|late| **late > bearable).sum()
    }
}
