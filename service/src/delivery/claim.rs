//! The claim, one transaction: take the rows (queued -> sending), lock the members, gather facts, decide, and for those to
//! be sent hold the cap slot, the consent and the coupon, so that two campaigns can't both pass.
//!
//! Locks are taken in one order everywhere: deliveries, members, coupon template, consents.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, MessageClass};
use entity::{campaign, delivery, member};
use sea_orm::sea_query::{CaseStatement, Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::facts::{self, Terms};
use super::message::{MessageDraft, Rendered, Variables};
use super::reason::Reason;
use super::rest;
use super::rules::{Decision, decide};
use super::standing::{RUNNING, end_open_deliveries};
use super::wording::Wordings;
use crate::consent;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponId, DeliveryId, MemberId};
use crate::refusal::Refusal;

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
    /// The wording that was rendered: the campaign's, or the member's variant's.
    pub message: Arc<MessageDraft>,
}

/// Claims the first `most` of `deliveries`. None: the campaign or its channel does not run, and all of `deliveries` wait
/// for it (or end with it).
pub async fn claim(
    ctx: &Context,
    campaign_id: CampaignId,
    deliveries: &[DeliveryId],
    most: usize,
) -> Result<Option<Claimed>> {
    let campaign = campaign::Entity::find_by_id(campaign_id)
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    let rests_until = rest::rests_until(ctx, campaign.channel).await;
    let txn = ctx.db.begin().await?;
    let campaign =
        campaign::Entity::find_by_id(campaign_id).one(&txn).await?.ok_or(Error::NotFound("campaign"))?;
    if !RUNNING.contains(&campaign.state) {
        put_back(ctx, &txn, &campaign, deliveries).await?;
        txn.commit().await?;
        return Ok(None);
    }
    if let Some(until) = rests_until {
        back_to_pending(&txn, deliveries, until).await?;
        txn.commit().await?;
        return Ok(None);
    }
    let rows = take(ctx, &txn, &deliveries[..most.min(deliveries.len())]).await?;
    let claimed = decide_all(ctx, &txn, campaign, rows).await?;
    txn.commit().await?;
    Ok(Some(claimed))
}

/// Gives up what is still queued, as if it had never been taken.
pub async fn hand_back(ctx: &Context, deliveries: &[DeliveryId]) -> Result<()> {
    let txn = ctx.db.begin().await?;
    back_to_pending(&txn, deliveries, ctx.now()).await?;
    txn.commit().await?;
    Ok(())
}

/// The campaign does not run: its queued deliveries wait, or end with it.
pub(super) async fn put_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    deliveries: &[DeliveryId],
) -> Result<()> {
    if campaign.state == CampaignState::Cancelled {
        end_open_deliveries(ctx, txn, campaign.id).await?;
        return Ok(());
    }
    back_to_pending(txn, deliveries, ctx.now()).await
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

/// Rows that somebody else holds are theirs. One that was handed back and is due may be taken without another round
/// through the queue.
async fn take(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    deliveries: &[DeliveryId],
) -> Result<Vec<delivery::Model>> {
    let now = ctx.now();
    let mut rows = delivery::Entity::find()
        .filter(delivery::Column::Id.is_in(deliveries.iter().copied()))
        .filter(delivery::Column::State.is_in([DeliveryState::Queued, DeliveryState::Pending]))
        .filter(delivery::Column::NotBefore.lte(now))
        .order_by_asc(delivery::Column::Id)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(txn)
        .await?;
    if rows.is_empty() {
        return Ok(rows);
    }
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Sending))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(now))
        .col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).add(1))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(txn)
        .await?;
    for row in &mut rows {
        row.attempts += 1;
        row.claimed_at = Some(now);
    }
    Ok(rows)
}

async fn decide_all(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: campaign::Model,
    rows: Vec<delivery::Model>,
) -> Result<Claimed> {
    let message: MessageDraft = serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
    let wordings = Wordings::of(&campaign)?;
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    lock_members(txn, &members).await?;
    let terms = Terms::of(ctx, txn, &campaign).await?;
    let facts = facts::gather(ctx, txn, &terms, &members).await?;
    let now = ctx.now();
    let mut held_back: BTreeMap<HeldBack, Vec<DeliveryId>> = BTreeMap::new();
    let mut to_send = Vec::new();
    let mut coupons_back = Vec::new();
    for row in rows {
        let decision = facts
            .get(&row.member_id)
            .map_or(Decision::Suppress(Reason::MemberInactive), |recipient| decide(&terms, recipient, now));
        match decision {
            Decision::Send => to_send.push(row),
            Decision::Suppress(reason) => {
                coupons_back.extend(row.coupon_id);
                held_back.entry(HeldBack { reason, until: None }).or_default().push(row.id)
            }
            Decision::Defer { until, reason } => {
                held_back.entry(HeldBack { reason, until: Some(until) }).or_default().push(row.id);
            }
        }
    }
    if !coupons_back.is_empty() {
        coupon::void(ctx, txn, &coupons_back, "not_sent", true).await?;
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
            let message = wordings.of_step(delivery.variant.as_deref(), delivery.step).clone();
            let link = || consent::opt_out_link(ctx, terms.channel, delivery.id);
            let variables = Variables {
                name: recipient.name.as_deref(),
                card_number: &recipient.card_number,
                brand: &ctx.settings.brand_name,
                opt_out: message.has_opt_out_link().then(link).unwrap_or_default(),
            };
            Some(Envelope {
                rendered: message.render(&variables),
                message,
                address: recipient.address.clone(),
                delivery,
            })
        })
        .collect();
    Ok(Claimed { campaign, message, envelopes })
}

/// Ordered by id, so that two batches never wait for each other; NO KEY UPDATE, so that foreign-key checks pass by.
pub(super) async fn lock_members(txn: &impl ConnectionTrait, members: &[MemberId]) -> Result<()> {
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
