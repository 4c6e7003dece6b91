//! What a refund would give back, before it is made. It is made and undone in one transaction, so that quote and refund cannot differ.

use entity::states::CouponState;
use entity::{coupon, coupon_template, purchase};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::refund::{self, RefundPurchase, Refunded};
use super::refund_rules::Asked;
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, PurchaseId, RefundId};
use crate::points;
use crate::staff::StaffCaller;

#[derive(Debug, Clone, PartialEq)]
pub struct RefundQuote {
    /// Its ids and its number are of no refund.
    pub refunded: Refunded,
    /// The names of the coupons that the member gets back and can use again, one for each copy.
    pub coupons: Vec<String>,
}

/// Writes nothing.
///
/// # Refuses
/// `store_not_permitted`, `refund_too_large`
pub async fn quote_refund(
    ctx: &Context,
    staff: &StaffCaller,
    purchase_id: PurchaseId,
    asked: Asked,
) -> Result<RefundQuote> {
    let purchase = purchase::Entity::find_by_id(purchase_id).one(ctx.db.read()).await?;
    let purchase = purchase.ok_or(Error::NotFound("purchase"))?;
    till::require(staff, purchase.store_id)?;
    let refund_no = ctx.new_id::<RefundId>().to_string();
    let command = RefundPurchase { purchase_id, refund_no, asked, reason: None };
    let txn = ctx.db.begin().await?;
    points::lock(&txn, purchase.member_id).await?;
    let (refunded, back) = refund::give_back(ctx, &txn, staff, &command).await?;
    let mut coming = usable(&txn, &back).await?;
    txn.rollback().await?;
    // A copy that an earlier part gave anew is told again by each later one.
    let had = usable(ctx.db.read(), &back).await?;
    coming.retain(|coupon| had.iter().all(|one| one.id != coupon.id));
    Ok(RefundQuote { refunded, coupons: names_of(ctx, &coming).await? })
}

async fn usable(connection: &impl ConnectionTrait, ids: &[CouponId]) -> Result<Vec<coupon::Model>> {
    Ok(coupon::Entity::find()
        .filter(coupon::Column::Id.is_in(ids.iter().copied()))
        .filter(coupon::Column::State.eq(CouponState::Issued))
        .order_by_asc(coupon::Column::Id)
        .all(connection)
        .await?)
}

async fn names_of(ctx: &Context, coupons: &[coupon::Model]) -> Result<Vec<String>> {
    let templates = coupon_template::Entity::find()
        .filter(coupon_template::Column::Id.is_in(coupons.iter().map(|coupon| coupon.template_id)))
        .all(ctx.db.read())
        .await?;
    let name = |coupon: &coupon::Model| {
        let template = templates.iter().find(|template| template.id == coupon.template_id);
        template.map(|template| template.name.clone())
    };
    Ok(coupons.iter().filter_map(name).collect())
}
