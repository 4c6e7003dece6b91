//! Proof 5: two campaigns race for the last slot of each member: never above the cap, and the higher priority wins.

use std::collections::HashMap;

use entity::states::{DeliveryState, OnCap};
use tests::cluster::ClusterPlan;
use tests::level;

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 5_000;
const RATE: u32 = 1_200;
/// So few that the audience is there at once.
const PRIORITY_MEMBERS: usize = 600;
const PRIORITY_RATE: u32 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_campaigns_that_race_for_the_last_slot_one_gets_it() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS)
        .workers(4)
        .consents(2)
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        // Nothing breaks, so no claim may end by its lease and no call by its time, however slow the machine is.
        .set("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 300)
        .set("HUIKE_WECHAT_TIMEOUT_SECONDS", 60)
        .set("HUIKE_CAPS_PER_24_HOURS", 1);
    let Some(cluster) = plan.start().await else { return };
    let one = to_everybody(&cluster).await;
    let mut other = to_everybody(&cluster).await;
    other.message.parameters.insert("thing1".to_owned(), "满200减50券".to_owned());
    let one = cluster.schedule(one).await;
    let other = cluster.schedule(other).await;
    cluster.wait_until_completed(one, BOUND).await;
    cluster.wait_until_completed(other, BOUND).await;

    let verdict = cluster.judge_all(&[one, other]).await;
    assert_eq!(verdict.received, MEMBERS as u64, "{verdict:?}");
    assert_eq!(verdict.unknown, 0, "{verdict:?}");
    let inboxes: HashMap<_, _> = cluster.inboxes().await;
    assert!(inboxes.values().all(|received| *received == 1), "somebody is above the cap");
    for (member, state, reason) in cluster.rows(one).await.into_iter().chain(cluster.rows(other).await) {
        if state == DeliveryState::Suppressed {
            assert_eq!(reason.as_deref(), Some("frequency_cap"), "{member}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_higher_priority_takes_the_last_slot_of_each_member() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(PRIORITY_MEMBERS)
        .workers(4)
        .consents(2)
        .set("HUIKE_RATES_WECHAT_PER_SECOND", PRIORITY_RATE)
        .set("HUIKE_CAPS_PER_24_HOURS", 1);
    let Some(cluster) = plan.start().await else { return };
    // It waits for the next slot, so that it is still open when the higher one has ended.
    let mut low = to_everybody(&cluster).await;
    low.on_cap = OnCap::Defer;
    let mut high = to_everybody(&cluster).await;
    high.priority = low.priority + 1;
    high.message.parameters.insert("thing1".to_owned(), "满200减50券".to_owned());
    let high = cluster.schedule(high).await;
    // Both are open for everybody at once; the rate is so low that the higher one is far from its end.
    level::reached("the higher one has its audience", BOUND, || async {
        cluster.rows(high).await.len() == PRIORITY_MEMBERS
    })
    .await;
    let low = cluster.schedule(low).await;
    cluster.wait_until_completed(high, BOUND).await;

    let counts = cluster.counts(high).await;
    let went_out = [DeliveryState::Sent, DeliveryState::Delivered].map(|state| counts.get(&state).copied());
    let went_out: u64 = went_out.into_iter().flatten().sum();
    assert_eq!(went_out, PRIORITY_MEMBERS as u64, "the higher one takes every slot: {counts:?}");
    cluster.post(&format!("/v1/console/campaigns/{low}/cancel"), serde_json::json!({})).await;
    level::reached("the lower one has ended", BOUND, || async {
        let rows = cluster.rows(low).await;
        rows.len() == PRIORITY_MEMBERS && rows.iter().all(|row| row.1 == DeliveryState::Suppressed)
    })
    .await;
    let verdict = cluster.judge_all(&[low, high]).await;
    assert_eq!(verdict.received, PRIORITY_MEMBERS as u64, "{verdict:?}");
}
