//! A member gives a coupon to a friend, where its template allows that. The offer is a link that the first who opens it takes.
//!
//! The giver's copy ends as voided and the friend gets one of their own in its place: a copy has one owner for ever, and
//! giving away frees nobody's limit.

use chrono::{DateTime, Duration, Utc};
use entity::states::{CouponState, TransferState};
use entity::{coupon, coupon_transfer};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use super::again::{self, Slot};
use super::event::{self, Move};
use super::redeem::find;
use super::{HeldCoupon, offer, rules};
use crate::audit::Actor;
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTransferId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;

const TRANSFERRED: &str = "transferred";
/// `coupon.source` of the friend's copy.
const TRANSFER: &str = "transfer";

/// What the giver passes on.
#[derive(Debug, Clone)]
pub struct TransferLink {
    pub id: CouponTransferId,
    /// Whoever has it may take the coupon.
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// Makes a link; an earlier one of the same coupon is called back.
///
/// # Refuses
/// `coupon_not_transferable`, and the reason for which the coupon is not good any more
pub async fn offer_coupon(ctx: &Context, member_id: MemberId, id: CouponId) -> Result<TransferLink> {
    let token = crypto::random_token();
    let txn = ctx.db.begin().await?;
    let member_id = redirect::hold_current(&txn, member_id).await?;
    let own = coupon::Column::MemberId.eq(member_id);
    let row = coupon::Entity::find_by_id(id).filter(own).lock_exclusive().one(&txn).await?;
    let row = row.filter(|row| row.slot > 0).ok_or(Error::NotFound("coupon"))?;
    let held = offer::attach(&txn, vec![row]).await?.pop().ok_or(Error::NotFound("coupon"))?;
    check_good(&held, ctx.now())?;
    call_back(&txn, id).await?;
    let now = ctx.now();
    let transfer = coupon_transfer::Model {
        id: ctx.new_id(),
        coupon_id: id,
        from_member_id: member_id,
        to_member_id: None,
        token_hash: crypto::sha256_hex(token.as_bytes()),
        state: TransferState::Open,
        expires_at: now + Duration::seconds(ctx.settings.till.transfer_seconds),
        created_at: now,
        accepted_at: None,
    };
    let link = TransferLink { id: transfer.id, token, expires_at: transfer.expires_at };
    coupon_transfer::Entity::insert(transfer.into_active_model().reset_all())
        .exec_without_returning(&txn)
        .await?;
    txn.commit().await?;
    Ok(link)
}

/// Calls the link of a coupon back; where there is none, nothing happens.
pub async fn call_back_coupon(ctx: &Context, member_id: MemberId, id: CouponId) -> Result<HeldCoupon> {
    let held = super::read_mine(ctx, member_id, id).await?.held;
    let txn = ctx.db.begin().await?;
    call_back(&txn, id).await?;
    txn.commit().await?;
    Ok(held)
}

/// Takes the coupon behind a link; the same member again gets the same coupon.
///
/// # Refuses
/// `transfer_over`, `coupon_limit_reached`, `member_disabled`, and the reason for which the coupon is not good any more
pub async fn accept_coupon(ctx: &Context, member_id: MemberId, token: &str) -> Result<HeldCoupon> {
    let hash = crypto::sha256_hex(token.as_bytes());
    let transfer = coupon_transfer::Entity::find()
        .filter(coupon_transfer::Column::TokenHash.eq(hash))
        .one(ctx.db.read())
        .await?
        .ok_or(Refusal::TransferOver)?;
    let txn = ctx.db.begin().await?;
    let member_id = redirect::current(&txn, member_id).await?;
    let giver = redirect::current(&txn, transfer.from_member_id).await?;
    let transfer = coupon_transfer::Model { from_member_id: giver, ..transfer };
    require_active(&txn, &transfer, member_id).await?;
    if !mark_accepted(ctx, &txn, &transfer, member_id).await? {
        txn.rollback().await?;
        return taken_before(ctx, &transfer, member_id).await;
    }
    let new = hand_over(ctx, &txn, &transfer, member_id).await?;
    txn.commit().await?;
    find(ctx, new).await
}

/// Locks both members, as whoever issues coupons does.
async fn require_active(
    txn: &DatabaseTransaction,
    transfer: &coupon_transfer::Model,
    member_id: MemberId,
) -> Result<()> {
    let active = redirect::hold_active(txn, &[transfer.from_member_id, member_id]).await?;
    if !active.contains(&transfer.from_member_id) || transfer.from_member_id == member_id {
        return Err(Refusal::TransferOver.into());
    }
    if active.contains(&member_id) { Ok(()) } else { Err(Refusal::MemberDisabled.into()) }
}

async fn hand_over(
    ctx: &Context,
    txn: &DatabaseTransaction,
    transfer: &coupon_transfer::Model,
    member_id: MemberId,
) -> Result<CouponId> {
    let row = coupon::Entity::find_by_id(transfer.coupon_id).one(txn).await?;
    let held = offer::attach(txn, row.into_iter().collect()).await?.pop();
    let held = held.ok_or(Error::NotFound("coupon"))?;
    check_good(&held, ctx.now())?;
    let source = (TRANSFER, transfer.id.0);
    let new = again::issue(ctx, txn, &held, source, Slot::Free(member_id)).await?;
    let new = new.ok_or(Refusal::CouponLimitReached)?;
    let voided = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Voided.to_value()))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(coupon::Column::Id.eq(transfer.coupon_id))
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .exec(txn)
        .await?;
    if voided.rows_affected != 1 {
        return Err(Refusal::TransferOver.into());
    }
    let moved = Move {
        coupon_id: transfer.coupon_id,
        from: Some(CouponState::Issued),
        to: CouponState::Voided,
        reason: Some(TRANSFERRED.to_owned()),
        actor: Actor::Member(transfer.from_member_id),
    };
    event::record(ctx, txn, vec![moved]).await?;
    Ok(new)
}

