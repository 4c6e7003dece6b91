//! Campaigns make way for people who wait for the database.

use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use proptest::prelude::*;
use service::context::Context;
use service::crowding::{self, Share, Turn, Wait};
use tests::TestApp;

const A_TENTH: TimeDelta = TimeDelta::milliseconds(100);

proptest! {
    #[test]
    fn a_share_stays_within_its_bounds_and_never_stops_anybody(
        told in proptest::collection::vec(proptest::option::of(0..5_000_i64), 0..100),
        took in -10_000..100_000_i64,
    ) {
        let mut share = Share::MOST;
        for quiet in told {
            share = match quiet {
                Some(millis) => share.after_quiet(TimeDelta::milliseconds(millis)),
                None => share.after_complaint(),
            };
            prop_assert!(share.at_once() >= 1);
            let rest = share.rest(TimeDelta::milliseconds(took));
            prop_assert!(rest >= TimeDelta::zero() && rest <= TimeDelta::seconds(1));
            prop_assert!(share.at_once() == 1 || rest.is_zero());
        }
    }

    #[test]
    fn a_share_is_whole_again_within_a_quarter_of_a_minute(complaints in 0..50_usize) {
        let least = (0..complaints).fold(Share::MOST, |share, _| share.after_complaint());
        prop_assert_eq!(least.after_quiet(TimeDelta::seconds(15)), Share::MOST);
    }
}

#[test]
fn who_shrinks_to_an_eighth_works_an_eighth_of_the_time() {
    let least = (0..20).fold(Share::MOST, |share, _| share.after_complaint());
    assert_eq!(least, Share::LEAST);
    assert_eq!(least.rest(TimeDelta::milliseconds(20)), TimeDelta::milliseconds(140));
}

/// So many people wait so long for the database, one of them a moment only.
async fn wait(app: &TestApp, people: usize, waited: TimeDelta) {
    crowding::watch(&app.ctx, Wait::Session, async {}).await;
    let before_all = async { app.clock.advance(waited) };
    let waits = (0..people).map(|_| crowding::watch(&app.ctx, Wait::Session, tokio::task::yield_now()));
    join(join_all(waits), before_all).await;
}

/// A process of its own beside the application.
fn worker(app: &TestApp) -> Context {
    Context { crowding: Default::default(), ..app.ctx.clone() }
}

async fn turns(ctx: &Context, count: usize) -> Vec<Turn> {
    join_all((0..count).map(|_| crowding::turn(ctx))).await
}

#[tokio::test]
async fn a_worker_makes_way_while_people_wait_and_comes_back_when_they_do_not() {
    let app = TestApp::start().await;
    let worker = worker(&app);
    drop(turns(&worker, 30).await);
    for _ in 0..6 {
        app.clock.advance(A_TENTH);
        wait(&app, 4, TimeDelta::milliseconds(200)).await;
        drop(crowding::turn(&worker).await);
    }
    let only = crowding::turn(&worker).await;
    assert!(crowding::turn(&worker).now_or_never().is_none(), "one at a time");
    app.clock.advance(TimeDelta::milliseconds(20));
    drop(only);
    let before = app.ctx.now();
    drop(crowding::turn(&worker).await);
    assert!(app.ctx.now() - before >= TimeDelta::milliseconds(20), "no rest after a transaction");

    app.clock.advance(TimeDelta::seconds(30));
    drop(crowding::turn(&worker).await);
    drop(turns(&worker, 30).await);
}

#[tokio::test]
async fn three_who_waited_too_long_leave_a_worker_one_transaction_at_a_time() {
    let app = TestApp::start().await;
    let worker = worker(&app);
    drop(turns(&worker, 30).await);
    app.clock.advance(A_TENTH);
    wait(&app, 3, TimeDelta::milliseconds(20)).await;
    let _only = crowding::turn(&worker).await;
    assert!(crowding::turn(&worker).now_or_never().is_none());
}

#[tokio::test]
async fn neither_short_waits_nor_those_of_a_few_are_a_crowd() {
    let app = TestApp::start().await;
    let worker = worker(&app);
    for (people, millis) in [(60, 10), (2, 900)].repeat(6) {
        app.clock.advance(A_TENTH);
        wait(&app, people, TimeDelta::milliseconds(millis)).await;
        drop(crowding::turn(&worker).await);
    }
    drop(turns(&worker, 30).await);
}

#[tokio::test]
async fn a_database_that_is_far_away_is_no_crowd() {
    let app = TestApp::start().await;
    let worker = worker(&app);
    let far = || async { app.clock.advance(TimeDelta::milliseconds(40)) };
    for _ in 0..60 {
        app.clock.advance(A_TENTH);
        for _ in 0..10 {
            crowding::watch(&app.ctx, Wait::Redemption, far()).await;
        }
        drop(crowding::turn(&worker).await);
    }
    drop(turns(&worker, 30).await);
}
