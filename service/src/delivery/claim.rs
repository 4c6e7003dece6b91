//! The claim, one transaction: take the rows (queued -> sending), lock the members, gather facts, decide, and for those to
//! be sent hold the cap slot, the coupon, the money and the consent, so that two campaigns can't both pass.
//!
//! Locks are taken in one order everywhere: deliveries, members, coupon template, budgets, consents. A batch costs a fixed number
//! of statements, however many members it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{campaign, delivery, member};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::batch::{self, Batch};
use super::facts::{self, Facts, Terms};
use super::hold;
use super::message::{MessageDraft, Rendered};
use super::priority::Rivals;
use super::rest;
use super::row::Row;
use super::sort::{Go, Sorting};
use super::standing::{Open, RUNNING, end_open_deliveries, pause_at_ceiling};
use super::wording::{Wordings, worded};
use crate::budget::Ceiling;
use crate::context::Context;
use crate::crowding;
use crate::db::{is_any, plan_once};
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, MemberId};

/// A claimed batch: what is about to be said to whom. Each envelope has a channel of its own, that of its delivery.
pub struct Claimed {
    pub campaign: campaign::Model,
    pub envelopes: Vec<Envelope>,
    /// How many channels the fall-back order has.
    pub steps: usize,
    /// When, which tells the month that the money was reserved in.
    pub at: DateTime<Utc>,
}

pub struct Envelope {
    pub delivery: Row,
    pub address: Option<String>,
    pub rendered: Rendered,
    /// The wording that was rendered: that of the step, and of the member's variant.
    pub message: Arc<MessageDraft>,
}

impl Claimed {
    /// How many calls of which channel the batch makes.
    pub fn calls(&self) -> BTreeMap<Channel, usize> {
        let mut calls = BTreeMap::new();
        for envelope in &self.envelopes {
            *calls.entry(envelope.delivery.channel).or_insert(0) += 1;
        }
        calls
    }
}

/// Claims the first `most` of a batch's deliveries. None: the campaign does not run, or its only channel rests, and all of them
/// wait for it (or end with it).
pub async fn claim(ctx: &Context, batch: Batch<'_>, most: usize) -> Result<Option<Claimed>> {
    let Batch { campaign_id, deliveries, .. } = batch;
    let campaign = campaign::Entity::find_by_id(campaign_id)
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    let resting = rest::resting(ctx, &channels_of(&campaign)?).await;
    let _turn = crowding::turn(ctx).await;
    let txn = ctx.db.begin().await?;
    plan_once(&txn).await?;
    let campaign =
        campaign::Entity::find_by_id(campaign_id).one(&txn).await?.ok_or(Error::NotFound("campaign"))?;
    if !RUNNING.contains(&campaign.state) {
        put_back(ctx, &txn, &campaign, deliveries).await?;
        txn.commit().await?;
        return Ok(None);
    }
    let alone = campaign.fallback.as_array().is_none_or(Vec::is_empty);
    if let Some(until) = resting.get(&campaign.channel).filter(|_| alone) {
        back_to_pending(&txn, deliveries, *until).await?;
        txn.commit().await?;
        return Ok(None);
    }
    let rows = take(ctx, &txn, &deliveries[..most.min(deliveries.len())]).await?;
    let from_queue = rows.iter().filter(|row| row.state == DeliveryState::Queued).count();
    let (claimed, short) = decide_all(ctx, &txn, campaign, (rows, resting)).await?;
    // Last, since the dispatch counts what is open.
    batch::claimed(&txn, batch.id, from_queue).await?;
    txn.commit().await?;
    if let Some(ceiling) = short {
        pause_at_ceiling(ctx, campaign_id, ceiling).await?;
    }
    Ok(Some(claimed))
}

fn channels_of(campaign: &campaign::Model) -> Result<Vec<Channel>> {
    let fallback = super::wording::fallback_of(campaign)?;
    Ok(std::iter::once(campaign.channel).chain(fallback.into_iter().map(|step| step.channel)).collect())
}

/// Gives up what is still queued, as if it had never been taken.
pub async fn hand_back(ctx: &Context, deliveries: &[DeliveryId]) -> Result<()> {
    let txn = ctx.db.begin().await?;
    back_to_pending(&txn, deliveries, ctx.now()).await?;
    txn.commit().await?;
    Ok(())
}

