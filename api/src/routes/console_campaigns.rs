//! The console's campaigns as they are planned. `console_campaign_moves` moves them, `console_campaign_results` watches and
//! explains.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::campaign::{self, CampaignDraft, CampaignRow, Edit, FallbackStep, Recurrence, Variant};
use service::ids::{CampaignId, CouponTemplateId, SegmentId, StaffId};
use service::states::{CampaignState, Channel, Lane, MessageClass, OnCap};
use service::{Context, delivery::MessageDraft};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignBody {
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    segment_id: SegmentId,
    channel: Channel,
    /// `marketing` unless told. Transactional messages are exempt from caps and quiet hours.
    #[serde(default = "marketing")]
    class: MessageClass,
    /// What the member can opt out of, e.g. `offers`.
    #[serde(default = "offers")]
    topic: String,
    message: MessageDraft,
    /// A coupon that every receiver is given.
    coupon_template_id: Option<CouponTemplateId>,
    /// Nothing is sent from then on.
    offer_ends_at: Option<DateTime<Utc>>,
    #[schema(minimum = 1)]
    rate_per_second: Option<i32>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50)]
    holdout_percent: i32,
    /// What to do with a member at the frequency cap; `drop` unless told.
    #[serde(default = "on_cap")]
    on_cap: OnCap,
    /// `campaign` unless told; `journey` for what runs by itself.
    #[serde(default = "lane")]
    lane: Lane,
    /// Its part of the channel's rate beside other campaigns.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    weight: i32,
    /// Of two campaigns of one hour the higher takes a member's last cap slot.
    #[serde(default = "middle")]
    #[schema(minimum = 1, maximum = 9)]
    priority: i32,
    /// Where to go, in this order, when a channel is closed for a member.
    #[serde(default)]
    fallback: Vec<FallbackStep>,
    /// Wordings that are tried against each other; `message` is not sent when there are any.
    #[serde(default)]
    variants: Vec<Variant>,
    /// Campaigns of one experiment split their members in the same way.
    experiment: Option<String>,
    /// What it may cost; the send stops there.
    #[schema(minimum = 0)]
    budget_fen: Option<i64>,
    recurrence: Option<Recurrence>,
    /// How many days after its message a redemption or a purchase counts for it.
    #[serde(default = "week")]
    #[schema(minimum = 1, maximum = 90)]
    attribution_days: i32,
}

fn lane() -> Lane {
    Lane::Campaign
}

fn one() -> i32 {
    1
}

fn middle() -> i32 {
    5
}

fn week() -> i32 {
    7
}

fn marketing() -> MessageClass {
    MessageClass::Marketing
}

fn offers() -> String {
    "offers".to_owned()
}

fn on_cap() -> OnCap {
    OnCap::Drop
}

