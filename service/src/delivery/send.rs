//! Sends one batch: claim, call, settle.
//!
//! **Claim**, one transaction: take the rows (queued -> sending), lock the members, gather facts, decide, and for those to be
//! sent hold the cap slot, the consent and the coupon, so that two campaigns can't both pass. **Call** the platform with no
//! transaction open, within the rates. **Settle**, one transaction. A crash after the claim leaves `sending`, which becomes
//! `unknown` when its lease ends.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, MessageClass};
use entity::{campaign, delivery, member};
use futures_util::StreamExt;
use sea_orm::sea_query::{CaseStatement, Expr, LockType};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use tokio_util::sync::CancellationToken;

use super::channel;
use super::facts::{self, Terms};
use super::message::{MessageDraft, Rendered, Variables};
use super::reason::Reason;
use super::rules::{Decision, decide};
use super::settle::{self, Outcome};
use super::standing::{RUNNING, end_open_deliveries, is_running};
use crate::consent;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponId, DeliveryId, MemberId};
use crate::refusal::Refusal;
use crate::shared_state::Rate;

/// The longest a worker waits for a permit before it looks again whether the campaign still runs.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// A claimed batch: what is about to be said to whom.
pub struct Claimed {
    pub campaign: campaign::Model,
    pub message: MessageDraft,
    pub envelopes: Vec<Envelope>,
}

pub struct Envelope {
    pub delivery: delivery::Model,
    pub address: Option<String>,
    pub rendered: Rendered,
}

/// Running it twice is harmless: a delivery is claimed from `queued` once. `stop` hands back what was not yet called.
pub async fn send(
    ctx: &Context,
    campaign_id: CampaignId,
    deliveries: &[DeliveryId],
    stop: &CancellationToken,
) -> Result<()> {
    let Some(claimed) = claim(ctx, campaign_id, deliveries).await? else { return Ok(()) };
    let outcomes = call(ctx, &claimed, stop).await;
    settle::settle(ctx, &claimed, outcomes).await
}

async fn claim(ctx: &Context, campaign_id: CampaignId, deliveries: &[DeliveryId]) -> Result<Option<Claimed>> {
    let paused_until = settle::channel_paused_until(ctx, campaign_id).await?;
    let txn = ctx.db.begin().await?;
    let campaign =
        campaign::Entity::find_by_id(campaign_id).one(&txn).await?.ok_or(Error::NotFound("campaign"))?;
    if !RUNNING.contains(&campaign.state) {
        put_back(&txn, &campaign, deliveries, ctx.now()).await?;
        txn.commit().await?;
        return Ok(None);
    }
    if let Some(until) = paused_until.filter(|until| *until > ctx.now()) {
        back_to_pending(&txn, deliveries, until).await?;
        txn.commit().await?;
        return Ok(None);
    }
    let rows = take(&txn, deliveries, ctx.now()).await?;
    let claimed = decide_all(ctx, &txn, campaign, rows).await?;
    txn.commit().await?;
    Ok((!claimed.envelopes.is_empty()).then_some(claimed))
}

/// The campaign does not run: its queued deliveries wait, or end with it.
async fn put_back(
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    deliveries: &[DeliveryId],
    now: DateTime<Utc>,
) -> Result<()> {
    if campaign.state == CampaignState::Cancelled {
        return end_open_deliveries(txn, campaign.id, now).await;
    }
    back_to_pending(txn, deliveries, now).await
}

async fn back_to_pending(
    txn: &impl ConnectionTrait,
    deliveries: &[DeliveryId],
    not_before: DateTime<Utc>,
) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::NotBefore, Expr::value(not_before))
        .filter(delivery::Column::Id.is_in(deliveries.iter().copied()))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .exec(txn)
        .await?;
    Ok(())
}

async fn take(
    txn: &impl ConnectionTrait,
    deliveries: &[DeliveryId],
    now: DateTime<Utc>,
) -> Result<Vec<delivery::Model>> {
    Ok(delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Sending))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(now))
        .col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).add(1))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.is_in(deliveries.iter().copied()))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .exec_with_returning(txn)
        .await?)
}

