//! What a member's coupons would do at this store: shown after a scan, and with an amount before the order is paid.

use entity::coupon;
use entity::states::CouponState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rules::{self, Usage};
use super::{HeldCoupon, offer};
use crate::card::{self, till};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId, ScanId, StoreId};
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

/// Coupons shown at a till; the ones that end first come first.
const SHOWN: u64 = 200;

/// A coupon and whether it can be used here and now.
#[derive(Debug, Clone)]
pub struct Judged {
    pub held: HeldCoupon,
    pub verdict: std::result::Result<(), Refusal>,
}

#[derive(Debug, Clone)]
pub struct QuoteCoupons {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub amount_fen: i64,
}

#[derive(Debug, Clone)]
pub struct Quote {
    pub amount_fen: i64,
    pub coupons: Vec<Judged>,
    /// The one that takes off most; among equals the one that ends first. A gift takes off nothing.
    pub best: Option<CouponId>,
}

impl Quote {
    /// What a coupon of this quote takes off; none when it can't be used.
    pub fn discount_fen(&self, judged: &Judged) -> Option<i64> {
        judged.verdict.is_ok().then(|| rules::discount_fen(&judged.held.offer.template, self.amount_fen))
    }
}

/// The member's unused coupons, judged for a store; the usable ones first.
pub async fn judge_at_store(ctx: &Context, member_id: MemberId, store_id: StoreId) -> Result<Vec<Judged>> {
    judge(ctx, Usage { member_id, store_id, amount_fen: None, now: ctx.now() }).await
}

/// # Refuses
/// `store_not_permitted`, `store_closed`, `scan_expired`, `member_disabled`
pub async fn quote_coupons(ctx: &Context, staff: &StaffCaller, command: QuoteCoupons) -> Result<Quote> {
    till::require_open(ctx, staff, command.store_id).await?;
    rules::check_amount(command.amount_fen).map_err(|message| Error::invalid("amount_fen", message))?;
    let (_, member) = card::live_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let (store_id, amount_fen) = (command.store_id, command.amount_fen);
    let usage = Usage { member_id: member.id, store_id, amount_fen: Some(amount_fen), now: ctx.now() };
    let mut quote = Quote { amount_fen, coupons: judge(ctx, usage).await?, best: None };
    quote.best = best(&quote);
    Ok(quote)
}

fn best(quote: &Quote) -> Option<CouponId> {
    quote
        .coupons
        .iter()
        .filter_map(|judged| Some((quote.discount_fen(judged)?, judged)))
        .filter(|(discount, _)| *discount > 0)
        .max_by_key(|(discount, judged)| (*discount, std::cmp::Reverse(judged.held.coupon.valid_until)))
        .map(|(_, judged)| judged.held.coupon.id)
}

async fn judge(ctx: &Context, usage: Usage) -> Result<Vec<Judged>> {
    let coupons = coupon::Entity::find()
        .filter(coupon::Column::MemberId.eq(usage.member_id))
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .filter(coupon::Column::ValidUntil.gt(rules::past_ends(usage.now)))
        .order_by_asc(coupon::Column::ValidUntil)
        .order_by_asc(coupon::Column::Id)
        .limit(SHOWN)
        .all(ctx.db.read())
        .await?;
    let mut judged: Vec<Judged> = offer::attach(ctx.db.read(), coupons)
        .await?
        .into_iter()
        .map(|held| Judged { verdict: rules::check(&held.coupon, &held.offer, usage), held })
        .collect();
    judged.sort_by_key(|one| one.verdict.is_err());
    Ok(judged)
}