impl From<CampaignBody> for CampaignDraft {
    fn from(body: CampaignBody) -> Self {
        Self {
            name: body.name,
            segment_id: body.segment_id,
            channel: body.channel,
            class: body.class,
            topic: body.topic,
            message: body.message,
            coupon_template_id: body.coupon_template_id,
            offer_ends_at: body.offer_ends_at,
            rate_per_second: body.rate_per_second,
            holdout_percent: body.holdout_percent,
            on_cap: body.on_cap,
            lane: body.lane,
            weight: body.weight,
            priority: body.priority,
            fallback: body.fallback,
            variants: body.variants,
            experiment: body.experiment,
            budget_fen: body.budget_fen,
            recurrence: body.recurrence,
            attribution_days: body.attribution_days,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CampaignView {
    id: CampaignId,
    /// The recurring campaign that this one is a run of.
    parent_id: Option<CampaignId>,
    /// The day of that run, in the shop's zone.
    occurrence: Option<String>,
    name: String,
    segment_id: SegmentId,
    channel: Channel,
    class: MessageClass,
    topic: String,
    #[schema(value_type = MessageDraft)]
    message: serde_json::Value,
    coupon_template_id: Option<CouponTemplateId>,
    offer_ends_at: Option<DateTime<Utc>>,
    rate_per_second: Option<i32>,
    holdout_percent: i32,
    on_cap: OnCap,
    lane: Lane,
    weight: i32,
    priority: i32,
    #[schema(value_type = Vec<FallbackStep>)]
    fallback: serde_json::Value,
    #[schema(value_type = Vec<Variant>)]
    variants: serde_json::Value,
    experiment: Option<String>,
    budget_fen: Option<i64>,
    #[schema(value_type = Option<Recurrence>)]
    recurrence: Option<serde_json::Value>,
    attribution_days: i32,
    state: CampaignState,
    /// Why it is paused: `by_staff`, `error_rate`, or the platform's code.
    state_reason: Option<String>,
    /// What to mend before it is resumed.
    state_hint: Option<StateHintView>,
    version: i32,
    /// Who wrote this version.
    edited_by: Option<StaffId>,
    approved_by: Option<StaffId>,
    approved_at: Option<DateTime<Utc>>,
    /// The approval holds for this version only.
    approved_version: Option<i32>,
    scheduled_at: Option<DateTime<Utc>>,
    /// Of a recurring campaign: when it runs next.
    next_run_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    resumed_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    /// Members in the audience so far.
    audience_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What to mend, in the words for the console.
#[derive(Serialize, ToSchema)]
pub struct StateHintView {
    zh: &'static str,
    en: &'static str,
}

impl StateHintView {
    fn of(code: &str) -> Self {
        let hint = service::delivery::hint(code);
        Self { zh: hint.chinese, en: hint.english }
    }
}

impl CampaignView {
    pub fn of(row: CampaignRow) -> Self {
        Self {
            id: row.id,
            parent_id: row.parent_id,
            occurrence: row.occurrence,
            next_run_at: row.scheduled_at.filter(|_| row.state == CampaignState::Recurring),
            edited_by: row.edited_by,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            approved_version: row.approved_version,
            resumed_at: row.resumed_at,
            name: row.name,
            segment_id: row.segment_id,
            channel: row.channel,
            class: row.class,
            topic: row.topic,
            message: row.message,
            coupon_template_id: row.coupon_template_id,
            offer_ends_at: row.offer_ends_at,
            rate_per_second: row.rate_per_second,
            holdout_percent: row.holdout_percent,
            on_cap: row.on_cap,
            lane: row.lane,
            weight: row.weight,
            priority: row.priority,
            fallback: row.fallback,
            variants: row.variants,
            experiment: row.experiment,
            budget_fen: row.budget_fen,
            recurrence: row.recurrence,
            attribution_days: row.attribution_days,
            state: row.state,
            state_hint: row.state_reason.as_deref().map(StateHintView::of),
            state_reason: row.state_reason,
            version: row.version,
            scheduled_at: row.scheduled_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            audience_count: row.audience_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CampaignQuery {
    state: Option<CampaignState>,
    /// The runs of this recurring campaign alone.
    #[param(value_type = Option<String>)]
    parent_id: Option<CampaignId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u64>,
}

/// All campaigns, newest first.
#[utoipa::path(
    tag = "campaigns",
    params(CampaignQuery),
    responses((status = 200, body = PageView<CampaignView>)),
    security(("staff" = []))
)]
#[get("/v1/console/campaigns")]
pub async fn list_campaigns(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    query: Query<CampaignQuery>,
) -> Result<web::Json<PageView<CampaignView>>, Problem> {
    let Query(CampaignQuery { state, parent_id, cursor, limit }) = query;
    let page = service::page::PageRequest { cursor, limit };
    let page = campaign::list(&ctx, &caller.0, (state, parent_id), &page).await?;
    Ok(web::Json(PageView::of(page, CampaignView::of)))
}

/// Drafts a campaign.
#[utoipa::path(
    tag = "campaigns",
    request_body = CampaignBody,
    responses((status = 201, body = CampaignView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns")]
pub async fn create_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    body: Json<CampaignBody>,
) -> Result<HttpResponse, Problem> {
    let row = campaign::create(&ctx, &caller.0, body.0.into()).await?;
    Ok(HttpResponse::Created().json(CampaignView::of(row)))
}

/// One campaign.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = CampaignView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}")]
pub async fn get_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<CampaignView>, Problem> {
    Ok(web::Json(CampaignView::of(campaign::find(&ctx, &caller.0, id.0).await?)))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// The version that was read; refused when somebody has edited it meanwhile.
    version: Option<i32>,
}

/// Edits a campaign that does not send at this moment; makes a new version.
///
/// A draft, a scheduled, a recurring or a paused one. An edit voids the approval. Once it has started only words, rate, budget, the
/// offer's end, `on_cap`, weight and priority may change.
#[utoipa::path(
    tag = "campaigns",
    params(ChangeQuery),
    request_body = CampaignBody,
    responses((status = 200, body = CampaignView)),
    security(("staff" = []))
)]
#[put("/v1/console/campaigns/{id}")]
pub async fn change_campaign(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
    query: Query<ChangeQuery>,
    body: Json<CampaignBody>,
) -> Result<web::Json<CampaignView>, Problem> {
    let edit = Edit { draft: body.0.into(), version: query.0.version };
    Ok(web::Json(CampaignView::of(campaign::update(&ctx, &caller.0, id.0, edit).await?)))
}
