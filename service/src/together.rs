//! What is asked for at the same moment is done together: while one batch is under way (or as many as there may be), whatever arrives waits
//! for the next, which takes it all. Who asks alone waits for nobody.
//!
//! A batch begins after everything in it was asked for, so what it reads is never older than the question.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// Past a few hundred rows per statement nothing is gained.
const BATCH: usize = 256;
/// More that wait in this process are answered with 429.
const LINE: usize = 20_000;

pub struct Together<In, Out>(Arc<Mutex<Line<In, Out>>>);

struct Line<In, Out> {
    waiting: VecDeque<(In, oneshot::Sender<Out>)>,
    /// How many work, and how many may.
    working: usize,
    workers: usize,
}

impl<In: Send + 'static, Out: Send + 'static> Together<In, Out> {
    /// With so many batches under way at once: then what is asked for at the same moment may be in two of them.
    pub fn with_workers(workers: usize) -> Self {
        Self(Arc::new(Mutex::new(Line { workers, ..Line::default() })))
    }

    /// The answer of `work`, which gets whatever has been asked for by then and answers each in the same order. It goes on when who
    /// asked hangs up.
    pub async fn ask<Work, Done>(&self, one: In, work: Work) -> Result<Out>
    where
        Work: Fn(Vec<In>) -> Done + Send + 'static,
        Done: Future<Output = Vec<Out>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        if self.join(one, answer)? {
            drop(tokio::spawn(work_off(self.clone(), work)));
        }
        answered.await.map_err(|_| Error::unavailable("database", anyhow::anyhow!("nobody did the work")))
    }

    /// True when somebody more may do the work.
    fn join(&self, one: In, answer: oneshot::Sender<Out>) -> Result<bool> {
        let mut line = self.lock();
        if line.waiting.len() >= LINE {
            return Err(Error::RateLimited { retry_after: Duration::from_secs(1) });
        }
        line.waiting.push_back((one, answer));
        let may_work = line.working < line.workers;
        line.working += usize::from(may_work);
        Ok(may_work)
    }

    /// None ends the worker.
    fn next(&self) -> Option<Vec<(In, oneshot::Sender<Out>)>> {
        let mut line = self.lock();
        let most = line.waiting.len().min(BATCH);
        if most == 0 {
            line.working -= 1;
            return None;
        }
        Some(line.waiting.drain(..most).collect())
    }
}

async fn work_off<In, Out, Work, Done>(together: Together<In, Out>, work: Work)
where
    In: Send + 'static,
    Out: Send + 'static,
    Work: Fn(Vec<In>) -> Done + Send + 'static,
    Done: Future<Output = Vec<Out>> + Send + 'static,
{
    let guard = WorkerGuard(&together);
    while let Some(batch) = together.next() {
        let (asked, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        for (answer, done) in answers.into_iter().zip(work(asked).await) {
            // Whoever hung up loses the answer alone.
            let _ = answer.send(done);
        }
    }
    // The line is at rest, and another worker may already have it.
    std::mem::forget(guard);
}

/// Clears the line when its last worker dies half way (a runtime that shuts down), so that the next question starts another.
struct WorkerGuard<'a, In, Out>(&'a Together<In, Out>);

impl<In, Out> Drop for WorkerGuard<'_, In, Out> {
    fn drop(&mut self) {
        let mut line = self.0.lock();
        line.working -= 1;
        if line.working == 0 {
            line.waiting.clear();
        }
    }
}

impl<In, Out> Together<In, Out> {
    fn lock(&self) -> MutexGuard<'_, Line<In, Out>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<In, Out> Clone for Together<In, Out> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<In, Out> Default for Together<In, Out> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<In, Out> Default for Line<In, Out> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), working: 0, workers: 1 }
    }
}

/// An answer for each of a batch, from what was found for all of them or failed for all.
pub fn answer_each<In, Found, Out>(
    asked: Vec<In>,
    found: Result<Found>,
    of: impl Fn(&Found, In) -> Result<Out>,
) -> Vec<Result<Out>> {
    match found {
        Ok(found) => asked.into_iter().map(|one| of(&found, one)).collect(),
        Err(error) => asked.iter().map(|_| Err(error.same())).collect(),
    }
}