async fn decide_all(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: campaign::Model,
    rows: Vec<delivery::Model>,
) -> Result<Claimed> {
    let message: MessageDraft = serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    lock_members(txn, &members).await?;
    let terms = Terms::of(ctx, txn, &campaign).await?;
    let facts = facts::gather(ctx, txn, &terms, &members).await?;
    let now = ctx.now();
    let mut held_back: BTreeMap<HeldBack, Vec<DeliveryId>> = BTreeMap::new();
    let mut to_send = Vec::new();
    for row in rows {
        let decision = facts
            .get(&row.member_id)
            .map_or(Decision::Suppress(Reason::MemberInactive), |recipient| decide(&terms, recipient, now));
        match decision {
            Decision::Send => to_send.push(row),
            Decision::Suppress(reason) => {
                held_back.entry(HeldBack { reason, until: None }).or_default().push(row.id)
            }
            Decision::Defer { until, reason } => {
                held_back.entry(HeldBack { reason, until: Some(until) }).or_default().push(row.id);
            }
        }
    }
    let to_send = with_coupons(ctx, txn, &campaign, to_send, &mut held_back).await?;
    hold_back(txn, held_back, now).await?;
    hold_slots(txn, &terms, &to_send, now).await?;
    if terms.channel == Channel::WechatSubscribe {
        let receivers: Vec<_> = to_send.iter().map(|row| row.member_id).collect();
        consent::reserve(ctx, txn, terms.template_id.as_deref().unwrap_or_default(), &receivers).await?;
    }
    let envelopes = to_send
        .into_iter()
        .filter_map(|delivery| {
            let recipient = facts.get(&delivery.member_id)?;
            let variables = Variables {
                name: recipient.name.as_deref(),
                card_number: &recipient.card_number,
                brand: &ctx.settings.brand_name,
            };
            Some(Envelope {
                rendered: message.render(&variables),
                address: recipient.address.clone(),
                delivery,
            })
        })
        .collect();
    Ok(Claimed { campaign, message, envelopes })
}

/// Ordered by id, so that two batches never wait for each other; NO KEY UPDATE, so that foreign-key checks pass by.
async fn lock_members(txn: &impl ConnectionTrait, members: &[MemberId]) -> Result<()> {
    let _locked: Vec<MemberId> = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::Id.is_in(members.iter().copied()))
        .order_by_asc(member::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct HeldBack {
    reason: Reason,
    until: Option<DateTime<Utc>>,
}

async fn hold_back(
    txn: &impl ConnectionTrait,
    groups: BTreeMap<HeldBack, Vec<DeliveryId>>,
    now: DateTime<Utc>,
) -> Result<()> {
    for (held, ids) in groups {
        let state = if held.until.is_some() { DeliveryState::Deferred } else { DeliveryState::Suppressed };
        let mut update = delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(state))
            .col_expr(delivery::Column::Reason, Expr::value(held.reason.code()))
            .col_expr(delivery::Column::ClaimedAt, Expr::value(Option::<DateTime<Utc>>::None))
            // Nothing was tried.
            .col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).sub(1))
            .col_expr(delivery::Column::UpdatedAt, Expr::value(now));
        if let Some(until) = held.until {
            update = update.col_expr(delivery::Column::NotBefore, Expr::value(until));
        }
        update.filter(delivery::Column::Id.is_in(ids)).exec(txn).await?;
    }
    Ok(())
}

/// Issues the campaign's coupon to those who do not hold it from an earlier try; who can't get it is held back.
async fn with_coupons(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    rows: Vec<delivery::Model>,
    held_back: &mut BTreeMap<HeldBack, Vec<DeliveryId>>,
) -> Result<Vec<delivery::Model>> {
    let Some(template_id) = campaign.coupon_template_id else { return Ok(rows) };
    let without: Vec<MemberId> =
        rows.iter().filter(|row| row.coupon_id.is_none()).map(|row| row.member_id).collect();
    let order =
        IssueOrder { template_id, member_ids: &without, source: "campaign", source_id: Some(campaign.id.0) };
    let mut issued: HashMap<MemberId, std::result::Result<CouponId, Refusal>> =
        coupon::issue(ctx, txn, order)
            .await?
            .into_iter()
            .map(|issued| (issued.member_id, issued.outcome))
            .collect();
    let mut keep = Vec::with_capacity(rows.len());
    for mut row in rows {
        match issued.remove(&row.member_id) {
            Some(Ok(coupon)) => row.coupon_id = Some(coupon),
            Some(Err(refusal)) => {
                let reason = match refusal {
                    Refusal::CouponSoldOut => Reason::CouponSoldOut,
                    Refusal::CouponLimitReached => Reason::CouponLimitReached,
                    _ => Reason::CouponNotClaimable,
                };
                held_back.entry(HeldBack { reason, until: None }).or_default().push(row.id);
                continue;
            }
            None => {}
        }
        keep.push(row);
    }
    Ok(keep)
}

