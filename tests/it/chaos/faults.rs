//! Proof 7: the platform throttles, hangs after the effect, resets, refuses tokens, loses, delays and doubles its receipts: each
//! delivery's state stays what the phone says.

use entity::states::DeliveryState;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{ClusterPlan, SEND};

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 2_000;
const RATE: u32 = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_platform_does_each_state_agrees_with_the_phone() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS)
        .workers(2)
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        .set("HUIKE_WECHAT_TIMEOUT_SECONDS", 2)
        .set("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 20)
        // So many failures would stop it, rightly; here it has to go through them.
        .set("HUIKE_DELIVERY_ERROR_MINIMUM", 1_000_000);
    let Some(cluster) = plan.start().await else { return };
    let receipts = json!({
        "delay_ms": 300, "delay_spread_ms": 700, "lost_rate": 0.1, "duplicate_rate": 0.2, "before_response": false,
    });
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    // It answers too late, not at all, or that it is broken.
    let calls = json!({
        "timeout_after_effect_rate": 0.04, "hang_ms": 3_000, "reset_rate": 0.04, "http_500_rate": 0.02,
        "latency_spread_ms": 60,
    });
    cluster.set_faults(json!({ "paths": { SEND: calls }, "callbacks": receipts })).await;
    cluster.wait_for_received(MEMBERS / 4, BOUND).await;
    // Its token is refused, at once and by age; a receipt may come before the answer.
    let early = json!({ "before_response": true, "duplicate_rate": 0.5 });
    cluster.set_faults(json!({ "callbacks": early })).await;
    cluster.sandbox_api(Method::POST, "/tokens/revoke", json!({})).await;
    cluster.wait_for_received(MEMBERS / 2, BOUND).await;
    cluster.sandbox_api(Method::POST, "/tokens/revoke", json!({ "expire": true })).await;
    cluster.wait_for_received(MEMBERS * 2 / 3, BOUND).await;
    // It has had enough for this minute, then takes more again.
    let full = json!({ "throttle_per_minute": 1 });
    cluster.set_faults(json!({ "paths": { SEND: full }, "callbacks": receipts })).await;
    cluster.wait_for_refused(SEND, BOUND).await;
    cluster.set_faults(json!({ "callbacks": receipts })).await;
    cluster.wait_until_completed(campaign, 2 * BOUND).await;

    let verdict = cluster.judge(campaign).await;
    eprintln!("faults: {verdict:?}");
    let of = |state| verdict.counts.get(&state).copied().unwrap_or_default();
    assert!(of(DeliveryState::Delivered) > MEMBERS as u64 / 2, "receipts are taken: {verdict:?}");
    assert_eq!(of(DeliveryState::Failed), 0, "nothing that passes ends a delivery: {verdict:?}");
    let counters = cluster.sandbox_api(Method::GET, "/counters", Value::Null).await;
    let lost = counters["sends"]["lost_after_acceptance"].as_u64().unwrap_or_default();
    assert!(verdict.received + verdict.unknown >= MEMBERS as u64, "{verdict:?}, {lost} answers were lost");
}
