//! What a code stands for that somebody shows or spells on the phone: a copy, a code that is good once, or one for everybody.

use entity::{coupon, coupon_code, coupon_template, member};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait};

use super::template::typed;
use super::trace::{self, TracedCoupon, TracedMove};
use super::{Offer, offer};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponTemplateId, MemberId};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub enum FoundCode {
    Copy(Box<FoundCopy>),
    /// Made to be typed in once; the member is who did.
    Single {
        row: coupon_code::Model,
        offer: Offer,
        member: Option<member::Model>,
        copy: Option<String>,
    },
    /// For everybody, with how often it was typed in.
    Public {
        offer: Offer,
        claims: u64,
    },
}

#[derive(Debug, Clone)]
pub struct FoundCopy {
    pub traced: TracedCoupon,
    pub holder: Option<member::Model>,
    pub moves: Vec<TracedMove>,
}

/// Spaces, hyphens and case do not count.
pub async fn find_code(ctx: &Context, staff: &StaffCaller, text: &str) -> Result<FoundCode> {
    staff.require(Permission::ReadCoupons)?;
    staff.require(Permission::ReadMembers)?;
    let code = typed(text);
    let by_code = coupon::Column::Code.eq(&code);
    if let Some(copy) = coupon::Entity::find().filter(by_code).one(ctx.db.read()).await? {
        return Ok(FoundCode::Copy(Box::new(found_copy(ctx, copy).await?)));
    }
    if let Some(row) = coupon_code::Entity::find_by_id(code.clone()).one(ctx.db.read()).await? {
        return found_single(ctx, row).await;
    }
    let public = coupon_template::Column::PublicCode.eq(code);
    let template = coupon_template::Entity::find().filter(public).one(ctx.db.read()).await?;
    found_public(ctx, template.ok_or(Error::NotFound("coupon code"))?).await
}

async fn found_copy(ctx: &Context, copy: coupon::Model) -> Result<FoundCopy> {
    let holder = redirect::find_current(ctx.db.read(), copy.member_id).await?;
    let moves = trace::moves_of(ctx, copy.id).await?;
    let held = offer::attach(ctx.db.read(), vec![copy]).await?;
    let traced = trace::trace(ctx, held).await?.pop().ok_or(Error::NotFound("coupon"))?;
    Ok(FoundCopy { traced, holder, moves })
}

async fn found_single(ctx: &Context, row: coupon_code::Model) -> Result<FoundCode> {
    let copy = match row.coupon_id {
        Some(id) => coupon::Entity::find_by_id(id).one(ctx.db.read()).await?,
        None => None,
    };
    Ok(FoundCode::Single {
        offer: offer_of(ctx, row.template_id).await?,
        member: who(ctx, row.member_id).await?,
        copy: copy.map(|copy| copy.code),
        row,
    })
}

async fn who(ctx: &Context, id: Option<MemberId>) -> Result<Option<member::Model>> {
    match id {
        Some(id) => redirect::find_current(ctx.db.read(), id).await,
        None => Ok(None),
    }
}

/// Copies that came by a code, but for those of the codes that are good once.
async fn found_public(ctx: &Context, template: coupon_template::Model) -> Result<FoundCode> {
    let single = coupon_code::Entity::find()
        .select_only()
        .column(coupon_code::Column::CouponId)
        .filter(coupon_code::Column::TemplateId.eq(template.id))
        .filter(coupon_code::Column::CouponId.is_not_null())
        .into_query();
    let claims = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(template.id))
        .filter(coupon::Column::Source.eq("code"))
        .filter(coupon::Column::Id.not_in_subquery(single))
        .count(ctx.db.read())
        .await?;
    Ok(FoundCode::Public { offer: offer_of(ctx, template.id).await?, claims })
}

async fn offer_of(ctx: &Context, id: CouponTemplateId) -> Result<Offer> {
    Ok(offer::load(ctx.db.read(), id).await?.as_ref().clone())
}
