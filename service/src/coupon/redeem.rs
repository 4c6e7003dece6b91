//! Staff redeem a coupon of the member whose card they scanned.
//!
//! Everything that cannot change under us (the scan, the frozen rules) is read before; the transaction itself is a conditional
//! update, the redemption and the event. Who won a race is told by row counts: the state of the coupon, the unique
//! `(store, request_no)` and the one live redemption per coupon. The redemption is its own record of who did it.

use chrono::{DateTime, Utc};
use entity::states::CouponState;
use entity::{coupon, redemption, store};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::event::{self, Move};
use super::rules::{self, Usage};
use super::{HeldCoupon, offer, receipt};
use crate::audit::Actor;
use crate::card::{self, till};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponId, MemberId, ScanId, StoreId};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

const LONGEST_NUMBER: usize = 64;

#[derive(Debug, Clone)]
pub struct RedeemCoupon {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub coupon_id: CouponId,
    /// The till's own number of this request: with the same one, a repeated request is answered and not done again.
    pub request_no: String,
    pub order_no: Option<String>,
    /// What the order costs before the discount.
    pub amount_fen: i64,
}

/// A redemption with the coupon that it used.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub redemption: redemption::Model,
    pub held: HeldCoupon,
}

impl Receipt {
    pub fn payable_fen(&self) -> i64 {
        self.redemption.amount_fen - self.redemption.discount_fen
    }
}

/// What came of a request: done now, or answered from what was done before.
#[derive(Debug, Clone)]
pub struct Redeemed {
    pub receipt: Receipt,
    pub repeated: bool,
}

/// # Refuses
/// `store_not_permitted`, `store_closed`, `request_number_reused`, `scan_expired`, `member_disabled`, and what
/// [`rules::check`] refuses
pub async fn redeem_coupon(ctx: &Context, staff: &StaffCaller, command: RedeemCoupon) -> Result<Redeemed> {
    till::require(staff, command.store_id)?;
    validate(&command)?;
    if let Some(answer) = stored_answer(ctx, &command).await? {
        return Ok(answer);
    }
    let store = till::require_open(ctx, staff, command.store_id).await?;
    let (_, member) = card::live_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let held = find(ctx, command.coupon_id).await?;
    let now = ctx.now();
    let usage =
        Usage { member_id: member.id, store_id: command.store_id, amount_fen: Some(command.amount_fen), now };
    match rules::check(&held.coupon, &held.offer, usage) {
        Ok(()) => {}
        // Perhaps by this very request, a moment ago.
        Err(Refusal::CouponAlreadyRedeemed) => return lost(ctx, &command).await,
        Err(Refusal::CouponNotOwned) if is_merged(ctx, member.id).await? => {
            return Box::pin(redeem_coupon(ctx, staff, command)).await;
        }
        Err(refusal) => return Err(refusal.into()),
    }
    match write(ctx, &new_row(ctx, staff, &command, (&held, now)), held, &store).await? {
        Some(receipt) => Ok(Redeemed { receipt, repeated: false }),
        None if is_merged(ctx, member.id).await? => Box::pin(redeem_coupon(ctx, staff, command)).await,
        None => lost(ctx, &command).await,
    }
}

/// Whether the member was merged since the scan was read: then the coupon is somebody else's now, and everything is read again.
async fn is_merged(ctx: &Context, member_id: MemberId) -> Result<bool> {
    Ok(redirect::current(ctx.db.read(), member_id).await? != member_id)
}

