//! Proof 9: two workers keep to one rate, also when one of them is killed: never above it in any second, and nearly reached.

use std::time::Duration;

use tests::cluster::{Cluster, ClusterPlan, busiest_second};
use tests::stall::{StallWatch, Stalls};

use super::{BOUND, alone, to_everybody};

/// How far above the rate a second may be.
pub const TOLERANCE: f64 = 1.02;
/// How much of the rate is reached while there is work.
const REACHED: f64 = 0.97;
/// What a debug build reaches beside other work; `make bench` has 2,000.
const RATE: usize = 100;
const SECONDS: usize = 10;
/// How late a worker may wake up and lose nothing of the rate.
const FORGIVEN: Duration = Duration::from_millis(20);
/// Before a measurement, for what starts or heals.
const SETTLING: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_keep_to_one_rate_also_when_one_is_killed() {
    let _alone = alone().await;
    let members = RATE * (2 * SECONDS + 3 * SETTLING + 2);
    let plan = ClusterPlan::of(members).workers(2).set("HUIKE_RATES_WECHAT_PER_SECOND", RATE);
    let Some(mut cluster) = plan.start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    let stalls = StallWatch::start();
    let settled = RATE * SETTLING;
    cluster.wait_for_received(settled, BOUND).await;
    let both = reached(&cluster).await;
    cluster.kill_worker(0);
    if cluster.workers() == 1 {
        cluster.start_worker(0);
    }
    cluster.wait_for_received(cluster.received() + settled, BOUND).await;
    let one = reached(&cluster).await;
    cluster.wait_until_completed(campaign, BOUND).await;

    cluster.judge(campaign).await;
    never_exceeded(&cluster, RATE as f64, &stalls.end()).await;
    eprintln!("rate: {both:.3} of it was reached with both, {one:.3} with one");
    for reached in [both, one] {
        assert!(reached >= REACHED, "{reached:.3} of the rate was reached");
    }
}

/// The part of the rate that is reached in the seconds from now on, by the sandbox's clock. A machine that stands still for longer than
/// the rate forgives has that much less of them.
async fn reached(cluster: &Cluster) -> f64 {
    let stalls = StallWatch::start();
    let (before, messages) = (cluster.received(), RATE * SECONDS);
    cluster.wait_for_received(before + messages + 1, BOUND).await;
    let lost = stalls.end().longer_than(FORGIVEN);
    let arrivals = cluster.arrivals().await;
    let took = (arrivals[before + messages] - arrivals[before]).to_std().expect("time goes on");
    SECONDS as f64 / took.saturating_sub(lost).as_secs_f64()
}

/// No second has more messages than the rate allows, where they arrive. What a machine that stands still for a moment keeps from
/// arriving comes together with what follows.
pub async fn never_exceeded(cluster: &Cluster, rate: f64, stalls: &Stalls) {
    let busiest = busiest_second(&cluster.arrivals().await);
    let longest = stalls.longest();
    eprintln!(
        "rate: {busiest} messages in the busiest second, the machine stood still for {longest:?} at most"
    );
    let allowed = (rate * (TOLERANCE + longest.as_secs_f64())).ceil() as usize;
    assert!(busiest <= allowed, "{busiest} arrived within one second, {allowed} are allowed");
}
