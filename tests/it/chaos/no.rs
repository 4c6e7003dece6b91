//! Proof 6: a no that comes while the message sits in the queue holds.

use std::collections::HashSet;

use entity::states::DeliveryState;
use reqwest::Method;
use serde_json::Value;
use service::ids::{CampaignId, MemberId};
use service::preference::{self, OptOut};
use tests::cluster::{Cluster, ClusterPlan};
use tests::platforms::COUPON_EXPIRY;

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 400;
/// So slow that most of the audience is in the queue when the workers are gone.
const RATE: u32 = 40;
/// How many say no in each of the two ways.
const NOES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opts_out_or_takes_consent_back_while_queued_gets_nothing() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS).workers(2).set("HUIKE_RATES_WECHAT_PER_SECOND", RATE);
    let Some(mut cluster) = plan.start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;
    cluster.wait_for_received(RATE as usize, BOUND).await;
    // Nobody takes anything from the queue until they have all said no.
    for worker in 0..cluster.workers() {
        cluster.kill_worker(worker);
    }
    let queued = queued(&cluster, campaign).await;
    assert!(queued.len() > 2 * NOES, "{} are in the queue", queued.len());
    let (opt_out, cancel) = queued[queued.len() - 2 * NOES..].split_at(NOES);
    for (member, _) in opt_out {
        opt_out_of_offers(&cluster, *member).await;
    }
    for (_, person) in cancel {
        let path = format!("/people/{person}/subscriptions/{COUPON_EXPIRY}/cancel");
        cluster.sandbox_api(Method::POST, &path, Value::Null).await;
    }
    cluster.wait_for_callbacks().await;
    for worker in 0..cluster.workers() {
        cluster.start_worker(worker);
    }
    cluster.wait_until_ready().await;
    cluster.wait_until_completed(campaign, BOUND).await;

    let verdict = cluster.judge(campaign).await;
    assert!(verdict.received + verdict.unknown >= (MEMBERS - 2 * NOES) as u64, "{verdict:?}");
    let inboxes = cluster.inboxes().await;
    for (member, person) in opt_out.iter().chain(cancel) {
        assert_eq!(inboxes.get(person).copied().unwrap_or_default(), 0, "{member} said no");
    }
    expect_reason(&cluster, campaign, opt_out, "opted_out").await;
    expect_reason(&cluster, campaign, cancel, "no_consent").await;
}

/// Whose message is in the queue, in the order of the members.
async fn queued(cluster: &Cluster, campaign: CampaignId) -> Vec<(MemberId, String)> {
    let rows = cluster.rows(campaign).await;
    let queued: HashSet<MemberId> =
        rows.iter().filter(|row| row.1 == DeliveryState::Queued).map(|row| row.0).collect();
    cluster.audience.members.iter().filter(|(member, _)| queued.contains(member)).cloned().collect()
}

async fn opt_out_of_offers(cluster: &Cluster, member: MemberId) {
    let before = preference::read(&cluster.ctx, member).await.expect("the wishes can be read");
    let opt_outs = vec![OptOut { channel: "all".to_owned(), topic: "offers".to_owned() }];
    let wishes = preference::Preferences { opt_outs, ..before };
    preference::save(&cluster.ctx, member, wishes).await.expect("the wishes are saved");
}

async fn expect_reason(
    cluster: &Cluster,
    campaign: CampaignId,
    members: &[(MemberId, String)],
    reason: &str,
) {
    let rows = cluster.rows(campaign).await;
    for (member, _) in members {
        let (_, state, why) = rows.iter().find(|row| row.0 == *member).expect("a delivery");
        // Where the API was away with its worker, the platform's event is lost, and the platform refuses.
        let ended = matches!(state, DeliveryState::Suppressed | DeliveryState::Failed);
        assert!(ended && why.as_deref() == Some(reason), "{member} is {state:?} for {why:?}");
    }
}
