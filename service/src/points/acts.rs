//! What other features do with a member's points: give some, spend some, give back what was spent. Each is part of the caller's
//! transaction, and done once per business id.

use chrono::{DateTime, Utc};
use entity::states::PointsKind;
use entity::{points_entry, points_move};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::ledger::{self, Origin};
use super::policy;
use super::rules::{Gain, GraceLot};
use crate::audit::Actor;
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PointsLotId};
use crate::redirect;

/// Writes down what time has done to the member's points.
pub async fn catch_up(ctx: &Context, txn: &impl ConnectionTrait, member_id: MemberId) -> Result<()> {
    ledger::open(ctx, txn, member_id).await?.save(ctx, txn, &Origin::SYSTEM).await?;
    Ok(())
}

/// Points for something that was done, available at once and expiring by the brand's rule.
#[derive(Debug, Clone)]
pub struct Gift<'a> {
    pub member_id: MemberId,
    pub kind: PointsKind,
    /// What it is for; unique within the kind.
    pub business_id: String,
    pub points: i64,
    pub actor: Actor,
    pub reason: Option<&'a str>,
}

/// False when it was given before.
pub async fn give(ctx: &Context, txn: &impl ConnectionTrait, gift: Gift<'_>) -> Result<bool> {
    let policy = policy::load(txn).await?;
    give_until(ctx, txn, policy.expiry.ends(ctx.now(), ctx.settings.timezone), gift).await
}

/// The same with an end of its own.
pub async fn give_until(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    expires_at: Option<DateTime<Utc>>,
    gift: Gift<'_>,
) -> Result<bool> {
    let mut opened = ledger::open(ctx, txn, gift.member_id).await?;
    if ledger::is_written(txn, gift.kind, &gift.business_id).await? {
        return Ok(false);
    }
    let gain = Gain {
        lot_id: ctx.new_id(),
        kind: gift.kind,
        business_id: gift.business_id,
        points: gift.points,
        purchase_id: None,
        available_at: ctx.now(),
        expires_at,
    };
    opened.book.gain(gain, ctx.now());
    opened.save(ctx, txn, &Origin { actor: gift.actor, reason: gift.reason }).await?;
    Ok(true)
}

/// Points that leave the balance for something.
#[derive(Debug, Clone)]
pub struct Spending<'a> {
    pub member_id: MemberId,
    pub kind: PointsKind,
    pub business_id: String,
    pub points: i64,
    pub actor: Actor,
    pub reason: Option<&'a str>,
}

/// False when it was spent before.
///
/// # Refuses
/// `points_short`
pub async fn spend(ctx: &Context, txn: &impl ConnectionTrait, spending: Spending<'_>) -> Result<bool> {
    let mut opened = ledger::open(ctx, txn, spending.member_id).await?;
    if ledger::is_written(txn, spending.kind, &spending.business_id).await? {
        return Ok(false);
    }
    opened.book.spend(spending.kind, spending.business_id, spending.points)?;
    opened.save(ctx, txn, &Origin { actor: spending.actor, reason: spending.reason }).await?;
    Ok(true)
}

/// Takes a spending back: its points go to the lots that they came from. False when there is none or it was taken back before.
pub async fn reverse(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (member_id, business_id): (MemberId, &str),
    origin: Origin<'_>,
) -> Result<bool> {
    let mut opened = ledger::open(ctx, txn, member_id).await?;
    let spent = points_entry::Entity::find()
        .filter(points_entry::Column::Kind.eq(PointsKind::Spend))
        .filter(points_entry::Column::BusinessId.eq(business_id))
        .one(txn)
        .await?;
    // Spent perhaps by somebody who was merged into the member since.
    let own = redirect::ids_of(txn, opened.book.member_id).await?;
    let Some(spent) = spent.filter(|entry| own.contains(&entry.member_id)) else { return Ok(false) };
    if ledger::is_written(txn, PointsKind::Reversal, business_id).await? {
        return Ok(false);
    }
    let moves =
        points_move::Entity::find().filter(points_move::Column::EntryId.eq(spent.id)).all(txn).await?;
    let taken: Vec<(PointsLotId, i64)> = moves.iter().map(|one| (one.lot_id, -one.points)).collect();
    opened.fetch(txn, taken.iter().map(|(lot_id, _)| *lot_id)).await?;
    let grace = grace_lot(ctx, txn).await?;
    opened.book.give_back(business_id.to_owned(), &taken, (grace, ctx.now()));
    opened.save(ctx, txn, &origin).await?;
    Ok(true)
}

async fn grace_lot(ctx: &Context, txn: &impl ConnectionTrait) -> Result<GraceLot> {
    let days = policy::load(txn).await?.grace_days;
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let first_gone = today
        .checked_add_days(chrono::Days::new(u64::from(days) + 1))
        .ok_or_else(|| Error::internal(anyhow::anyhow!("the calendar ends before the grace does")))?;
    let expires_at = calendar::start_of_day(first_gone, ctx.settings.timezone);
    Ok(GraceLot { id: ctx.new_id(), expires_at })
}
