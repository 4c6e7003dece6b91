//! Proof 6: a no that comes while the message sits in the queue holds.

use entity::states::DeliveryState;
use reqwest::Method;
use serde_json::Value;
use service::ids::MemberId;
use service::preference::{self, OptOut};
use tests::cluster::{Cluster, ClusterPlan};
use tests::platforms::COUPON_EXPIRY;

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 400;
/// So slow that most of the audience is still waiting when the noes come.
const RATE: u32 = 40;
/// How many say no in each of the two ways.
const NOES: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opts_out_or_takes_consent_back_while_queued_gets_nothing() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS).workers(2).set("HUIKE_RATES_WECHAT_PER_SECOND", RATE);
    let Some(cluster) = plan.start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;
    cluster.wait_for_received(RATE as usize, BOUND).await;

    // The last of the audience are sent to last, and everybody is in the queue: `delivery.queued_ahead` is above the audience.
    let queued = cluster.count(campaign, DeliveryState::Queued).await as usize;
    assert!(queued > 4 * NOES, "{queued} are in the queue");
    let last: Vec<_> = cluster.audience.members.iter().rev().take(2 * NOES).cloned().collect();
    let (opt_out, cancel) = last.split_at(NOES);
    for (member, _) in opt_out {
        opt_out_of_offers(&cluster, *member).await;
    }
    for (_, person) in cancel {
        let path = format!("/people/{person}/subscriptions/{COUPON_EXPIRY}/cancel");
        cluster.sandbox_api(Method::POST, &path, Value::Null).await;
    }
    cluster.wait_for_callbacks().await;
    cluster.wait_until_completed(campaign, BOUND).await;

    let verdict = cluster.judge(campaign).await;
    assert_eq!(verdict.received, (MEMBERS - 2 * NOES) as u64, "{verdict:?}");
    expect_reason(&cluster, campaign, opt_out, "opted_out").await;
    expect_reason(&cluster, campaign, cancel, "no_consent").await;
}

async fn opt_out_of_offers(cluster: &Cluster, member: MemberId) {
    let before = preference::read(&cluster.ctx, member).await.expect("the wishes can be read");
    let opt_outs = vec![OptOut { channel: "all".to_owned(), topic: "offers".to_owned() }];
    let wishes = preference::Preferences { opt_outs, ..before };
    preference::save(&cluster.ctx, member, wishes).await.expect("the wishes are saved");
}

async fn expect_reason(
    cluster: &Cluster,
    campaign: service::ids::CampaignId,
    members: &[(MemberId, String)],
    reason: &str,
) {
    let rows = cluster.rows(campaign).await;
    for (member, _) in members {
        let (_, state, why) = rows.iter().find(|row| row.0 == *member).expect("a delivery");
        // Who took consent back at the platform may be claimed before its event has come; then the platform refuses.
        let ended = matches!(state, DeliveryState::Suppressed | DeliveryState::Failed);
        assert!(ended && why.as_deref() == Some(reason), "{member} is {state:?} for {why:?}");
    }
}