/// # Refuses
/// `coupon_not_transferable`, `coupon_voided`, `coupon_already_redeemed`, `coupon_locked`, `coupon_expired`
fn check_good(held: &HeldCoupon, now: DateTime<Utc>) -> Result<()> {
    let refused = match held.coupon.state {
        CouponState::Voided => Some(Refusal::CouponVoided),
        CouponState::Used => Some(Refusal::CouponAlreadyRedeemed),
        CouponState::Locked => Some(Refusal::CouponLocked),
        CouponState::Expired => Some(Refusal::CouponExpired),
        CouponState::Issued if rules::is_past(held.coupon.valid_until, now) => Some(Refusal::CouponExpired),
        CouponState::Issued if !held.offer.template.transferable => Some(Refusal::CouponNotTransferable),
        CouponState::Issued => None,
    };
    refused.map_or(Ok(()), |refusal| Err(refusal.into()))
}

async fn mark_accepted(
    ctx: &Context,
    txn: &DatabaseTransaction,
    transfer: &coupon_transfer::Model,
    member_id: MemberId,
) -> Result<bool> {
    let marked = coupon_transfer::Entity::update_many()
        .col_expr(coupon_transfer::Column::State, Expr::value(TransferState::Accepted.to_value()))
        .col_expr(coupon_transfer::Column::ToMemberId, Expr::value(member_id.0))
        .col_expr(coupon_transfer::Column::AcceptedAt, Expr::value(ctx.now()))
        .filter(coupon_transfer::Column::Id.eq(transfer.id))
        .filter(coupon_transfer::Column::State.eq(TransferState::Open))
        .filter(coupon_transfer::Column::ExpiresAt.gt(ctx.now()))
        .exec(txn)
        .await?;
    Ok(marked.rows_affected == 1)
}

async fn taken_before(
    ctx: &Context,
    transfer: &coupon_transfer::Model,
    member_id: MemberId,
) -> Result<HeldCoupon> {
    let made = coupon::Entity::find()
        .filter(coupon::Column::MemberId.eq(member_id))
        .filter(coupon::Column::Source.eq(TRANSFER))
        .filter(coupon::Column::SourceId.eq(transfer.id.0))
        .one(ctx.db.read())
        .await?
        .ok_or(Refusal::TransferOver)?;
    find(ctx, made.id).await
}

/// The copy that a friend got in place of this one.
pub(super) async fn passed_on(connection: &impl ConnectionTrait, id: CouponId) -> Result<Option<CouponId>> {
    let accepted = coupon_transfer::Entity::find()
        .filter(coupon_transfer::Column::CouponId.eq(id))
        .filter(coupon_transfer::Column::State.eq(TransferState::Accepted))
        .one(connection)
        .await?;
    let Some(accepted) = accepted else { return Ok(None) };
    let copy = coupon::Entity::find()
        .filter(coupon::Column::MemberId.eq(accepted.to_member_id))
        .filter(coupon::Column::Source.eq(TRANSFER))
        .filter(coupon::Column::SourceId.eq(accepted.id.0))
        .one(connection)
        .await?;
    Ok(copy.map(|copy| copy.id))
}

async fn call_back(txn: &DatabaseTransaction, id: CouponId) -> Result<()> {
    coupon_transfer::Entity::update_many()
        .col_expr(coupon_transfer::Column::State, Expr::value(TransferState::Cancelled.to_value()))
        .filter(coupon_transfer::Column::CouponId.eq(id))
        .filter(coupon_transfer::Column::State.eq(TransferState::Open))
        .exec(txn)
        .await?;
    Ok(())
}
