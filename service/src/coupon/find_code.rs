//! What a code stands for that somebody shows or spells on the phone: a copy, a code that is good once, or one for everybody.

use std::sync::Arc;

use entity::{coupon, coupon_code, coupon_template, member};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait};

use super::template::typed;
use super::trace::{self, TracedCoupon, TracedMove};
use super::{Offer, offer};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct FoundCode {
    pub offer: Arc<Offer>,
    pub code: CodeKind,
}

#[derive(Debug, Clone)]
pub enum CodeKind {
    Copy(Box<FoundCopy>),
    Single(Box<SingleCode>),
    /// For everybody, with how often it was typed in.
    Public {
        claims: u64,
    },
}

#[derive(Debug, Clone)]
pub struct FoundCopy {
    pub traced: TracedCoupon,
    pub holder: Option<member::Model>,
    pub moves: Vec<TracedMove>,
}

/// Made to be typed in once: by whom, and the code of the copy that it gave.
#[derive(Debug, Clone)]
pub struct SingleCode {
    pub row: coupon_code::Model,
    pub member: Option<member::Model>,
    pub copy: Option<String>,
}

/// Spaces, hyphens and case do not count.
pub async fn find_code(ctx: &Context, staff: &StaffCaller, text: &str) -> Result<FoundCode> {
    staff.require(Permission::ReadCoupons)?;
    staff.require(Permission::ReadMembers)?;
    let (template_id, code) = find(ctx, &typed(text)).await?;
    Ok(FoundCode { offer: offer::load(ctx.db.read(), template_id).await?, code })
}

async fn find(ctx: &Context, code: &str) -> Result<(CouponTemplateId, CodeKind)> {
    let by_code = coupon::Column::Code.eq(code);
    if let Some(copy) = coupon::Entity::find().filter(by_code).one(ctx.db.read()).await? {
        return Ok((copy.template_id, CodeKind::Copy(Box::new(found_copy(ctx, copy).await?))));
    }
    if let Some(row) = coupon_code::Entity::find_by_id(code.to_owned()).one(ctx.db.read()).await? {
        return Ok((row.template_id, CodeKind::Single(Box::new(single_code(ctx, row).await?))));
    }
    let public = coupon_template::Column::PublicCode.eq(code);
    let template = coupon_template::Entity::find().filter(public).one(ctx.db.read()).await?;
    let id = template.ok_or(Error::NotFound("coupon code"))?.id;
    Ok((id, CodeKind::Public { claims: claims_of(ctx, id).await? }))
}

async fn found_copy(ctx: &Context, copy: coupon::Model) -> Result<FoundCopy> {
    let holder = redirect::find_current(ctx.db.read(), copy.member_id).await?;
    let moves = trace::moves_of(ctx, copy.id).await?;
    let held = offer::attach(ctx.db.read(), vec![copy]).await?;
    let traced = trace::trace(ctx, held).await?.pop().ok_or(Error::NotFound("coupon"))?;
    Ok(FoundCopy { traced, holder, moves })
}

async fn single_code(ctx: &Context, row: coupon_code::Model) -> Result<SingleCode> {
    let member = who(ctx, row.member_id).await?;
    Ok(SingleCode { member, copy: code_of(ctx, row.coupon_id).await?, row })
}

async fn who(ctx: &Context, id: Option<MemberId>) -> Result<Option<member::Model>> {
    match id {
        Some(id) => redirect::find_current(ctx.db.read(), id).await,
        None => Ok(None),
    }
}

async fn code_of(ctx: &Context, id: Option<CouponId>) -> Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    let copy = coupon::Entity::find_by_id(id).one(ctx.db.read()).await?;
    Ok(copy.map(|copy| copy.code))
}

/// Copies that came by a code, but for those of the codes that are good once.
async fn claims_of(ctx: &Context, id: CouponTemplateId) -> Result<u64> {
    let single = coupon_code::Entity::find()
        .select_only()
        .column(coupon_code::Column::CouponId)
        .filter(coupon_code::Column::TemplateId.eq(id))
        .filter(coupon_code::Column::CouponId.is_not_null())
        .into_query();
    let copies = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(id))
        .filter(coupon::Column::Source.eq("code"))
        .filter(coupon::Column::Id.not_in_subquery(single));
    Ok(copies.count(ctx.db.read()).await?)
}
