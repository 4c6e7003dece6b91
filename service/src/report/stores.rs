//! The stores beside each other.

use std::collections::HashMap;

use entity::{purchase, purchase_line, redemption, store};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef};

use super::period::{Period, seen_by};
use crate::context::Context;
use crate::error::Result;
use crate::ids::StoreId;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLine {
    pub store_id: StoreId,
    pub code: String,
    pub name: String,
    pub orders: i64,
    pub sales_fen: i64,
    /// Of these orders, given back by now.
    pub refunded_fen: i64,
    pub buyers: i64,
    /// Price less cost, of the articles whose cost is known.
    pub margin_fen: i64,
    /// The price of those articles.
    pub margin_of_fen: i64,
    pub redemptions: i64,
    pub discount_fen: i64,
}

/// What one store took: orders, sales, refunds, buyers.
type Sold = (StoreId, i64, Option<i64>, Option<i64>, i64);

/// Every store that the caller may see, the one that sold most first.
pub async fn compare_stores(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<Vec<StoreLine>> {
    staff.require(Permission::ReadReports)?;
    let stores = store::Entity::find()
        .filter(seen_by(staff, store::Column::Id))
        .order_by_asc(store::Column::Code)
        .all(ctx.db.read())
        .await?;
    let mut sold: HashMap<StoreId, Sold> =
        sold(ctx, staff, period).await?.into_iter().map(|row| (row.0, row)).collect();
    let mut margins = margins(ctx, staff, period).await?;
    let mut redeemed = redeemed(ctx, staff, period).await?;
    let mut lines: Vec<StoreLine> = stores
        .into_iter()
        .map(|store| {
            let (_, orders, sales, refunded, buyers) =
                sold.remove(&store.id).unwrap_or((store.id, 0, None, None, 0));
            let (margin_fen, margin_of_fen) = margins.remove(&store.id).unwrap_or_default();
            let (redemptions, discount_fen) = redeemed.remove(&store.id).unwrap_or_default();
            StoreLine {
                store_id: store.id,
                code: store.code,
                name: store.name,
                orders,
                sales_fen: sales.unwrap_or_default(),
                refunded_fen: refunded.unwrap_or_default(),
                buyers,
                margin_fen,
                margin_of_fen,
                redemptions,
                discount_fen,
            }
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.sales_fen));
    Ok(lines)
}

async fn sold(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<Vec<Sold>> {
    use purchase::Column;
    Ok(purchase::Entity::find()
        .select_only()
        .column(Column::StoreId)
        .column_as(Column::Id.count(), "orders")
        .column_as(Column::TotalFen.sum().cast_as("bigint"), "sales")
        .column_as(Column::RefundedFen.sum().cast_as("bigint"), "refunded")
        .column_as(Expr::cust("count(distinct member_id)"), "buyers")
        .filter(Column::PurchasedAt.gte(period.from(ctx)))
        .filter(Column::PurchasedAt.lt(period.until(ctx)))
        .filter(seen_by(staff, Column::StoreId))
        .group_by(Column::StoreId)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

async fn margins(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<HashMap<StoreId, (i64, i64)>> {
    let of_purchase: RelationDef = purchase_line::Entity::belongs_to(purchase::Entity)
        .from(purchase_line::Column::PurchaseId)
        .to(purchase::Column::Id)
        .into();
    let margin = Expr::cust("cast(sum((price_fen - cost_fen) * purchase_line.quantity) as bigint)");
    let price = Expr::cust("cast(sum(price_fen * purchase_line.quantity) as bigint)");
    let rows: Vec<(StoreId, Option<i64>, Option<i64>)> = purchase_line::Entity::find()
        .join(JoinType::InnerJoin, of_purchase)
        .select_only()
        .column(purchase::Column::StoreId)
        .column_as(margin, "margin")
        .column_as(price, "price")
        .filter(purchase_line::Column::CostFen.is_not_null())
        .filter(purchase::Column::PurchasedAt.gte(period.from(ctx)))
        .filter(purchase::Column::PurchasedAt.lt(period.until(ctx)))
        .filter(seen_by(staff, purchase::Column::StoreId))
        .group_by(purchase::Column::StoreId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let known = |(id, margin, price): (StoreId, Option<i64>, Option<i64>)| {
        (id, (margin.unwrap_or_default(), price.unwrap_or_default()))
    };
    Ok(rows.into_iter().map(known).collect())
}

async fn redeemed(
    ctx: &Context,
    staff: &StaffCaller,
    period: Period,
) -> Result<HashMap<StoreId, (i64, i64)>> {
    use redemption::Column;
    let rows: Vec<(StoreId, i64, Option<i64>)> = redemption::Entity::find()
        .select_only()
        .column(Column::StoreId)
        .column_as(Column::Id.count(), "redemptions")
        .column_as(Column::DiscountFen.sum().cast_as("bigint"), "discount")
        .filter(Column::ReversedAt.is_null())
        .filter(Column::RedeemedAt.gte(period.from(ctx)))
        .filter(Column::RedeemedAt.lt(period.until(ctx)))
        .filter(seen_by(staff, Column::StoreId))
        .group_by(Column::StoreId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().map(|(id, count, fen)| (id, (count, fen.unwrap_or_default()))).collect())
}
