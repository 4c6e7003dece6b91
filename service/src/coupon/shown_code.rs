//! A till reads what a member shows: the card's code, or a coupon's own.
//!
//! A coupon's code stays the same for as long as the coupon is good, so it may be a screenshot. It names the coupon and who holds
//! it, and the scan is good for that coupon alone, which is gone once it is used, and for recording what was bought. Other coupons,
//! exchanges and rights need the card's living code.

use entity::coupon;
use entity::states::{CouponState, MemberState};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{code, facts, rules};
use crate::allowance::Allowance;
use crate::card::{self, ScanCard, Scanned, till};
use crate::context::Context;
use crate::error::Result;
use crate::ids::StoreId;
use crate::redirect;
use crate::refusal::Refusal;
use crate::session;
use crate::staff::StaffCaller;

/// Coupons' codes that one of the staff may try in a minute: more than a till serves, too few to find one by trying.
const TRIES_PER_MINUTE: i64 = 60;

/// # Refuses
/// What [`card::scan_card`] refuses, and of a coupon's code `coupon_code_invalid`, `coupon_already_redeemed`, `coupon_voided`,
/// `coupon_expired`. Answers 429 after sixty coupons' codes in a minute.
pub async fn scan_code(ctx: &Context, staff: &StaffCaller, command: ScanCard) -> Result<Scanned> {
    match code::read(&command.code) {
        Some(code) => scan_coupon(ctx, staff, (command.store_id, &code)).await,
        None => card::scan_card(ctx, staff, command).await,
    }
}

async fn scan_coupon(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, code): (StoreId, &str),
) -> Result<Scanned> {
    let store = till::require_open(ctx, staff, store_id).await?;
    Allowance::per(ctx, &format!("coupon-scan:{}", staff.id), TRIES_PER_MINUTE, 60).take(ctx).await?;
    let shown = coupon::Entity::find()
        .filter(coupon::Column::Code.eq(code))
        .filter(coupon::Column::Slot.gt(0))
        .one(ctx.db.read())
        .await?
        .ok_or(Refusal::CouponCodeInvalid)?;
    let holder = redirect::find_current(ctx.db.read(), shown.member_id).await?;
    let holder = holder.filter(|holder| holder.state != MemberState::Deleted);
    let holder = session::require_active_member(holder.ok_or(Refusal::CouponCodeInvalid)?)?;
    require_unspent(ctx, &shown).await?;
    card::scan_of_coupon(ctx, staff, (shown.id, holder), store).await
}

/// What may yet be used, if not here and now: the quote tells about that.
async fn require_unspent(ctx: &Context, shown: &coupon::Model) -> Result<()> {
    match shown.state {
        CouponState::Used => Err(facts::already_redeemed(ctx.db.read(), shown.id).await?),
        CouponState::Voided => Err(Refusal::CouponVoided.into()),
        CouponState::Expired => Err(Refusal::CouponExpired.into()),
        CouponState::Issued if rules::is_past(shown.valid_until, ctx.now()) => {
            Err(Refusal::CouponExpired.into())
        }
        CouponState::Issued | CouponState::Locked => Ok(()),
    }
}
