//! A campaign's failed deliveries by cause, and putting them back once the cause is mended.

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::campaign::{self, Failure, Replay, Replayed};
use service::delivery::Reason;
use service::ids::CampaignId;
use service::states::{CampaignState, DeliveryState};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Segments};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct FailuresView {
    items: Vec<FailureView>,
}

/// Deliveries that failed for one cause.
#[derive(Serialize, ToSchema)]
pub struct FailureView {
    state: DeliveryState,
    reason: Option<String>,
    chinese: Option<String>,
    english: Option<String>,
    /// The platform's, of the last attempt.
    code: Option<String>,
    deliveries: i64,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    /// False for those that may have arrived.
    can_be_replayed: bool,
}

impl FailureView {
    fn of(failure: Failure) -> Self {
        let words = failure.reason.as_deref().and_then(Reason::from_code);
        Self {
            state: failure.state,
            reason: failure.reason,
            chinese: words.map(|reason| reason.chinese().to_owned()),
            english: words.map(|reason| reason.english().to_owned()),
            code: failure.code,
            deliveries: failure.deliveries,
            first_at: failure.first_at,
            last_at: failure.last_at,
            can_be_replayed: failure.state == DeliveryState::Failed,
        }
    }
}

/// The campaign's failed and unknown deliveries by reason and platform code, the most frequent first.
#[utoipa::path(tag = "campaigns", responses((status = 200, body = FailuresView)), security(("staff" = [])))]
#[get("/v1/console/campaigns/{id}/failures")]
pub async fn list_failures(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    id: Segments<CampaignId>,
) -> Result<web::Json<FailuresView>, Problem> {
    let items = campaign::failures(&ctx, &caller.0, id.0).await?;
    Ok(web::Json(FailuresView { items: items.into_iter().map(FailureView::of).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayFailuresBody {
    reason: String,
    /// Only those whose last attempt got this code.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ReplayedFailuresView {
    /// How many went back; 0 when there were none left.
    deliveries: u64,
    state: CampaignState,
}

/// Puts failed deliveries of one cause back, to pass every gate again. A completed campaign sends again. Never those that may
/// have arrived.
#[utoipa::path(
    tag = "campaigns",
    request_body = ReplayFailuresBody,
    responses((status = 200, body = ReplayedFailuresView)),
    security(("staff" = []))
)]
#[post("/v1/console/campaigns/{id}/failures/replay")]
pub async fn replay_failures(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCampaigns>,
    id: Segments<CampaignId>,
    body: Json<ReplayFailuresBody>,
) -> Result<web::Json<ReplayedFailuresView>, Problem> {
    let ReplayFailuresBody { reason, code } = body.0;
    let Replayed { campaign, deliveries } =
        campaign::replay_failures(&ctx, &caller.0, id.0, Replay { reason, code }).await?;
    Ok(web::Json(ReplayedFailuresView { deliveries, state: campaign.state }))
}
