//! Trade by day, in sum, and against as many days before.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use entity::states::DeliveryState;
use entity::{campaign, coupon, delivery, member, opt_out_event, purchase, redemption, refund};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select};

use super::period::{Period, day_of, quarter, seen_by};
use crate::context::Context;
use crate::error::Result;
use crate::ids::{self, CampaignId};
use crate::staff::{Permission, StaffCaller, StoreScope};

#[derive(Debug, Clone)]
pub struct TradeReport {
    pub zone: Tz,
    pub period: Period,
    pub days: Vec<TradeDay>,
    pub total: Figures,
    /// Of the days before.
    pub before: Figures,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TradeDay {
    pub day: NaiveDate,
    pub orders: i64,
    /// What was paid, refunds not taken off.
    pub sales_fen: i64,
    /// What was given back on that day, whenever it was paid.
    pub refunded_fen: i64,
    pub new_members: i64,
    pub redemptions: i64,
    pub discount_fen: i64,
    pub messages: i64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub orders: i64,
    pub sales_fen: i64,
    pub refunded_fen: i64,
    /// Members who bought something.
    pub buyers: u64,
    /// Those of them who had bought before the period began.
    pub returning_buyers: u64,
    pub new_members: i64,
    pub coupons_claimed: u64,
    pub redemptions: i64,
    pub discount_fen: i64,
    pub messages: i64,
    /// A channel or topic was said no to.
    pub opt_outs: u64,
}

pub async fn report_trade(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<TradeReport> {
    staff.require(Permission::ReadReports)?;
    let days = by_day(ctx, staff, period).await?;
    let total = figures(ctx, staff, period, &days).await?;
    let earlier = period.before();
    let days_before = by_day(ctx, staff, earlier).await?;
    let before = figures(ctx, staff, earlier, &days_before).await?;
    Ok(TradeReport { zone: ctx.settings.timezone, period, days, total, before })
}

async fn figures(ctx: &Context, staff: &StaffCaller, period: Period, days: &[TradeDay]) -> Result<Figures> {
    let sum = |of: fn(&TradeDay) -> i64| days.iter().map(of).sum();
    let (buyers, returning_buyers) = buyers(ctx, staff, period).await?;
    Ok(Figures {
        orders: sum(|day| day.orders),
        sales_fen: sum(|day| day.sales_fen),
        refunded_fen: sum(|day| day.refunded_fen),
        buyers,
        returning_buyers,
        new_members: sum(|day| day.new_members),
        coupons_claimed: claimed(ctx, staff, period).await?,
        redemptions: sum(|day| day.redemptions),
        discount_fen: sum(|day| day.discount_fen),
        messages: sum(|day| day.messages),
        opt_outs: opt_outs(ctx, staff, period).await?,
    })
}

async fn by_day(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<Vec<TradeDay>> {
    let mut days: BTreeMap<NaiveDate, TradeDay> =
        period.days().map(|day| (day, TradeDay { day, ..TradeDay::default() })).collect();
    let sold = purchase::Entity::find().filter(seen_by(staff, purchase::Column::StoreId));
    for (day, orders, fen) in
        sums(ctx, sold, purchase::Column::PurchasedAt, purchase::Column::TotalFen, period).await?
    {
        days.entry(day).and_modify(|row| {
            row.orders += orders;
            row.sales_fen += fen;
        });
    }
    let refunds = refund::Entity::find().filter(seen_by(staff, refund::Column::StoreId));
    for (day, _, fen) in
        sums(ctx, refunds, refund::Column::RefundedAt, refund::Column::AmountFen, period).await?
    {
        days.entry(day).and_modify(|row| row.refunded_fen += fen);
    }
    let redeemed = redemption::Entity::find()
        .filter(seen_by(staff, redemption::Column::StoreId))
        .filter(redemption::Column::ReversedAt.is_null());
    for (day, count, fen) in
        sums(ctx, redeemed, redemption::Column::RedeemedAt, redemption::Column::DiscountFen, period).await?
    {
        days.entry(day).and_modify(|row| {
            row.redemptions += count;
            row.discount_fen += fen;
        });
    }
    let enrolled = member::Entity::find().filter(seen_by(staff, member::Column::HomeStoreId));
    for (day, count) in counts(ctx, enrolled, member::Column::CreatedAt, period).await? {
        days.entry(day).and_modify(|row| row.new_members += count);
    }
    if staff.stores == StoreScope::All {
        let sent = delivery::Entity::find()
            .filter(delivery::Column::CampaignId.is_in(campaigns_within(ctx, period).await?))
            .filter(delivery::Column::State.is_in([
                DeliveryState::Sent,
                DeliveryState::Delivered,
                DeliveryState::Bounced,
            ]));
        for (day, count) in counts(ctx, sent, delivery::Column::SentAt, period).await? {
            days.entry(day).and_modify(|row| row.messages += count);
        }
    }
    Ok(days.into_values().collect())
}

/// Day, rows and the sum of a column.
async fn sums<E: EntityTrait, C: ColumnTrait>(
    ctx: &Context,
    rows: Select<E>,
    at: C,
    fen: C,
    period: Period,
) -> Result<Vec<(NaiveDate, i64, i64)>> {
    let slot = quarter(ctx.db.backend(), at);
    let rows: Vec<(i64, i64, Option<i64>)> = rows
        .filter(within(ctx, at, period))
        .select_only()
        .column_as(slot.clone(), "slot")
        .column_as(Expr::cust("count(*)"), "rows")
        .column_as(fen.sum().cast_as("bigint"), "fen")
        .group_by(slot)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let day =
        |(slot, count, fen): (i64, i64, Option<i64>)| Some((day_of(ctx, slot)?, count, fen.unwrap_or(0)));
    Ok(rows.into_iter().filter_map(day).collect())
}

pub(super) async fn counts<E: EntityTrait, C: ColumnTrait>(
    ctx: &Context,
    rows: Select<E>,
    at: C,
    period: Period,
) -> Result<Vec<(NaiveDate, i64)>> {
    let slot = quarter(ctx.db.backend(), at);
    let rows: Vec<(i64, i64)> = rows
        .filter(within(ctx, at, period))
        .select_only()
        .column_as(slot.clone(), "slot")
        .column_as(Expr::cust("count(*)"), "rows")
        .group_by(slot)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().filter_map(|(slot, count)| Some((day_of(ctx, slot)?, count))).collect())
}

fn within<C: ColumnTrait>(ctx: &Context, at: C, period: Period) -> Condition {
    Condition::all().add(at.gte(period.from(ctx))).add(at.lt(period.until(ctx)))
}

async fn buyers(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<(u64, u64)> {
    let bought = purchase::Entity::find()
        .select_only()
        .column(purchase::Column::MemberId)
        .filter(within(ctx, purchase::Column::PurchasedAt, period))
        .filter(seen_by(staff, purchase::Column::StoreId))
        .into_query();
    let buyers = member::Entity::find().filter(member::Column::Id.in_subquery(bought));
    let before = member::Column::FirstPurchaseAt.lt(period.from(ctx));
    let returning = buyers.clone().filter(before).count(ctx.db.read()).await?;
    Ok((buyers.count(ctx.db.read()).await?, returning))
}

/// An id never tells an earlier time than its row's, so the primary key leaves the older ones out.
async fn claimed(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<u64> {
    if staff.stores != StoreScope::All {
        return Ok(0);
    }
    let coupons = coupon::Entity::find()
        .filter(coupon::Column::Id.gte(ids::first_of(period.from(ctx))))
        .filter(within(ctx, coupon::Column::ClaimedAt, period));
    Ok(coupons.count(ctx.db.read()).await?)
}

async fn opt_outs(ctx: &Context, staff: &StaffCaller, period: Period) -> Result<u64> {
    if staff.stores != StoreScope::All {
        return Ok(0);
    }
    let noes = opt_out_event::Entity::find()
        .filter(opt_out_event::Column::Id.gte(ids::first_of(period.from(ctx))))
        .filter(within(ctx, opt_out_event::Column::CreatedAt, period))
        .filter(opt_out_event::Column::Change.eq("opted_out"));
    Ok(noes.count(ctx.db.read()).await?)
}

/// Campaigns that may have sent something in the period.
async fn campaigns_within(ctx: &Context, period: Period) -> Result<Vec<CampaignId>> {
    Ok(campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::StartedAt.lt(period.until(ctx)))
        .filter(
            campaign::Column::CompletedAt.is_null().or(campaign::Column::CompletedAt.gte(period.from(ctx))),
        )
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}
