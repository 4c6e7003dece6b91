//! What a member's coupons would do at this store: shown after a scan, and with a basket before the order is paid.

use chrono_tz::Tz;
use entity::states::{CouponState, SalesChannel};
use entity::{coupon, member, redemption, store};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::basket::Basket;
use super::combine::{self, Combination};
use super::rules::{self, Unusable, Usage};
use super::{HeldCoupon, offer};
use crate::card::{self, Scanned, till};
use crate::context::Context;
use crate::db::is_any;
use crate::error::Result;
use crate::ids::{CouponId, MemberId, ScanId, StoreId};
use crate::staff::StaffCaller;

/// Coupons shown at a till; the ones that end first come first.
const SHOWN: u64 = 200;

/// A coupon and what it takes off by itself, or why it can't be used here and now.
#[derive(Debug, Clone)]
pub struct Judged {
    pub held: HeldCoupon,
    pub verdict: std::result::Result<i64, Unusable>,
}

#[derive(Debug, Clone)]
pub struct QuoteCoupons {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub basket: Basket,
}

#[derive(Debug, Clone)]
pub struct Quote {
    pub basket: Basket,
    pub coupons: Vec<Judged>,
    /// Those that together take off most. A gift takes off nothing.
    pub best: Combination,
}

/// The unused coupons that a scan is good for, judged for its store; the usable ones first.
pub async fn judge_scanned(ctx: &Context, scanned: &Scanned) -> Result<Vec<Judged>> {
    let is_first_order = is_first_order(ctx, &scanned.member).await?;
    let usage = Usage { is_first_order, ..usage(ctx, &scanned.member, &scanned.store, None) };
    judge(ctx, usage, scanned.scan.coupon_id).await
}

/// # Refuses
/// `store_not_permitted`, `store_closed`, `scan_expired`, `member_disabled`
pub async fn quote_coupons(ctx: &Context, staff: &StaffCaller, command: QuoteCoupons) -> Result<Quote> {
    let store = till::require_open(ctx, staff, command.store_id).await?;
    command.basket.validate()?;
    let (scan, member) = card::live_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let is_first_order = is_first_order(ctx, &member).await?;
    let usage = Usage { is_first_order, ..usage(ctx, &member, &store, Some(&command.basket)) };
    let coupons = judge(ctx, usage, scan.coupon_id).await?;
    let usable: Vec<&HeldCoupon> =
        coupons.iter().filter(|one| one.verdict.is_ok()).map(|one| &one.held).collect();
    let best = combine::best(&command.basket, &usable);
    Ok(Quote { best, coupons, basket: command.basket })
}

/// Of a till: in the store, now, for an order that is not the member's first.
pub(super) fn usage<'a>(
    ctx: &Context,
    member: &member::Model,
    store: &store::Model,
    basket: Option<&'a Basket>,
) -> Usage<'a> {
    Usage {
        member_id: member.id,
        store_id: store.id,
        channel: SalesChannel::Store,
        zone: zone_of(ctx, store),
        now: ctx.now(),
        is_first_order: false,
        order_no: None,
        basket,
    }
}

pub(super) async fn is_first_order(ctx: &Context, member: &member::Model) -> Result<bool> {
    Ok(member.purchase_count == 0 && !has_redeemed(ctx.db.read(), &[member.id]).await?)
}

pub(super) fn zone_of(ctx: &Context, store: &store::Model) -> Tz {
    store.zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(ctx.settings.timezone)
}

/// Whether a coupon of one of these members is in use for an order: then their next one is not the first.
pub(super) async fn has_redeemed(connection: &impl ConnectionTrait, member_ids: &[MemberId]) -> Result<bool> {
    let backend = connection.get_database_backend();
    let live = redemption::Entity::find()
        .filter(is_any(backend, redemption::Column::MemberId, member_ids.iter().copied()))
        .filter(redemption::Column::ReversedAt.is_null());
    Ok(live.one(connection).await?.is_some())
}

/// All coupons of the member, or the only one whose own code was read.
async fn judge(ctx: &Context, usage: Usage<'_>, only: Option<CouponId>) -> Result<Vec<Judged>> {
    let bound = rules::past_ends(usage.now);
    let waits = Condition::all()
        .add(coupon::Column::State.eq(CouponState::Issued))
        .add(coupon::Column::ValidUntil.gt(bound));
    let coupons = coupon::Entity::find()
        .filter(coupon::Column::MemberId.eq(usage.member_id))
        .filter(only.map_or_else(Condition::all, |id| Condition::all().add(coupon::Column::Id.eq(id))))
        .filter(Condition::any().add(waits).add(coupon::Column::State.eq(CouponState::Locked)))
        .order_by_asc(coupon::Column::ValidUntil)
        .order_by_asc(coupon::Column::Id)
        .limit(SHOWN)
        .all(ctx.db.read())
        .await?;
    let nothing = Basket::default();
    let mut judged: Vec<Judged> = offer::attach(ctx.db.read(), coupons)
        .await?
        .into_iter()
        .map(|held| {
            let taken_off = || combine::apply(usage.basket.unwrap_or(&nothing), &[&held]).discount_fen();
            Judged { verdict: rules::check(&held.coupon, &held.offer, usage).map(|()| taken_off()), held }
        })
        .collect();
    judged.sort_by_key(|one| one.verdict.is_err());
    Ok(judged)
}
