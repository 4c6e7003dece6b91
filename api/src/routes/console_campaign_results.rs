//! What becomes of a campaign: progress, deliveries, and why.

use std::time::Duration;

use actix_web::http::header::ACCEPT;
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::campaign::{self, DeliveryFilter, Progress};
use service::ids::{CampaignId, MemberId};
use service::member::MemberFilter;
use service::staff::StaffCaller;
use service::states::{CampaignState, DeliveryState};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};

use super::delivery_view::{DeliveryView, ExplanationView};
use super::member_brief::MemberBriefView;
use crate::auth::{StaffSession, permission};
use crate::input::{Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;
use crate::server::Stopping;

/// How often a progress stream tells.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    state: CampaignState,
    state_reason: Option<String>,
    audience_count: i64,
    lines: Vec<ProgressLineView>,
    /// Messages per second, over the last ten seconds.
    per_second: f64,
    /// When the last one will have been worked off; null: it does not run.
    ends_at: Option<DateTime<Utc>>,
    /// The last of the deferred is looked at again then.
    deferred_until: Option<DateTime<Utc>>,
    cost_fen: i64,
    /// When it was counted.
    as_of: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct ProgressLineView {
    state: DeliveryState,
    reason: Option<String>,
    deliveries: i64,
}

/// Deliveries by state and reason: once as JSON, or, for `Accept: text/event-stream`, every second until the campaign has ended.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = ProgressView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/progress")]
pub async fn show_progress(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let first = progress_view(campaign::progress(&ctx, &caller.0, id.0).await?);
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        return Ok(HttpResponse::Ok().json(first));
    }
    let stopping =
        request.app_data::<Data<Stopping>>().map(|stopping| stopping.0.clone()).unwrap_or_default();
    let told = Told::Nothing(Box::new(first));
    let following = Following { ctx, caller: caller.0, id: id.0, told, stopping };
    let events = futures_util::stream::unfold(following, Following::event);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-cache"))
        // Compression would hold events back until it has enough of them.
        .insert_header(("Content-Encoding", "identity"))
        .streaming(events))
}

/// A progress stream: tells what it has, then waits and looks again; ends after the campaign's last state.
struct Following {
    ctx: Data<Context>,
    caller: StaffCaller,
    id: CampaignId,
    told: Told,
    stopping: CancellationToken,
}

/// How far a stream is.
enum Told {
    Nothing(Box<ProgressView>),
    Something,
    Everything,
}

impl Following {
    async fn event(mut self) -> Option<(Result<Bytes, actix_web::Error>, Self)> {
        let view = match std::mem::replace(&mut self.told, Told::Something) {
            Told::Nothing(first) => *first,
            Told::Something => {
                tokio::select! {
                    () = self.stopping.cancelled() => return None,
                    () = tokio::time::sleep(PROGRESS_EVERY) => {}
                }
                progress_view(campaign::follow(&self.ctx, &self.caller, self.id).await.ok()?)
            }
            Told::Everything => return None,
        };
        let json = serde_json::to_string(&view).ok()?;
        if matches!(view.state, CampaignState::Completed | CampaignState::Cancelled) {
            self.told = Told::Everything;
        }
        let event = Bytes::from(format!("event: progress\ndata: {json}\n\n"));
        Some((Ok(event), self))
    }
}

fn progress_view(progress: Progress) -> ProgressView {
    let counts = progress.counts;
    let lines = counts
        .lines
        .into_iter()
        .map(|line| ProgressLineView { state: line.state, reason: line.reason, deliveries: line.deliveries })
        .collect();
    ProgressView {
        state: progress.campaign.state,
        state_reason: progress.campaign.state_reason,
        audience_count: progress.campaign.audience_count,
        lines,
        per_second: counts.per_second,
        ends_at: progress.ends_at,
        deferred_until: counts.deferred_until,
        cost_fen: counts.cost_fen,
        as_of: counts.as_of,
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    state: Option<DeliveryState>,
    /// A reason's code.
    reason: Option<String>,
    /// A variant's name.
    variant: Option<String>,
    /// The member's card number, or how the name begins.
    q: Option<String>,
    /// The member's full phone number; parts of one find nobody.
    phone: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 50 unless told, at most 200.
    limit: Option<u64>,
}

/// A delivery and whom it is for.
#[derive(Serialize, ToSchema)]
pub struct AddressedDeliveryView {
    #[serde(flatten)]
    delivery: DeliveryView,
    member: Option<MemberBriefView>,
}

impl AddressedDeliveryView {
    fn of(ctx: &Context, one: campaign::AddressedDelivery) -> Result<Self, Problem> {
        let member = one.member.map(|row| MemberBriefView::of(ctx, row)).transpose()?;
        Ok(Self { delivery: DeliveryView::of(one.delivery), member })
    }
}

/// The campaign's deliveries.
#[utoipa::path(
    tag = "campaigns",
    params(DeliveryQuery),
    responses((status = 200, body = PageView<AddressedDeliveryView>)),
    security(("staff" = []))
)]
#[get("/v1/console/campaigns/{id}/deliveries")]
pub async fn list_deliveries(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
    query: Query<DeliveryQuery>,
) -> Result<web::Json<PageView<AddressedDeliveryView>>, Problem> {
    let Query(DeliveryQuery { state, reason, variant, q, phone, cursor, limit }) = query;
    let page = service::page::PageRequest { cursor, limit };
    let filter = DeliveryFilter { state, reason, variant, member: MemberFilter { q, phone, tag: None } };
    let page = campaign::deliveries(&ctx, &caller.0, id.0, filter, &page).await?;
    let items = page.items.into_iter().map(|one| AddressedDeliveryView::of(&ctx, one));
    Ok(web::Json(PageView { items: items.collect::<Result<_, _>>()?, next_cursor: page.next_cursor }))
}

/// Why: what happened to the message for one member, and what each gate sees now.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = ExplanationView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/members/{member_id}/explanation")]
pub async fn explain_delivery(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    ids: Segments<(CampaignId, MemberId)>,
) -> Result<web::Json<ExplanationView>, Problem> {
    let (id, member_id) = ids.0;
    Ok(web::Json(ExplanationView::of(campaign::explain(&ctx, &caller.0, id, member_id).await?)))
}
