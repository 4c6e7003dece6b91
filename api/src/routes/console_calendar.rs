//! The campaigns of some days, and where they meet.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::campaign::{self, Calendar, Crowd, Planned};
use service::ids::CampaignId;
use service::states::{CampaignState, Channel, MessageClass};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::Query;
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// The first day, in the shop's zone.
    from: NaiveDate,
    /// The last day, included; at most 74 days after the first.
    until: NaiveDate,
}

#[derive(Serialize, ToSchema)]
pub struct CalendarView {
    /// IANA name; the days are the shop's.
    zone: String,
    /// In the order of their times.
    items: Vec<CalendarItemView>,
    /// The days to come on which members stand in the audiences of several marketing campaigns.
    days: Vec<CrowdedDayView>,
}

#[derive(Serialize, ToSchema)]
pub struct CalendarItemView {
    /// Of a planned occurrence: the recurring campaign.
    campaign_id: CampaignId,
    /// The recurring campaign that it is an occurrence of.
    parent_id: Option<CampaignId>,
    name: String,
    state: CampaignState,
    channel: Channel,
    class: MessageClass,
    /// When it started, or will.
    at: DateTime<Utc>,
    day: NaiveDate,
    /// A run to come of a recurring campaign.
    is_planned_occurrence: bool,
    /// Its audience; of one that has not started, those whom its rule picks now.
    members: i64,
}

impl From<Planned> for CalendarItemView {
    fn from(planned: Planned) -> Self {
        let Planned { campaign, at, day, is_occurrence, members } = planned;
        Self {
            campaign_id: campaign.id,
            parent_id: campaign.parent_id,
            name: campaign.name,
            state: campaign.state,
            channel: campaign.channel,
            class: campaign.class,
            at,
            day,
            is_planned_occurrence: is_occurrence,
            members,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CrowdedDayView {
    day: NaiveDate,
    /// By the rules now; each member is counted once, in the line of how many audiences they stand in.
    crowded: Vec<CrowdView>,
}

#[derive(Serialize, ToSchema)]
pub struct CrowdView {
    /// 2 or more.
    messages: i64,
    members: i64,
}

impl From<Calendar> for CalendarView {
    fn from(calendar: Calendar) -> Self {
        let crowd = |Crowd { messages, members }| CrowdView { messages, members };
        let day = |(day, crowds): (NaiveDate, Vec<Crowd>)| CrowdedDayView {
            day,
            crowded: crowds.into_iter().map(crowd).collect(),
        };
        Self {
            zone: calendar.zone.name().to_owned(),
            items: calendar.items.into_iter().map(Into::into).collect(),
            days: calendar.crowded.into_iter().map(day).collect(),
        }
    }
}

/// The campaigns of some days, runs to come of recurring ones with them, and whom several would reach on one day.
#[utoipa::path(
    tag = "campaigns",
    params(CalendarQuery),
    responses((status = 200, body = CalendarView)),
    security(("staff" = [])),
)]
#[get("/v1/console/calendar")]
pub async fn show_calendar(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    query: Query<CalendarQuery>,
) -> Result<web::Json<CalendarView>, Problem> {
    let CalendarQuery { from, until } = query.0;
    Ok(web::Json(campaign::calendar(&ctx, &caller.0, (from, until)).await?.into()))
}
