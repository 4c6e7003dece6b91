//! The console's campaigns in motion: approve, schedule, pause, resume, cancel, throttle, try on a few phones; how many members
//! a move touches; and the versions that there were.

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::campaign::{self, Impact, Moved, TestSend, VersionRow};
use service::ids::{CampaignId, StaffId};
use service::states::Channel;
use utoipa::ToSchema;

use super::console_campaigns::CampaignView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// The campaign after a move, and how many members it touches.
#[derive(Serialize, ToSchema)]
pub struct MovedView {
    #[serde(flatten)]
    campaign: CampaignView,
    impact: ImpactView,
}

impl MovedView {
    fn of(moved: Moved) -> Self {
        Self { campaign: CampaignView::of(moved.campaign), impact: ImpactView::of(moved.impact) }
    }
}

/// Members by how far their message is.
#[derive(Serialize, ToSchema)]
pub struct ImpactView {
    /// Not yet claimed: a pause holds them, a cancel ends them. Deferred ones are among them.
    waiting: i64,
    deferred: i64,
    /// A worker holds them at this moment; at most two seconds' worth.
    in_flight: i64,
    /// Called, whatever came of it.
    called: i64,
    /// Ended without a message.
    held_back: i64,
    /// Of a recurring campaign: its runs that go on by themselves.
    running_children: u64,
}

impl ImpactView {
    fn of(impact: Impact) -> Self {
        let Impact { waiting, deferred, in_flight, called, held_back, running_children } = impact;
        Self { waiting, deferred, in_flight, called, held_back, running_children }
    }
}

/// How many members a pause, a resume or a cancel would touch now.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = ImpactView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/impact")]
pub async fn show_impact(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<ImpactView>, Problem> {
    Ok(web::Json(ImpactView::of(campaign::impact(&ctx, &caller.0, id.0).await?)))
}

#[derive(Serialize, ToSchema)]
pub struct VersionView {
    version: i32,
    /// Everything that people write of a campaign, as it stood.
    #[schema(value_type = Object)]
    content: serde_json::Value,
    edited_by: Option<StaffId>,
    created_at: DateTime<Utc>,
}

impl VersionView {
    fn of(row: VersionRow) -> Self {
        let VersionRow { version, content, edited_by, created_at, .. } = row;
        Self { version, content, edited_by, created_at }
    }
}

/// The campaign's versions, newest first. A delivery tells which of them it was sent with.
#[utoipa::path(
    tag = "campaigns",
    params(PageQuery),
    responses((status = 200, body = PageView<VersionView>)),
    security(("staff" = []))
)]
#[get("/v1/console/campaigns/{id}/versions")]
pub async fn list_campaign_versions(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<VersionView>>, Problem> {
    let page = campaign::versions(&ctx, &caller.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, VersionView::of)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBody {
    /// The version that was read.
    version: i32,
}

/// Approves this version, for the brand that asks for a second person; not by who edited it last.
#[utoipa::path(
    tag = "campaigns",
    request_body = ApproveBody,
    responses((status = 200, body = CampaignView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns/{id}/approve")]
pub async fn approve_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::ApproveCampaigns>,
    id: Segments<CampaignId>,
    body: Json<ApproveBody>,
) -> Result<web::Json<CampaignView>, Problem> {
    Ok(web::Json(CampaignView::of(campaign::approve(&ctx, &caller.0, id.0, body.0.version).await?)))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleBody {
    /// When it starts; absent or null: as soon as possible.
    at: Option<DateTime<Utc>>,
}

/// Schedules a draft, or moves a scheduled one. Freezes the segment's rule as it is now. A recurring campaign waits for its first
/// occurrence from then on; each run is a campaign of its own.
#[utoipa::path(
    tag = "campaigns",
    request_body = ScheduleBody,
    responses((status = 200, body = CampaignView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns/{id}/schedule")]
pub async fn schedule_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
    body: Json<ScheduleBody>,
) -> Result<web::Json<CampaignView>, Problem> {
    Ok(web::Json(CampaignView::of(campaign::schedule(&ctx, &caller.0, id.0, body.0.at).await?)))
}

/// Holds a running campaign; takes hold on every worker within two seconds.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = MovedView)), security(("staff" = [])))]
#[post("/v1/console/campaigns/{id}/pause")]
pub async fn pause_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<MovedView>, Problem> {
    Ok(web::Json(MovedView::of(campaign::pause(&ctx, &caller.0, id.0).await?)))
}

/// Goes on with a paused campaign where it stopped.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = MovedView)), security(("staff" = [])))]
#[post("/v1/console/campaigns/{id}/resume")]
pub async fn resume_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<MovedView>, Problem> {
    Ok(web::Json(MovedView::of(campaign::resume(&ctx, &caller.0, id.0).await?)))
}

/// Ends a campaign for good: what is not yet on its way is not sent.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = MovedView)), security(("staff" = [])))]
#[post("/v1/console/campaigns/{id}/cancel")]
pub async fn cancel_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<MovedView>, Problem> {
    Ok(web::Json(MovedView::of(campaign::cancel(&ctx, &caller.0, id.0).await?)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThrottleBody {
    /// Messages per second; null: only the channel's rate.
    #[schema(minimum = 1)]
    rate_per_second: Option<i32>,
}

/// Changes the rate, also while the campaign runs.
#[utoipa::path(
    tag = "campaigns",
    request_body = ThrottleBody,
    responses((status = 200, body = MovedView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns/{id}/throttle")]
pub async fn throttle_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
    body: Json<ThrottleBody>,
) -> Result<web::Json<MovedView>, Problem> {
    let moved = campaign::throttle(&ctx, &caller.0, id.0, body.0.rate_per_second).await?;
    Ok(web::Json(MovedView::of(moved)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestSendBody {
    /// Phone numbers of members, at most 10.
    #[schema(min_items = 1, max_items = 10)]
    phones: Vec<String>,
    /// Which variant; absent or null: the campaign's message, or its first variant's.
    #[serde(default)]
    variant: Option<String>,
    /// 0: the campaign's channel alone; n: the n-th of its fall-back alone; absent or null: the first that is open.
    #[serde(default)]
    step: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct TestSendView {
    results: Vec<TestResultView>,
}

#[derive(Serialize, ToSchema)]
pub struct TestResultView {
    /// Masked.
    phone: String,
    sent: bool,
    /// Of the fall-back order the one that was open; null where none was.
    channel: Option<Channel>,
    /// The reason's or the platform's code where it was not sent.
    code: Option<String>,
    /// How many parts the SMS is charged as; 0 on other channels.
    sms_segments: i64,
    /// What such a message costs, the coupon that goes with it included.
    cost_fen: i64,
}

/// Sends the message as it stands to a few named members, past caps, quiet hours and hold-out but never past an opt-out or a lost
/// consent.
#[utoipa::path(
    tag = "campaigns",
    request_body = TestSendBody,
    responses((status = 200, body = TestSendView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns/{id}/test-send")]
pub async fn test_send_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
    body: Json<TestSendBody>,
) -> Result<web::Json<TestSendView>, Problem> {
    let TestSendBody { phones, variant, step } = body.0;
    let test = TestSend { phones, variant, step };
    let results = campaign::test_send(&ctx, &caller.0, id.0, test).await?;
    let results = results
        .into_iter()
        .map(|result| TestResultView {
            phone: result.phone,
            sent: result.code.is_none(),
            channel: result.channel,
            code: result.code,
            sms_segments: result.sms_segments,
            cost_fen: result.cost_fen,
        })
        .collect();
    Ok(web::Json(TestSendView { results }))
}
