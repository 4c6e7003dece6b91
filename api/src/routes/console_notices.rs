//! Notices in the console: receipts and the like, and what became of them.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{MemberId, NoticeId};
use service::notice::{self, NoticeFilter, NoticeRow};
use service::page::PageRequest;
use service::states::{Channel, DeliveryState};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{StaffSession, permission};
use crate::input::Query;
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    state: Option<DeliveryState>,
    member_id: Option<MemberId>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct NoticeView {
    id: NoticeId,
    member_id: MemberId,
    /// `redemption_receipt` or `reversal_receipt`
    kind: String,
    /// The one that was tried last; the inbox has every notice.
    channel: Channel,
    state: DeliveryState,
    reason: Option<String>,
    attempts: i32,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl NoticeView {
    fn of(row: NoticeRow) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            kind: row.kind,
            channel: row.channel,
            state: row.state,
            reason: row.reason,
            attempts: row.attempts,
            created_at: row.created_at,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
        }
    }
}

/// Messages that belong to no campaign, newest first.
#[utoipa::path(
    tag = "console",
    params(NoticeQuery),
    responses((status = 200, body = PageView<NoticeView>)),
    security(("staff" = []))
)]
#[get("/v1/console/notices")]
pub async fn list_notices(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
    query: Query<NoticeQuery>,
) -> Result<web::Json<PageView<NoticeView>>, Problem> {
    let Query(NoticeQuery { state, member_id, cursor, limit }) = query;
    let filter = NoticeFilter { state, member_id };
    let page = notice::list_notices(&ctx, &caller.0, filter, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(PageView::of(page, NoticeView::of)))
}