/// Rows that somebody else held when they were to be claimed, as a merge of their member does, and that are queued still; whether there
/// were any. One at a time: who holds one lock and waits for no other is in nobody's circle.
pub async fn hand_back_passed_over(ctx: &Context, deliveries: &[DeliveryId]) -> Result<bool> {
    let passed_over: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(is_any(ctx.db.backend(), delivery::Column::Id, deliveries.iter().copied()))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    for id in &passed_over {
        hand_back(ctx, &[*id]).await?;
    }
    Ok(!passed_over.is_empty())
}

/// The campaign does not run: its queued deliveries wait, or end with it.
pub(super) async fn put_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    deliveries: &[DeliveryId],
) -> Result<()> {
    if campaign.state == CampaignState::Cancelled {
        end_open_deliveries(ctx, txn, Open::Of(deliveries)).await?;
        return Ok(());
    }
    back_to_pending(txn, deliveries, ctx.now()).await
}

async fn back_to_pending(
    txn: &impl ConnectionTrait,
    deliveries: &[DeliveryId],
    not_before: DateTime<Utc>,
) -> Result<()> {
    let backend = txn.get_database_backend();
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::NotBefore, Expr::value(not_before))
        .col_expr(delivery::Column::DueAt, Expr::value(not_before))
        .filter(is_any(backend, delivery::Column::Id, deliveries.iter().copied()))
        .filter(delivery::Column::State.eq(DeliveryState::Queued))
        .exec(txn)
        .await?;
    Ok(())
}

/// Locks the rows; what becomes of each is written once it is decided. Rows that somebody else holds are passed over: to wait for them
/// would be a circle with whoever ends all of a campaign. One that was handed back and is due may be taken without another round through
/// the queue.
async fn take(ctx: &Context, txn: &impl ConnectionTrait, deliveries: &[DeliveryId]) -> Result<Vec<Row>> {
    let backend = txn.get_database_backend();
    Ok(delivery::Entity::find()
        .select_only()
        .columns(Row::COLUMNS)
        .filter(is_any(backend, delivery::Column::Id, deliveries.iter().copied()))
        .filter(delivery::Column::State.is_in([DeliveryState::Queued, DeliveryState::Pending]))
        .filter(delivery::Column::NotBefore.lte(ctx.now()))
        .order_by_asc(delivery::Column::Id)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .into_model::<Row>()
        .all(txn)
        .await?)
}

async fn decide_all(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: campaign::Model,
    (rows, resting): (Vec<Row>, BTreeMap<Channel, DateTime<Utc>>),
) -> Result<(Claimed, Option<Ceiling>)> {
    let at = ctx.now();
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    let known = facts::lock(txn, &members).await?;
    let terms = Terms::of(ctx, txn, &campaign).await?;
    let wordings = Wordings::of(&campaign)?;
    let rivals = Rivals::of(ctx, txn, &campaign, &members).await?;
    let asked: Vec<&Terms> = std::iter::once(&terms).chain(&rivals.terms).collect();
    let facts = facts::gather_for(ctx, txn, &asked, known).await?;
    let mut sorting = Sorting::new(&terms, &facts, at);
    sorting.by_gates(rows, &rivals, &resting);
    hold::void_coupons(ctx, txn, &mut sorting).await?;
    hold::issue_coupons(ctx, txn, &campaign, &mut sorting).await?;
    let short = hold::reserve_money(ctx, txn, (&campaign, &wordings), &mut sorting).await?;
    hold::write(ctx, txn, &campaign, &mut sorting).await?;
    let steps = terms.steps.len();
    let go = std::mem::take(&mut sorting.go);
    let envelopes = go.into_iter().filter_map(|go| envelope(ctx, &facts, &wordings, go)).collect();
    Ok((Claimed { campaign, envelopes, steps, at }, short))
}

fn envelope(ctx: &Context, facts: &Facts, wordings: &Wordings, Go { row, .. }: Go) -> Option<Envelope> {
    let recipient = facts.get(&row.member_id)?;
    let message = wordings.of_step(row.variant.as_deref(), row.step).clone();
    let of_member = (recipient.name.as_deref(), recipient.card_number.as_str());
    Some(Envelope {
        rendered: worded(ctx, (row.channel, row.id), &message, of_member),
        message,
        address: recipient.address(row.channel).map(str::to_owned),
        delivery: row,
    })
}

/// Ordered by id, so that two batches never wait for each other; NO KEY UPDATE, so that foreign-key checks pass by.
pub(super) async fn lock_members(txn: &impl ConnectionTrait, members: &[MemberId]) -> Result<()> {
    let _locked: Vec<MemberId> = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(is_any(txn.get_database_backend(), member::Column::Id, members.iter().copied()))
        .order_by_asc(member::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(())
}
