//! Whatever members, tills and jobs do at once, the sums hold: every state is what its events say, every stock what its copies say, every
//! balance what its ledger says, though members are merged in the midst of it.

mod act;
mod coupons;
mod loyalty;
mod owners;
mod world;

use chrono::Duration;
use futures_util::future::join_all;
use service::Error;
use tests::seed::Seed;

use world::{World, rounds};

/// What is done at once; between two of these the clock stands still.
const AT_ONCE: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sums_hold_whatever_is_done_at_once() {
    let mut world = World::open().await;
    let mut seed = Seed::of_this_run("sums");
    for round in 0..rounds() {
        if round % 5 == 0 {
            world.shop.app.clock.advance(Duration::hours(13));
            world.meet().await;
        }
        let acts = world.plan(&mut seed, round).await;
        let numbered = acts.iter().enumerate().map(|(at, act)| (round * AT_ONCE + at, act));
        let done = join_all(numbered.map(|(number, act)| act::carry_out(&world, number, act))).await;
        for (act, outcome) in acts.iter().zip(done) {
            world.tally.note(act, outcome.is_ok());
            let told = match &outcome {
                Ok(()) | Err(Error::NotFound(_)) => true,
                Err(error) => error.refusal().is_some(),
            };
            assert!(told, "round {round}: {act:?} ended with {outcome:?}");
        }
    }
    world.tally.tell();
    world.tally.require_some_of_each();
    coupons::audit(&world).await;
    loyalty::audit(&world).await;
    owners::audit(&world).await;
}
