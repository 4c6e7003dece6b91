//! Templates as staff see them, and as members who may claim see them.

use entity::coupon_template;
use entity::states::{CouponTemplateState, Validity};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::calendar;
use crate::context::Context;
use crate::coupon::{Offer, entitled, had, offer, rules};
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
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
    /// Why no copy can be had now; of somebody who is not signed in, as far as it is the same for everybody.
    pub refusal: Option<Refusal>,
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
    let (had, tier) = match member_id {
        Some(member_id) => {
            let templates = page.items.iter().map(|offer| offer.template.id);
            let had = had::had_of(ctx, member_id, templates).await?;
            (Some(had), entitled::tier_of(ctx.db.read(), member_id).await?)
        }
        None => (None, None),
    };
    let today = calendar::local_date(now, ctx.settings.timezone);
    Ok(page.map(|offer| {
        let of_template =
            had.as_ref().and_then(|had| had.get(&offer.template.id)).cloned().unwrap_or_default();
        let of_another_tier = had.is_some() && !offer.conditions.allows_tier(tier);
        let refusal = match of_another_tier {
            true => Some(Refusal::CouponNotForTier),
            false => rules::check_more(&offer.template, &of_template, (1, today)).err(),
        };
        ClaimableOffer { held: had.as_ref().map(|_| of_template.held()), refusal, offer }
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