async fn hold_slots(
    txn: &impl ConnectionTrait,
    terms: &Terms,
    rows: &[delivery::Model],
    now: DateTime<Utc>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let slot = (terms.class == MessageClass::Marketing).then_some(now);
    let mut update = delivery::Entity::update_many()
        .col_expr(delivery::Column::SlotAt, Expr::value(slot))
        .col_expr(delivery::Column::Reason, Expr::value(Option::<String>::None));
    let coupons: Vec<_> = rows.iter().filter_map(|row| Some((row.id, row.coupon_id?))).collect();
    if !coupons.is_empty() {
        let case = coupons.iter().fold(CaseStatement::new(), |case, (id, coupon)| {
            case.case(delivery::Column::Id.eq(*id), Expr::value(*coupon))
        });
        update = update
            .col_expr(delivery::Column::CouponId, case.finally(Expr::col(delivery::Column::CouponId)).into());
    }
    update.filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id))).exec(txn).await?;
    Ok(())
}

/// Calls the platform for each envelope, as the rates allow; what `stop` or a pause leaves uncalled is handed back.
async fn call(ctx: &Context, claimed: &Claimed, stop: &CancellationToken) -> Vec<(DeliveryId, Outcome)> {
    let mut outcomes = Vec::with_capacity(claimed.envelopes.len());
    let mut rest = claimed.envelopes.as_slice();
    while !rest.is_empty() {
        let granted = match permits(ctx, &claimed.campaign, rest.len(), stop).await {
            Ok(granted) if granted > 0 => granted,
            _ => {
                outcomes.extend(rest.iter().map(|envelope| (envelope.delivery.id, Outcome::HandedBack)));
                return outcomes;
            }
        };
        let (now, later) = rest.split_at(granted.min(rest.len()));
        let mut calls = Vec::with_capacity(now.len());
        for envelope in now {
            calls.push(call_one(ctx, claimed, envelope));
        }
        let called = futures_util::stream::iter(calls).buffer_unordered(ctx.settings.delivery.concurrency);
        outcomes.extend(called.collect::<Vec<_>>().await);
        rest = later;
    }
    outcomes
}

/// Waits for at least one permit of the campaign's and the channel's rate. 0: stop, the campaign no longer runs.
async fn permits(
    ctx: &Context,
    campaign: &campaign::Model,
    wanted: usize,
    stop: &CancellationToken,
) -> Result<usize> {
    let mut wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
    if let Some(rate) =
        campaign.rate_per_second.and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0)
    {
        wanted =
            wait_for(ctx, campaign.id, &format!("rate.campaign.{}", campaign.id), rate, wanted, stop).await?;
    }
    if wanted == 0 {
        return Ok(0);
    }
    let rates = &ctx.settings.rates;
    let rate = match campaign.channel {
        Channel::WechatSubscribe => rates.wechat_per_second,
        Channel::Sms => rates.sms_per_second,
        Channel::Inbox => rates.inbox_per_second,
    };
    let key = format!("rate.channel.{}", campaign.channel.to_value());
    Ok(wait_for(ctx, campaign.id, &key, rate, wanted, stop).await? as usize)
}

async fn wait_for(
    ctx: &Context,
    campaign_id: CampaignId,
    key: &str,
    per_second: u32,
    wanted: u32,
    stop: &CancellationToken,
) -> Result<u32> {
    // A tenth of a second at once keeps the flow smooth within the second.
    let rate = Rate { per_second: f64::from(per_second), burst: Ord::max(per_second / 10, 1) };
    loop {
        let permits = ctx.shared.take_permits(key, rate, wanted, ctx.now()).await?;
        if permits.granted > 0 {
            return Ok(permits.granted);
        }
        ctx.clock.sleep(permits.retry_after.clamp(Duration::from_millis(1), LONGEST_WAIT)).await;
        if stop.is_cancelled() || permits.retry_after >= LONGEST_WAIT && !is_running(ctx, campaign_id).await?
        {
            return Ok(0);
        }
    }
}

async fn call_one(ctx: &Context, claimed: &Claimed, envelope: &Envelope) -> (DeliveryId, Outcome) {
    let started_at = ctx.now();
    let call = channel::Call {
        channel: claimed.campaign.channel,
        message: &claimed.message,
        rendered: &envelope.rendered,
        address: envelope.address.as_deref().unwrap_or_default(),
        out_id: envelope.delivery.id.to_string(),
    };
    let outcome = match channel::call(ctx, call).await {
        Ok(message_id) => Outcome::Sent { message_id, started_at },
        Err(error) => Outcome::of_error(error, started_at),
    };
    (envelope.delivery.id, outcome)
}
