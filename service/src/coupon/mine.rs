//! A member's wallet: the coupons with where each was used and whether a friend may still take it, and how many of each kind.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::{CouponState, TransferState};
use entity::{coupon, coupon_transfer, redemption, store};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{HeldCoupon, offer, rules};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId, StoreId};
use crate::page::{Page, PageRequest};

/// What ends within it ends soon.
const SOON: Duration = Duration::days(7);

/// Which of a member's coupons somebody wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponFilter {
    /// Not used and not past, though perhaps not valid yet, or locked for an order.
    Usable,
    Used,
    /// Past its time, whether or not it is marked yet.
    Expired,
    /// Taken out of use; for staff alone, members do not see them go.
    Voided,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CouponOrder {
    #[default]
    LatestFirst,
    /// What ends first on top.
    EndsFirst,
}

#[derive(Debug, Clone)]
pub struct MyCoupon {
    pub held: HeldCoupon,
    /// Where it was used, while it is.
    pub used_at_store: Option<store::Model>,
    /// Until when a friend may take it; None while it is not offered.
    pub offered_until: Option<DateTime<Utc>>,
}

pub async fn list_mine(
    ctx: &Context,
    member_id: MemberId,
    (filter, order): (Option<CouponFilter>, CouponOrder),
    page: &PageRequest,
) -> Result<Page<MyCoupon>> {
    use coupon::Column::{Id, ValidUntil};
    let mut query = shown_by(own(member_id), filter, ctx.now());
    let after = page.after::<CouponId>()?;
    query = match (order, after) {
        (CouponOrder::LatestFirst, None) => query,
        (CouponOrder::LatestFirst, Some(after)) => query.filter(Id.lt(after)),
        (CouponOrder::EndsFirst, None) => query.order_by_asc(ValidUntil),
        (CouponOrder::EndsFirst, Some(after)) => {
            let last = own(member_id).filter(Id.eq(after)).one(ctx.db.read()).await?;
            let end = last.ok_or_else(|| Error::invalid("cursor", "is not a cursor that this list gave"))?;
            let same_end = ValidUntil.eq(end.valid_until).and(Id.lt(after));
            query.filter(ValidUntil.gt(end.valid_until).or(same_end)).order_by_asc(ValidUntil)
        }
    };
    let rows = query.order_by_desc(Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let held = offer::attach(ctx.db.read(), page.items).await?;
    Ok(Page { items: surround(ctx, held).await?, next_cursor: page.next_cursor })
}

pub(super) fn shown_by(
    query: Select<coupon::Entity>,
    filter: Option<CouponFilter>,
    now: DateTime<Utc>,
) -> Select<coupon::Entity> {
    use coupon::Column::{State, ValidUntil};
    let bound = rules::past_ends(now);
    match filter {
        None => query,
        Some(CouponFilter::Usable) => {
            query.filter(State.is_in([CouponState::Issued, CouponState::Locked])).filter(ValidUntil.gt(bound))
        }
        Some(CouponFilter::Used) => query.filter(State.eq(CouponState::Used)),
        Some(CouponFilter::Expired) => query.filter(
            State.eq(CouponState::Expired).or(State.eq(CouponState::Issued).and(ValidUntil.lte(bound))),
        ),
        Some(CouponFilter::Voided) => query.filter(State.eq(CouponState::Voided)),
    }
}

/// A slot below zero is a copy that never reached its member.
pub(super) fn own(member_id: MemberId) -> Select<coupon::Entity> {
    coupon::Entity::find().filter(coupon::Column::MemberId.eq(member_id)).filter(coupon::Column::Slot.gt(0))
}

/// One coupon of the member's own.
pub async fn read_mine(ctx: &Context, member_id: MemberId, id: CouponId) -> Result<MyCoupon> {
    let held = super::redeem::find(ctx, id).await?;
    if held.coupon.member_id != member_id || held.coupon.slot <= 0 {
        return Err(Error::NotFound("coupon"));
    }
    surround(ctx, vec![held]).await?.pop().ok_or(Error::NotFound("coupon"))
}

async fn surround(ctx: &Context, held: Vec<HeldCoupon>) -> Result<Vec<MyCoupon>> {
    let in_state = |state| {
        held.iter().filter(move |one| one.coupon.state == state).map(|one| one.coupon.id).collect::<Vec<_>>()
    };
    let used_at = stores_of(ctx, in_state(CouponState::Used)).await?;
    let offered = offered_until(ctx, in_state(CouponState::Issued)).await?;
    let mine = |held: HeldCoupon| MyCoupon {
        used_at_store: used_at.get(&held.coupon.id).cloned(),
        offered_until: offered.get(&held.coupon.id).copied(),
        held,
    };
    Ok(held.into_iter().map(mine).collect())
}

async fn stores_of(ctx: &Context, used: Vec<CouponId>) -> Result<HashMap<CouponId, store::Model>> {
    if used.is_empty() {
        return Ok(HashMap::new());
    }
    let uses: Vec<(CouponId, StoreId)> = redemption::Entity::find()
        .select_only()
        .columns([redemption::Column::CouponId, redemption::Column::StoreId])
        .filter(redemption::Column::CouponId.is_in(used))
        .filter(redemption::Column::ReversedAt.is_null())
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let stores = store::Entity::find()
        .filter(store::Column::Id.is_in(uses.iter().map(|(_, store)| *store)))
        .all(ctx.db.read())
        .await?;
    let store = |id| stores.iter().find(|store| store.id == id).cloned();
    Ok(uses.into_iter().filter_map(|(coupon, id)| Some((coupon, store(id)?))).collect())
}

async fn offered_until(ctx: &Context, issued: Vec<CouponId>) -> Result<HashMap<CouponId, DateTime<Utc>>> {
    if issued.is_empty() {
        return Ok(HashMap::new());
    }
    let open: Vec<(CouponId, DateTime<Utc>)> = coupon_transfer::Entity::find()
        .select_only()
        .columns([coupon_transfer::Column::CouponId, coupon_transfer::Column::ExpiresAt])
        .filter(coupon_transfer::Column::CouponId.is_in(issued))
        .filter(coupon_transfer::Column::State.eq(TransferState::Open))
        .filter(coupon_transfer::Column::ExpiresAt.gt(ctx.now()))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(open.into_iter().collect())
}

/// How many coupons a member has, by what [`CouponFilter`] shows of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wallet {
    pub usable: i64,
    /// Of the usable ones, those that end within a week.
    pub expiring_soon: i64,
    pub used: i64,
    pub expired: i64,
    /// When the first of the usable ones ends.
    pub next_expiry: Option<DateTime<Utc>>,
}

impl Wallet {
    pub fn of(coupons: impl IntoIterator<Item = (CouponState, DateTime<Utc>)>, now: DateTime<Utc>) -> Self {
        let mut wallet = Self::default();
        for (state, end) in coupons {
            let is_past = rules::is_past(end, now);
            match state {
                CouponState::Used => wallet.used += 1,
                CouponState::Expired => wallet.expired += 1,
                CouponState::Issued if is_past => wallet.expired += 1,
                CouponState::Issued | CouponState::Locked if !is_past => {
                    wallet.usable += 1;
                    wallet.expiring_soon += i64::from(end <= now + SOON);
                    wallet.next_expiry =
                        Some(wallet.next_expiry.map_or(end, |first| std::cmp::min(first, end)));
                }
                CouponState::Issued | CouponState::Locked | CouponState::Voided => {}
            }
        }
        wallet
    }
}

pub async fn read_wallet(ctx: &Context, member_id: MemberId) -> Result<Wallet> {
    let coupons: Vec<(CouponState, DateTime<Utc>)> = own(member_id)
        .select_only()
        .columns([coupon::Column::State, coupon::Column::ValidUntil])
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(Wallet::of(coupons, ctx.now()))
}
