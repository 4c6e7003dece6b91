//! What is asked for at the same moment is done together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use futures_util::future::{join_all, join3};
use service::Error;
use service::together::Together;
use tokio::sync::Semaphore;

/// Answers each number with the size of its batch, when the gate lets it.
async fn sizes(gate: Arc<Semaphore>, batch: Vec<u64>) -> Vec<(u64, usize)> {
    gate.acquire().await.unwrap().forget();
    let size = batch.len();
    batch.into_iter().map(|number| (number, size)).collect()
}

#[tokio::test]
async fn what_arrives_while_a_batch_is_under_way_is_done_by_the_next() {
    let (together, gate) = (Together::default(), Arc::new(Semaphore::new(0)));
    let work = || {
        let gate = gate.clone();
        move |batch| sizes(gate.clone(), batch)
    };
    let mut first = Box::pin(together.ask(1, work()));
    assert!((&mut first).now_or_never().is_none());
    // The worker takes the first, which waits for nobody, and stands at the gate.
    tokio::task::yield_now().await;
    let others = join_all([2, 3, 4].map(|number| together.ask(number, work())));
    let opened = async { gate.add_permits(2) };

    let (first, others, ()) = join3(first, others, opened).await;

    assert_eq!(first.unwrap(), (1, 1));
    let others: Vec<_> = others.into_iter().map(Result::unwrap).collect();
    assert_eq!(others, [(2, 3), (3, 3), (4, 3)]);
}

#[tokio::test]
async fn with_two_workers_two_batches_are_under_way_and_the_third_waits() {
    let (together, gate) = (Together::with_workers(2), Arc::new(Semaphore::new(0)));
    let work = || {
        let gate = gate.clone();
        move |batch| sizes(gate.clone(), batch)
    };
    let mut asked = Vec::new();
    for number in 1..=4 {
        let mut one = Box::pin(together.ask(number, work()));
        assert!((&mut one).now_or_never().is_none());
        tokio::task::yield_now().await;
        asked.push(one);
    }

    let (answers, ()) = futures_util::join!(join_all(asked), async { gate.add_permits(4) });

    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [(1, 1), (2, 1), (3, 2), (4, 2)]);
}

#[tokio::test]
async fn who_hangs_up_takes_nobodys_answer_along() {
    let (together, gate) = (Together::default(), Arc::new(Semaphore::new(0)));
    let work = || {
        let gate = gate.clone();
        move |batch| sizes(gate.clone(), batch)
    };
    let impatient = together.ask(1, work()).now_or_never();
    assert!(impatient.is_none());

    let (patient, ()) = futures_util::join!(together.ask(2, work()), async { gate.add_permits(2) });

    assert_eq!(patient.unwrap().0, 2);
}

#[tokio::test]
async fn a_worker_that_dies_leaves_no_line_behind_it() {
    let (together, broken) = (Together::default(), Arc::new(AtomicBool::new(true)));
    let work = || {
        let broken = broken.clone();
        move |batch: Vec<u64>| {
            let broken = broken.clone();
            async move {
                assert!(!broken.load(Ordering::Relaxed), "broken on purpose");
                batch
            }
        }
    };

    let lost = together.ask(1, work()).await;
    broken.store(false, Ordering::Relaxed);
    let after = together.ask(2, work()).await;

    assert!(matches!(lost, Err(Error::Unavailable { .. })), "{lost:?}");
    assert_eq!(after.unwrap(), 2);
}
