//! Templates as staff see them, and as members who may claim see them.

use std::collections::HashMap;

use entity::states::{CouponTemplateState, Validity};
use entity::{coupon, coupon_template};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::context::Context;
use crate::coupon::{Offer, offer, rules};
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

pub async fn list_templates(
    ctx: &Context,
    staff: &StaffCaller,
    state: Option<CouponTemplateState>,
    page: &PageRequest,
) -> Result<Page<Offer>> {
    staff.require(Permission::ReadCoupons)?;
    let query = coupon_template::Entity::find();
    let query = match state {
        Some(state) => query.filter(coupon_template::Column::State.eq(state)),
        None => query,
    };
    read_page(ctx, query, page).await
}

pub async fn read_template(ctx: &Context, staff: &StaffCaller, id: CouponTemplateId) -> Result<Offer> {
    staff.require(Permission::ReadCoupons)?;
    let template = coupon_template::Entity::find_by_id(id).one(ctx.db.read()).await?;
    let template = template.ok_or(Error::NotFound("coupon template"))?;
    offer::complete(ctx.db.read(), vec![template]).await?.pop().ok_or(Error::NotFound("coupon template"))
}

/// What can be claimed now, sold out or not, and how many the asking member holds.
#[derive(Debug, Clone)]
pub struct ClaimableOffer {
    pub offer: Offer,
    /// None when nobody is signed in.
    pub held: Option<i64>,
}

pub async fn list_claimable(
    ctx: &Context,
    member_id: Option<MemberId>,
    page: &PageRequest,
) -> Result<Page<ClaimableOffer>> {
    use coupon_template::Column::{ClaimFrom, ClaimUntil, Claimable, State, ValidUntil, Validity as Kind};
    let (now, bound) = (ctx.now(), rules::past_ends(ctx.now()));
    let query = coupon_template::Entity::find()
        .filter(State.eq(CouponTemplateState::Published))
        .filter(Claimable.eq(true))
        .filter(ClaimFrom.is_null().or(ClaimFrom.lte(now)))
        .filter(ClaimUntil.is_null().or(ClaimUntil.gt(bound)))
        .filter(Kind.eq(Validity::Relative).or(ValidUntil.gt(bound)));
    let page = read_page(ctx, query, page).await?;
    let held = match member_id {
        Some(member_id) => Some(count_held(ctx, member_id, &page.items).await?),
        None => None,
    };
    Ok(page.map(|offer| {
        let held = held.as_ref().map(|held| held.get(&offer.template.id).copied().unwrap_or(0));
        ClaimableOffer { offer, held }
    }))
}

async fn read_page(
    ctx: &Context,
    mut query: sea_orm::Select<coupon_template::Entity>,
    page: &PageRequest,
) -> Result<Page<Offer>> {
    if let Some(after) = page.after::<CouponTemplateId>()? {
        query = query.filter(coupon_template::Column::Id.lt(after));
    }
    let rows =
        query.order_by_desc(coupon_template::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    Ok(Page { items: offer::complete(ctx.db.read(), page.items).await?, next_cursor: page.next_cursor })
}

async fn count_held(
    ctx: &Context,
    member_id: MemberId,
    offers: &[Offer],
) -> Result<HashMap<CouponTemplateId, i64>> {
    if offers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(CouponTemplateId, i64)> = coupon::Entity::find()
        .select_only()
        .column(coupon::Column::TemplateId)
        .column_as(coupon::Column::Id.count(), "held")
        .filter(coupon::Column::MemberId.eq(member_id))
        .filter(coupon::Column::TemplateId.is_in(offers.iter().map(|offer| offer.template.id)))
        .filter(coupon::Column::Slot.gt(0))
        .group_by(coupon::Column::TemplateId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().collect())
}
