//! Campaigns beside each other: whom they reached, what was redeemed, what they cost.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{campaign, coupon, delivery, redemption};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef};
use uuid::Uuid;

use super::period::Period;
use crate::context::Context;
use crate::error::Result;
use crate::ids::CampaignId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignLine {
    pub id: CampaignId,
    pub name: String,
    pub channel: Channel,
    pub state: CampaignState,
    pub started_at: Option<DateTime<Utc>>,
    pub audience: i64,
    /// The platform took it.
    pub sent: i64,
    /// The platform says that it arrived.
    pub delivered: i64,
    pub failed: i64,
    /// Messages, in fen.
    pub cost_fen: i64,
    /// Coupons that the campaign gave, and those of them that are used.
    pub coupons: i64,
    pub redeemed: i64,
    /// What the coupons took off, and the orders that they were used for.
    pub discount_fen: i64,
    pub order_fen: i64,
}

/// Those that started within the period, the latest first.
pub async fn compare_campaigns(
    ctx: &Context,
    staff: &StaffCaller,
    period: Period,
    page: &PageRequest,
) -> Result<Page<CampaignLine>> {
    staff.require(Permission::ReadReports)?;
    let mut query = campaign::Entity::find()
        .filter(campaign::Column::StartedAt.gte(period.from(ctx)))
        .filter(campaign::Column::StartedAt.lt(period.until(ctx)))
        .order_by_desc(campaign::Column::Id)
        .limit(page.limit() + 1);
    if let Some(after) = page.after::<CampaignId>()? {
        query = query.filter(campaign::Column::Id.lt(after));
    }
    let rows = query.all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let ids: Vec<CampaignId> = page.items.iter().map(|row| row.id).collect();
    let mut deliveries = deliveries(ctx, &ids).await?;
    let mut coupons = coupons(ctx, &ids).await?;
    Ok(page.map(|row| {
        let reach = deliveries.remove(&row.id).unwrap_or_default();
        let use_of = coupons.remove(&row.id).unwrap_or_default();
        CampaignLine {
            id: row.id,
            name: row.name,
            channel: row.channel,
            state: row.state,
            started_at: row.started_at,
            audience: row.audience_count,
            sent: reach.sent,
            delivered: reach.delivered,
            failed: reach.failed,
            cost_fen: reach.cost_fen,
            coupons: use_of.coupons,
            redeemed: use_of.redeemed,
            discount_fen: use_of.discount_fen,
            order_fen: use_of.order_fen,
        }
    }))
}

#[derive(Default)]
struct Reach {
    sent: i64,
    delivered: i64,
    failed: i64,
    cost_fen: i64,
}

async fn deliveries(ctx: &Context, ids: &[CampaignId]) -> Result<HashMap<CampaignId, Reach>> {
    use delivery::Column;
    let rows: Vec<(CampaignId, DeliveryState, i64, Option<i64>)> = delivery::Entity::find()
        .select_only()
        .columns([Column::CampaignId, Column::State])
        .column_as(Column::Id.count(), "deliveries")
        .column_as(Column::CostFen.sum().cast_as("bigint"), "cost")
        .filter(Column::CampaignId.is_in(ids.iter().copied()))
        .group_by(Column::CampaignId)
        .group_by(Column::State)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut reach: HashMap<CampaignId, Reach> = HashMap::new();
    for (id, state, count, cost) in rows {
        let entry = reach.entry(id).or_default();
        entry.cost_fen += cost.unwrap_or_default();
        match state {
            DeliveryState::Delivered => {
                entry.sent += count;
                entry.delivered += count;
            }
            DeliveryState::Sent | DeliveryState::Bounced => entry.sent += count,
            DeliveryState::Failed => entry.failed += count,
            _ => {}
        }
    }
    Ok(reach)
}

#[derive(Default)]
struct CouponUse {
    coupons: i64,
    redeemed: i64,
    discount_fen: i64,
    order_fen: i64,
}

async fn coupons(ctx: &Context, ids: &[CampaignId]) -> Result<HashMap<CampaignId, CouponUse>> {
    let used: RelationDef = coupon::Entity::belongs_to(redemption::Entity)
        .from(coupon::Column::Id)
        .to(redemption::Column::CouponId)
        .on_condition(|_, right| {
            sea_orm::Condition::all()
                .add(sea_orm::sea_query::Expr::col((right, redemption::Column::ReversedAt)).is_null())
        })
        .into();
    type Row = (Option<Uuid>, i64, i64, Option<i64>, Option<i64>);
    let rows: Vec<Row> = coupon::Entity::find()
        .join(JoinType::LeftJoin, used)
        .select_only()
        .column(coupon::Column::SourceId)
        .column_as(coupon::Column::Id.count(), "coupons")
        .column_as(redemption::Column::Id.count(), "redeemed")
        .column_as(redemption::Column::DiscountFen.sum().cast_as("bigint"), "discount")
        .column_as(redemption::Column::AmountFen.sum().cast_as("bigint"), "orders")
        .filter(coupon::Column::Source.eq("campaign"))
        .filter(coupon::Column::SourceId.is_in(ids.iter().map(|id| id.0)))
        .filter(coupon::Column::TemplateId.in_subquery(templates(ids)))
        .group_by(coupon::Column::SourceId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let line = |(id, coupons, redeemed, discount, orders): Row| {
        let use_of = CouponUse {
            coupons,
            redeemed,
            discount_fen: discount.unwrap_or_default(),
            order_fen: orders.unwrap_or_default(),
        };
        Some((CampaignId(id?), use_of))
    };
    Ok(rows.into_iter().filter_map(line).collect())
}

/// Coupons are found by their template.
fn templates(ids: &[CampaignId]) -> sea_orm::sea_query::SelectStatement {
    use sea_orm::QueryTrait;
    campaign::Entity::find()
        .select_only()
        .column(campaign::Column::CouponTemplateId)
        .filter(campaign::Column::Id.is_in(ids.iter().copied()))
        .filter(campaign::Column::CouponTemplateId.is_not_null())
        .into_query()
}
