//! Proof 9: two workers keep to one rate, also when one of them is killed: never above it in any second, and nearly reached.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::attempt;
use sea_orm::{EntityTrait, QuerySelect};
use tests::cluster::{Cluster, ClusterPlan, busiest_second};

use super::{BOUND, alone, to_everybody};

/// How far above the rate a second may be.
pub const TOLERANCE: f64 = 1.02;
/// How much of the rate is reached while there is work.
const REACHED: f64 = 0.97;
/// What a debug build reaches beside other tests; `make bench` has 2,000.
const RATE: usize = 200;
const SECONDS: usize = 10;
/// Before a measurement, for what starts or heals.
const SETTLING: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_keep_to_one_rate_also_when_one_is_killed() {
    if !tests::services::chaos_in_full("two_workers_keep_to_one_rate_also_when_one_is_killed") {
        return;
    }
    let _alone = alone().await;
    let members = RATE * (2 * SECONDS + 3 * SETTLING + 2);
    let plan = ClusterPlan::of(members).workers(2).set("HUIKE_RATES_WECHAT_PER_SECOND", RATE);
    let Some(mut cluster) = plan.start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    let settled = RATE * SETTLING;
    cluster.wait_for_received(settled, BOUND).await;
    let both = seconds_for(&cluster, RATE * SECONDS).await;
    cluster.kill_worker(0);
    if cluster.workers() == 1 {
        cluster.start_worker(0);
    }
    cluster.wait_for_received(cluster.received() + settled, BOUND).await;
    let one = seconds_for(&cluster, RATE * SECONDS).await;
    cluster.wait_until_completed(campaign, BOUND).await;

    cluster.judge(campaign).await;
    never_exceeded(&cluster, RATE as f64).await;
    eprintln!("rate: {RATE} messages each took {both:?} with both, {one:?} with one");
    for took in [both, one] {
        let reached = SECONDS as f64 / took.as_secs_f64();
        assert!(reached >= REACHED, "{reached:.3} of the rate was reached");
    }
}

/// How long so many messages take from now on, by the sandbox's clock.
async fn seconds_for(cluster: &Cluster, messages: usize) -> Duration {
    let before = cluster.received();
    cluster.wait_for_received(before + messages + 1, BOUND).await;
    let arrivals = cluster.arrivals().await;
    (arrivals[before + messages] - arrivals[before]).to_std().expect("time goes on")
}

/// No second has more calls than the rate allows. Calls may bunch on their way to the platform when the machine is busy: a
/// second at the sandbox can hold what was begun within that second and the spread of the way.
pub async fn never_exceeded(cluster: &Cluster, rate: f64) {
    let mut begun = begun(cluster).await;
    begun.sort_unstable();
    let busiest = busiest_second(&begun);
    let allowed = (rate * TOLERANCE).ceil() as usize;
    assert!(busiest <= allowed, "{busiest} calls were begun within one second, {allowed} are allowed");
    let arrivals = cluster.arrivals().await;
    let at_phones = busiest_second(&arrivals);
    let spread = spread(&begun, &arrivals);
    let allowed = (rate * TOLERANCE * (1.0 + spread)).ceil() as usize;
    eprintln!(
        "rate: busiest second {busiest} begun, {at_phones} arrived; the way took up to {spread:.3} s longer"
    );
    assert!(at_phones <= allowed, "{at_phones} arrived within one second, {allowed} are allowed");
}

/// When each call that was answered had begun.
async fn begun(cluster: &Cluster) -> Vec<DateTime<Utc>> {
    let times = attempt::Entity::find().select_only().column(attempt::Column::StartedAt).into_tuple();
    times.all(cluster.ctx.db.read()).await.expect("the attempts can be read")
}

/// The longest that a call was later at the phone than it was begun, in seconds: the n-th to arrive was begun no later than the
/// n-th to begin, where none is missing.
fn spread(begun: &[DateTime<Utc>], arrivals: &[DateTime<Utc>]) -> f64 {
    let late = arrivals.iter().zip(begun).map(|(arrived, began)| (*arrived - *began).num_milliseconds());
    late.max().unwrap_or_default().max(0) as f64 / 1000.0
}
