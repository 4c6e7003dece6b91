//! The redemptions of a day by hour and store.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::StoreId;
use service::report::{self, RedemptionDay, RedemptionSums, StoreRedemptions};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::Query;
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// A day of the shop's zone, today unless told.
    day: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
pub struct RedemptionDayView {
    /// The shop's, whose day and hours these are.
    zone: String,
    day: NaiveDate,
    total: RedemptionSumsView,
    /// Every hour of the day; there are 23 or 25 where clocks change.
    hours: Vec<RedemptionHourView>,
    /// The one that redeemed most first; who is limited to stores sees these.
    stores: Vec<StoreRedemptionsView>,
}

#[derive(Serialize, ToSchema)]
pub struct RedemptionSumsView {
    /// Those that were not taken back.
    redemptions: i64,
    discount_fen: i64,
    /// The orders that they were used for, before the discount.
    sales_fen: i64,
    /// Those that were taken back, by when they had been made.
    reversed: i64,
}

#[derive(Serialize, ToSchema)]
pub struct RedemptionHourView {
    /// When the hour begins.
    from: DateTime<Utc>,
    #[serde(flatten)]
    sums: RedemptionSumsView,
}

#[derive(Serialize, ToSchema)]
pub struct StoreRedemptionsView {
    store_id: StoreId,
    code: String,
    name: String,
    #[serde(flatten)]
    sums: RedemptionSumsView,
    /// Hours in which nothing was redeemed are left out.
    hours: Vec<StoreHourView>,
}

#[derive(Serialize, ToSchema)]
pub struct StoreHourView {
    /// Its place among the day's hours, from 0.
    hour: usize,
    #[serde(flatten)]
    sums: RedemptionSumsView,
}

impl From<RedemptionSums> for RedemptionSumsView {
    fn from(sums: RedemptionSums) -> Self {
        let RedemptionSums { redemptions, discount_fen, sales_fen, reversed } = sums;
        Self { redemptions, discount_fen, sales_fen, reversed }
    }
}

impl From<StoreRedemptions> for StoreRedemptionsView {
    fn from(line: StoreRedemptions) -> Self {
        let hour = |(hour, sums): (usize, RedemptionSums)| StoreHourView { hour, sums: sums.into() };
        Self {
            store_id: line.store_id,
            code: line.code,
            name: line.name,
            sums: line.total.into(),
            hours: line.hours.into_iter().map(hour).collect(),
        }
    }
}

impl From<RedemptionDay> for RedemptionDayView {
    fn from(report: RedemptionDay) -> Self {
        let hour =
            |(from, sums): (DateTime<Utc>, RedemptionSums)| RedemptionHourView { from, sums: sums.into() };
        Self {
            zone: report.zone.to_string(),
            day: report.day,
            total: report.total.into(),
            hours: report.hours.into_iter().map(hour).collect(),
            stores: report.stores.into_iter().map(Into::into).collect(),
        }
    }
}

/// What was redeemed on a day, by hour and store; reversals are counted apart.
#[utoipa::path(
    tag = "reports",
    params(DayQuery),
    responses((status = 200, body = RedemptionDayView)),
    security(("staff" = [])),
)]
#[get("/v1/console/reports/redemptions")]
pub async fn watch_redemptions(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadReports>,
    query: Query<DayQuery>,
) -> Result<web::Json<RedemptionDayView>, Problem> {
    Ok(web::Json(report::watch_redemptions(&ctx, &staff.0, query.0.day).await?.into()))
}
