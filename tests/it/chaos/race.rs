//! Proof 5: two campaigns race for the last slot of each member: never above the cap, and the higher priority wins.

use std::collections::HashMap;

use entity::states::DeliveryState;
use tests::cluster::ClusterPlan;

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 5_000;
const RATE: u32 = 1_200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_campaigns_that_race_for_the_last_slot_one_gets_it() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS)
        .workers(4)
        .consents(2)
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        .set("HUIKE_CAPS_PER_24_HOURS", 1);
    let Some(cluster) = plan.start().await else { return };
    let low = to_everybody(&cluster).await;
    let mut high = to_everybody(&cluster).await;
    high.priority = low.priority + 1;
    high.message.parameters.insert("thing1".to_owned(), "满200减50券".to_owned());
    let low = cluster.schedule(low).await;
    let high = cluster.schedule(high).await;
    cluster.wait_until_completed(low, BOUND).await;
    cluster.wait_until_completed(high, BOUND).await;

    let verdict = cluster.judge_all(&[low, high]).await;
    assert_eq!(verdict.received, MEMBERS as u64, "{verdict:?}");
    assert_eq!(verdict.unknown, 0, "{verdict:?}");
    let inboxes: HashMap<_, _> = cluster.inboxes().await;
    assert!(inboxes.values().all(|received| *received == 1), "somebody is above the cap");
    for (member, state, reason) in cluster.rows(low).await.into_iter().chain(cluster.rows(high).await) {
        if state == DeliveryState::Suppressed {
            assert_eq!(reason.as_deref(), Some("frequency_cap"), "{member}");
        }
    }
}