fn validate(command: &RedeemCoupon) -> Result<()> {
    let mut errors = Vec::new();
    let mut push =
        |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });
    let numbers = [("request_no", Some(&command.request_no)), ("order_no", command.order_no.as_ref())];
    for (field, number) in numbers {
        if number.is_some_and(|text| text.trim().is_empty() || text.chars().count() > LONGEST_NUMBER) {
            push(field, format!("must have 1 to {LONGEST_NUMBER} characters"));
        }
    }
    if let Err(message) = rules::check_amount(command.amount_fen) {
        push("amount_fen", message);
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// What tells one request from another under the same number.
fn request_hash(command: &RedeemCoupon) -> String {
    let order_no = command.order_no.as_deref().unwrap_or("");
    let text = format!("{}\n{}\n{}\n{order_no}", command.scan_id, command.coupon_id, command.amount_fen);
    crypto::sha256_hex(text.as_bytes())
}

/// # Refuses
/// `request_number_reused`
async fn stored_answer(ctx: &Context, command: &RedeemCoupon) -> Result<Option<Redeemed>> {
    let row = redemption::Entity::find()
        .filter(redemption::Column::StoreId.eq(command.store_id))
        .filter(redemption::Column::RequestNo.eq(&command.request_no))
        .one(ctx.db.read())
        .await?;
    let Some(redemption) = row else { return Ok(None) };
    if redemption.request_hash != request_hash(command) {
        return Err(Refusal::RequestNumberReused.into());
    }
    let held = find(ctx, redemption.coupon_id).await?;
    Ok(Some(Redeemed { receipt: Receipt { redemption, held }, repeated: true }))
}

/// Somebody was faster: with the same request, or with the same coupon, which then tells why it can't be used.
async fn lost(ctx: &Context, command: &RedeemCoupon) -> Result<Redeemed> {
    if let Some(answer) = stored_answer(ctx, command).await? {
        return Ok(answer);
    }
    let coupon = find(ctx, command.coupon_id).await?.coupon;
    Err(match coupon.state {
        CouponState::Voided => Refusal::CouponVoided,
        CouponState::Expired => Refusal::CouponExpired,
        CouponState::Locked => Refusal::CouponLocked,
        // Back from a reversal in this moment: it was used when we tried.
        CouponState::Used | CouponState::Issued => Refusal::CouponAlreadyRedeemed,
    }
    .into())
}

pub(super) async fn find(ctx: &Context, id: CouponId) -> Result<HeldCoupon> {
    let coupon = coupon::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("coupon"))?;
    let mut held = offer::attach(ctx.db.read(), vec![coupon]).await?;
    held.pop().ok_or(Error::NotFound("coupon"))
}

/// The transaction; none when a race was lost. The coupon's `used_at` is the redemption's time, so that a repeated request
/// reads what the first was answered.
async fn write(
    ctx: &Context,
    redemption: &redemption::Model,
    mut held: HeldCoupon,
    store: &store::Model,
) -> Result<Option<Receipt>> {
    let txn = ctx.db.begin().await?;
    let used = use_up(&txn, &held.coupon, redemption.redeemed_at).await?;
    if !used || !insert(&txn, redemption).await? {
        txn.rollback().await?;
        return Ok(None);
    }
    let moved = Move {
        coupon_id: held.coupon.id,
        from: Some(CouponState::Issued),
        to: CouponState::Used,
        reason: None,
        actor: Actor::Staff(redemption.staff_id),
    };
    event::record(ctx, &txn, vec![moved]).await?;
    receipt::tell_redeemed(ctx, &txn, redemption, (&held.offer.template.name, store)).await?;
    txn.commit().await?;
    held.coupon.state = CouponState::Used;
    held.coupon.used_at = Some(redemption.redeemed_at);
    Ok(Some(Receipt { redemption: redemption.clone(), held }))
}

fn new_row(
    ctx: &Context,
    staff: &StaffCaller,
    command: &RedeemCoupon,
    (held, now): (&HeldCoupon, DateTime<Utc>),
) -> redemption::Model {
    redemption::Model {
        id: ctx.new_id(),
        coupon_id: held.coupon.id,
        member_id: held.coupon.member_id,
        store_id: command.store_id,
        staff_id: staff.id,
        request_no: command.request_no.clone(),
        request_hash: request_hash(command),
        order_no: command.order_no.clone(),
        amount_fen: command.amount_fen,
        discount_fen: rules::discount_fen(&held.offer.template, command.amount_fen),
        redeemed_at: now,
        reversed_at: None,
        reversed_by: None,
        reversal_reason: None,
    }
}

async fn use_up(
    connection: &impl ConnectionTrait,
    coupon: &coupon::Model,
    now: DateTime<Utc>,
) -> Result<bool> {
    let moved = coupon::Entity::update_many()
        .col_expr(coupon::Column::State, Expr::value(CouponState::Used.to_value()))
        .col_expr(coupon::Column::UsedAt, Expr::value(now))
        .col_expr(coupon::Column::UpdatedAt, Expr::value(now))
        .filter(coupon::Column::Id.eq(coupon.id))
        .filter(coupon::Column::MemberId.eq(coupon.member_id))
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .filter(coupon::Column::ValidFrom.lte(now))
        .filter(coupon::Column::ValidUntil.gt(rules::past_ends(now)))
        .exec(connection)
        .await?;
    Ok(moved.rows_affected == 1)
}

async fn insert(connection: &impl ConnectionTrait, row: &redemption::Model) -> Result<bool> {
    let inserted = redemption::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(inserted == 1)
}
