//! What a batch's answers do to the rows: one transaction for attempts, states, and what the claim had held. [`fate`](super::fate)
//! decides, [`mark`](super::mark) writes.

use std::collections::{BTreeSet, HashMap};

use chrono::Duration;
use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{campaign, delivery};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::claim::{Claimed, lock_members};
use super::fate::{Holdings, Plan};
use super::mark::{mark, mark_sent, mark_suppliers, put_in_inbox, record_attempts};
use super::outcome::Outcome;
use super::standing::RUNNING;
use super::trouble::{self, Verdict};
use super::{receipt, rest};
use crate::audit::{self, Act, Actor};
use crate::budget::{self, Account};
use crate::context::Context;
use crate::db::{is_any, plan_once};
use crate::error::Result;
use crate::ids::{DeliveryId, MemberId};
use crate::{consent, coupon, crowding, redirect};

/// What the platform has answered must not be lost to a database that is away: as long as the claim's lease lasts, nobody
/// else decides what became of it.
const FIRST_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);
const LONGEST_PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// Harmless to repeat: what was settled is no longer `sending`.
pub async fn settle(
    ctx: &Context,
    claimed: &Claimed,
    stops: &str,
    outcomes: &[(DeliveryId, Outcome)],
) -> Result<()> {
    let verdict = trouble::weigh(ctx, (claimed.campaign.id, stops), outcomes).await;
    let give_up = ctx.now() + Duration::seconds(ctx.settings.delivery.claim_lease_seconds);
    let mut pause = FIRST_PAUSE;
    while let Err(error) = settle_once(ctx, claimed, outcomes, &verdict).await {
        if ctx.now() >= give_up || !error.is_passing() {
            return Err(error);
        }
        tracing::warn!(%error, campaign_id = %claimed.campaign.id, "a batch could not be settled; trying again");
        ctx.clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    rest_throttled(ctx, claimed, outcomes).await;
    let (message_ids, unheard) = waiting_for(claimed, outcomes);
    receipt::apply_waiting(ctx, &message_ids, &unheard).await
}

async fn rest_throttled(ctx: &Context, claimed: &Claimed, outcomes: &[(DeliveryId, Outcome)]) {
    let channels: HashMap<DeliveryId, Channel> =
        claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, envelope.delivery.channel)).collect();
    for channel in claimed.calls().into_keys() {
        let of_channel = outcomes.iter().filter(|(id, _)| channels.get(id) == Some(&channel));
        let of_channel: Vec<_> = of_channel.map(|(_, outcome)| outcome).collect();
        rest::rest_if_throttled(ctx, channel, &of_channel).await;
    }
}

async fn settle_once(
    ctx: &Context,
    claimed: &Claimed,
    outcomes: &[(DeliveryId, Outcome)],
    verdict: &Verdict,
) -> Result<()> {
    let _turn = crowding::turn(ctx).await;
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    plan_once(&txn).await?;
    let ours = still_ours(&txn, claimed).await?;
    let members: Vec<MemberId> =
        claimed.envelopes.iter().map(|envelope| envelope.delivery.member_id).collect();
    lock_members(&txn, &members).await?;
    // Who was merged while the call was under way has left everything to somebody else.
    let merged = redirect::current_of(&txn, &members).await?;
    let mut plan = Plan::of(ctx, claimed, outcomes, (&ours, verdict));
    plan.holdings.follow(&merged);
    record_attempts(ctx, &txn, &plan).await?;
    mark_sent(&txn, &plan.sent, now).await?;
    mark_suppliers(&txn, &plan.attempts).await?;
    for (fate, ids) in plan.fates {
        mark(&txn, fate, ids, now).await?;
    }
    put_in_inbox(ctx, &txn, &plan.sent, &merged).await?;
    settle_holdings(ctx, &txn, claimed, plan.holdings).await?;
    let stopped = match &verdict.stop {
        Some(code) => stop_campaign(ctx, &txn, &claimed.campaign, code).await?,
        None => false,
    };
    txn.commit().await?;
    if stopped {
        trouble::begin_anew(ctx, claimed.campaign.id).await;
    }
    Ok(())
}

/// The rows that are still under this claim, locked in the order in which claims lock them. One whose lease has ended is
/// `unknown` and what it held is spent.
async fn still_ours(txn: &impl ConnectionTrait, claimed: &Claimed) -> Result<BTreeSet<DeliveryId>> {
    let backend = txn.get_database_backend();
    let claimed = claimed.envelopes.iter().map(|envelope| envelope.delivery.id);
    let ids: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(is_any(backend, delivery::Column::Id, claimed))
        .filter(delivery::Column::State.eq(DeliveryState::Sending))
        .order_by_asc(delivery::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(ids.into_iter().collect())
}

/// What receipts may be waiting for: ids that are known now, and unheard messages by what their receipts would name.
fn waiting_for(claimed: &Claimed, outcomes: &[(DeliveryId, Outcome)]) -> (Vec<String>, Vec<String>) {
    let (mut message_ids, mut unheard) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Sent { taken, .. } => message_ids.extend(taken.message_id.clone()),
            Outcome::Unknown(_) => {
                unheard.push(id.to_string());
                let envelope = claimed.envelopes.iter().find(|envelope| envelope.delivery.id == *id);
                unheard.extend(envelope.and_then(|envelope| envelope.address.clone()));
            }
            _ => {}
        }
    }
    (message_ids, unheard)
}

async fn settle_holdings(
    ctx: &Context,
    txn: &DatabaseTransaction,
    claimed: &Claimed,
    holdings: Holdings,
) -> Result<()> {
    // Coupon template, budgets, consents: the order in which the claim locks them.
    if !holdings.coupons_back.is_empty() {
        coupon::void(ctx, txn, &holdings.coupons_back, "delivery_failed", true).await?;
    }
    let account = Account::of(ctx, claimed.campaign.id, claimed.at);
    budget::give_back(ctx, txn, &account, holdings.money_back).await?;
    let wechat = claimed.envelopes.iter().find(|one| one.delivery.channel == Channel::WechatSubscribe);
    if let Some(template) = wechat.and_then(|envelope| envelope.message.template_id.as_deref()) {
        consent::spend(ctx, txn, template, &holdings.consent_spent).await?;
        consent::give_back(ctx, txn, template, &holdings.consent_back).await?;
        consent::exhaust(ctx, txn, template, &holdings.consent_gone).await?;
    }
    Ok(())
}

/// The campaign stops with the code as its reason; it can be resumed once that is mended. True when it ran.
async fn stop_campaign(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    code: &str,
) -> Result<bool> {
    let stopped = campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Paused))
        .col_expr(campaign::Column::StateReason, Expr::value(code))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(campaign.id))
        .filter(campaign::Column::State.is_in(RUNNING))
        .exec(txn)
        .await?;
    if stopped.rows_affected == 0 {
        return Ok(false);
    }
    let act = Act {
        actor: Actor::System,
        action: "campaign.stop",
        subject: ("campaign", campaign.id.to_string()),
        detail: serde_json::json!({ "name": campaign.name, "code": code }),
    };
    audit::record(ctx, txn, act).await?;
    tracing::warn!(campaign_id = %campaign.id, code, "a campaign was paused: it needs mending");
    Ok(true)
}
