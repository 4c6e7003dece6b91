//! Proof 3: Redis is emptied and stopped in the middle of two campaigns: the caps hold exactly, the rate is not exceeded, and
//! without Redis the sending goes on, stricter.

use entity::states::DeliveryState;
use tests::cluster::{Cluster, ClusterPlan, busiest_second};
use tests::private::PrivateRedis;
use tests::stall::StallWatch;

use super::{BOUND, alone, distributed, rate, to_everybody};

const MEMBERS: usize = 3_000;
const RATE: usize = 400;
const WORKERS: usize = 2;
/// What each worker keeps to while nobody counts for all.
const ALONE: f64 = 0.1;
/// A limit may grant so much of a second at once. A Redis that was emptied has forgotten that it did, and grants it again.
const FORGOTTEN: f64 = 0.02;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_caps_are_exact_and_sending_goes_on_stricter() {
    if !distributed() {
        return;
    }
    let _alone = alone().await;
    let Some(mut redis) = PrivateRedis::start().await else { return };
    let plan = ClusterPlan::of(MEMBERS)
        .workers(WORKERS)
        .consents(2)
        .redis(redis.url())
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        .set("HUIKE_CAPS_PER_24_HOURS", 1)
        // No worker dies, so no claim may end by its lease, however slow the machine is.
        .set("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 300);
    let Some(cluster) = plan.start().await else { return };
    let stalls = StallWatch::start();
    let first = cluster.schedule(to_everybody(&cluster).await).await;
    let mut other = to_everybody(&cluster).await;
    other.message.parameters.insert("thing1".to_owned(), "满200减50券".to_owned());
    let second = cluster.schedule(other).await;

    cluster.wait_for_received(MEMBERS / 6, BOUND).await;
    redis.flush().await;
    cluster.wait_for_received(MEMBERS / 3, BOUND).await;
    redis.stop().await;
    let outage = goes_on_stricter(&cluster).await;
    redis.start_again().await;
    cluster.wait_until_completed(first, BOUND).await;
    cluster.wait_until_completed(second, BOUND).await;

    let verdict = cluster.judge_all(&[first, second]).await;
    assert_eq!(verdict.received, MEMBERS as u64, "the cap is one for everybody: {verdict:?}");
    assert_eq!(verdict.counts.get(&DeliveryState::Suppressed), Some(&(MEMBERS as u64)), "{verdict:?}");
    let inboxes = cluster.inboxes().await;
    assert!(inboxes.values().all(|received| *received == 1), "somebody is above the cap");
    rate::never_exceeded(&cluster, RATE as f64 * (1.0 + FORGOTTEN), &stalls.end()).await;
    let stricter = (RATE as f64 * ALONE * WORKERS as f64 * rate::TOLERANCE).ceil() as usize;
    assert!(outage <= stricter + WORKERS, "{outage} in a second without Redis, {stricter} are allowed");
}

/// Messages still arrive; the most within a second, once what was granted before has been used.
async fn goes_on_stricter(cluster: &Cluster) -> usize {
    let at_stop = cluster.received();
    let used_up = at_stop + RATE / 4;
    cluster.wait_for_received(used_up, BOUND).await;
    let more = (RATE as f64 * ALONE * WORKERS as f64 * 2.0) as usize;
    cluster.wait_for_received(used_up + more, BOUND).await;
    let arrivals = cluster.arrivals().await;
    busiest_second(&arrivals[used_up..(used_up + more).min(arrivals.len())])
}
