//! Copies as staff look at them: a member's, or the one whose code somebody has typed, with where each came from and where it was
//! used.

use std::collections::HashMap;

use entity::{coupon, coupon_event, coupon_pack_claim, exchange, redemption};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::mine::{self, CouponFilter};
use super::{HeldCoupon, offer};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId};
use crate::names::{self, Names};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct TracedCoupon {
    pub held: HeldCoupon,
    /// The campaign, the pack or the mall item that gave it, by name.
    pub giver: Option<String>,
    /// The latest first, those that were reversed too.
    pub redemptions: Vec<TracedRedemption>,
}

/// A redemption with its names.
#[derive(Debug, Clone)]
pub struct TracedRedemption {
    pub redemption: redemption::Model,
    pub store: Option<String>,
    pub staff: Option<String>,
    pub reversed_by: Option<String>,
}

/// A move of a copy, with the name of who made it when it was staff.
#[derive(Debug, Clone)]
pub struct TracedMove {
    pub event: coupon_event::Model,
    pub staff: Option<String>,
}

/// A member's copies, the latest first.
pub async fn list_of_member(
    ctx: &Context,
    staff: &StaffCaller,
    (member_id, filter): (MemberId, Option<CouponFilter>),
    page: &PageRequest,
) -> Result<Page<TracedCoupon>> {
    staff.require(Permission::ReadMembers)?;
    let member = redirect::find_current(ctx.db.read(), member_id).await?;
    let member = member.ok_or(Error::NotFound("member"))?;
    let mut query = mine::shown_by(mine::own(member.id), filter, ctx.now());
    if let Some(after) = page.after::<CouponId>()? {
        query = query.filter(coupon::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(coupon::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let held = offer::attach(ctx.db.read(), page.items).await?;
    Ok(Page { items: trace(ctx, held).await?, next_cursor: page.next_cursor })
}

/// In the given order.
pub(super) async fn trace(ctx: &Context, held: Vec<HeldCoupon>) -> Result<Vec<TracedCoupon>> {
    let mut redemptions = redemptions_of(ctx, held.iter().map(|one| one.coupon.id).collect()).await?;
    let givers = givers_of(ctx, &held).await?;
    let traced = |held: HeldCoupon| TracedCoupon {
        giver: held.coupon.source_id.and_then(|id| givers.get(&id).cloned()),
        redemptions: redemptions.remove(&held.coupon.id).unwrap_or_default(),
        held,
    };
    Ok(held.into_iter().map(traced).collect())
}

/// By the copies' `source_id`.
async fn givers_of(ctx: &Context, held: &[HeldCoupon]) -> Result<Names> {
    let given_by = |source| {
        let given = held.iter().filter(move |one| one.coupon.source == source);
        given.filter_map(|one| one.coupon.source_id).collect::<Vec<_>>()
    };
    let mut givers = names::of_campaigns(ctx, given_by("campaign")).await?;
    let columns = (coupon_pack_claim::Column::Id, coupon_pack_claim::Column::PackId);
    let claims = pairs::<coupon_pack_claim::Entity>(ctx, columns, given_by("pack")).await?;
    let packs = names::of_coupon_packs(ctx, claims.iter().map(|(_, pack)| *pack)).await?;
    givers.extend(claims.into_iter().filter_map(|claim| named(claim, &packs)));
    let columns = (exchange::Column::Id, exchange::Column::ItemId);
    let exchanges = pairs::<exchange::Entity>(ctx, columns, given_by("exchange")).await?;
    let items = names::of_mall_items(ctx, exchanges.iter().map(|(_, item)| *item)).await?;
    givers.extend(exchanges.into_iter().filter_map(|exchange| named(exchange, &items)));
    Ok(givers)
}

/// Each of `ids` with what it is about.
async fn pairs<E: EntityTrait>(
    ctx: &Context,
    (id, about): (E::Column, E::Column),
    ids: Vec<Uuid>,
) -> Result<Vec<(Uuid, Uuid)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = E::find().select_only().columns([id, about]).filter(id.is_in(ids)).into_tuple();
    Ok(rows.all(ctx.db.read()).await?)
}

fn named((id, about): (Uuid, Uuid), names: &Names) -> Option<(Uuid, String)> {
    Some((id, names.get(&about)?.clone()))
}

async fn redemptions_of(
    ctx: &Context,
    coupons: Vec<CouponId>,
) -> Result<HashMap<CouponId, Vec<TracedRedemption>>> {
    let mut traced: HashMap<CouponId, Vec<TracedRedemption>> = HashMap::new();
    if coupons.is_empty() {
        return Ok(traced);
    }
    let rows = redemption::Entity::find()
        .filter(redemption::Column::CouponId.is_in(coupons))
        .order_by_desc(redemption::Column::Id)
        .all(ctx.db.read())
        .await?;
    let stores = names::of_stores(ctx, rows.iter().map(|row| row.store_id.0)).await?;
    let people = rows.iter().flat_map(|row| [Some(row.staff_id), row.reversed_by]).flatten();
    let people = names::of_staff(ctx, people.map(|id| id.0)).await?;
    for row in rows {
        traced.entry(row.coupon_id).or_default().push(TracedRedemption {
            store: stores.get(&row.store_id.0).cloned(),
            staff: people.get(&row.staff_id.0).cloned(),
            reversed_by: row.reversed_by.and_then(|id| people.get(&id.0).cloned()),
            redemption: row,
        });
    }
    Ok(traced)
}

/// Everything that a copy went through, in that order.
pub(super) async fn moves_of(ctx: &Context, id: CouponId) -> Result<Vec<TracedMove>> {
    let events = coupon_event::Entity::find()
        .filter(coupon_event::Column::CouponId.eq(id))
        .order_by_asc(coupon_event::Column::Id)
        .all(ctx.db.read())
        .await?;
    let staff = events.iter().filter(|event| event.actor_kind == "staff");
    let people = names::of_staff(ctx, staff.filter_map(|event| event.actor_id)).await?;
    let traced = |event: coupon_event::Model| TracedMove {
        staff: event.actor_id.and_then(|id| people.get(&id).cloned()),
        event,
    };
    Ok(events.into_iter().map(traced).collect())
}
