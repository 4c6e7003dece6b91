//! Members in the console: found, shown masked, disabled and enabled; the full phone only for a reason that is kept.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{MemberId, StoreId, TagId};
use service::member::{self, MemberFilter, MemberRow, TimelineEntry, TimelineKind};
use service::page::{Page, PageRequest};
use service::states::{AgeBand, Gender, IdentityProvider, MemberState};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::console_tags::CarriedTagView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberQuery {
    /// A full number; a part of one finds nobody.
    phone: Option<String>,
    /// A card number, or how a name begins.
    q: Option<String>,
    #[param(value_type = Option<String>)]
    tag: Option<TagId>,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub struct MemberView {
    id: MemberId,
    card_number: String,
    name: Option<String>,
    /// Masked, e.g. `138****5678`.
    phone: Option<String>,
    state: MemberState,
    home_store_id: Option<StoreId>,
    purchase_count: i64,
    purchase_total_fen: i64,
    last_purchase_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl MemberView {
    pub fn of(ctx: &Context, member: &MemberRow) -> Result<Self, Problem> {
        Ok(Self {
            id: member.id,
            card_number: member.card_number.clone(),
            name: member.name.clone(),
            phone: member::masked_phone(ctx, member)?,
            state: member.state,
            home_store_id: member.home_store_id,
            purchase_count: member.purchase_count,
            purchase_total_fen: member.purchase_total_fen,
            last_purchase_at: member.last_purchase_at,
            created_at: member.created_at,
        })
    }

    fn page(ctx: &Context, page: Page<MemberRow>) -> Result<PageView<Self>, Problem> {
        let next_cursor = page.next_cursor;
        let items = page.items.iter().map(|member| Self::of(ctx, member)).collect::<Result<_, _>>()?;
        Ok(PageView { items, next_cursor })
    }
}

#[derive(Serialize, ToSchema)]
pub struct MemberDetailView {
    #[serde(flatten)]
    member: MemberView,
    gender: Option<Gender>,
    birthday: Option<NaiveDate>,
    zone: Option<String>,
    marketing_consent: bool,
    marketing_consent_at: Option<DateTime<Utc>>,
    first_purchase_at: Option<DateTime<Utc>>,
    /// Where the member came from: `wechat`, `sms`, `alipay`, `import`, `staff`.
    source: String,
    /// How the member can be recognised.
    identities: Vec<IdentityProvider>,
    age_band: Option<AgeBand>,
    occupation: Option<String>,
    tags: Vec<CarriedTagView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhoneReveal {
    /// Why the number is needed; it is kept.
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct PhoneView {
    /// Null while no phone is proven.
    phone: Option<String>,
}

/// Members, newest first. Staff limited to stores must give a full phone or card number.
#[utoipa::path(
    tag = "console",
    params(MemberQuery),
    responses((status = 200, body = PageView<MemberView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members")]
pub async fn search_members(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    query: Query<MemberQuery>,
) -> Result<web::Json<PageView<MemberView>>, Problem> {
    let Query(MemberQuery { phone, q, tag, cursor, limit }) = query;
    let filter = MemberFilter { phone, q, tag };
    let page = member::search_members(&ctx, &caller.0, filter, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(MemberView::page(&ctx, page)?))
}

/// One member, masked.
#[utoipa::path(tag = "console", responses((status = 200, body = MemberDetailView)), security(("staff" = [])))]
#[get("/v1/console/members/{id}")]
pub async fn get_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<MemberDetailView>, Problem> {
    let record = member::get_member(&ctx, &caller.0, id.0).await?;
    let member = record.member;
    Ok(web::Json(MemberDetailView {
        member: MemberView::of(&ctx, &member)?,
        gender: member.gender,
        birthday: member.birthday,
        age_band: member::age_band(&ctx, &member),
        occupation: member.occupation.clone(),
        zone: member.zone,
        marketing_consent: member.marketing_consent,
        marketing_consent_at: member.marketing_consent_at,
        first_purchase_at: member.first_purchase_at,
        source: member.source,
        identities: record.providers,
        tags: record.tags.into_iter().map(CarriedTagView::of).collect(),
    }))
}

/// The full phone number; who looked and why is kept in the audit log.
#[utoipa::path(
    tag = "console",
    request_body = PhoneReveal,
    responses((status = 200, body = PhoneView)),
    security(("staff" = []))
)]
#[post("/v1/console/members/{id}/phone-reveals")]
pub async fn reveal_phone(
    ctx: Data<Context>,
    caller: StaffSession<permission::RevealPhones>,
    id: Segments<MemberId>,
    body: Json<PhoneReveal>,
) -> Result<web::Json<PhoneView>, Problem> {
    let phone = member::reveal_phone(&ctx, &caller.0, id.0, &body.0.reason).await?;
    Ok(web::Json(PhoneView { phone: phone.map(|phone| phone.expose().to_owned()) }))
}

/// Why a member's data is handed out or deleted: who asked, and how they proved to be the member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRequest {
    #[schema(max_length = 200)]
    reason: String,
}

/// A copy of everything that is held on a member who asked for it; who took it and why is kept in the audit log.
#[utoipa::path(
    tag = "console",
    request_body = DataRequest,
    responses((status = 200, body = Object)),
    security(("staff" = []))
)]
#[post("/v1/console/members/{id}/exports")]
pub async fn export_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::AnswerDataRequests>,
    id: Segments<MemberId>,
    body: Json<DataRequest>,
) -> Result<web::Json<serde_json::Value>, Problem> {
    Ok(web::Json(member::export_member(&ctx, &caller.0, id.0, &body.0.reason).await?))
}

/// Deletes a member who asked for it: personal data goes, messages stop, purchases stay under a pseudonym. Can't be taken back.
#[utoipa::path(
    tag = "console",
    request_body = DataRequest,
    responses((status = 204, description = "The membership is deleted.")),
    security(("staff" = []))
)]
#[post("/v1/console/members/{id}/deletion")]
pub async fn delete_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::AnswerDataRequests>,
    id: Segments<MemberId>,
    body: Json<DataRequest>,
) -> Result<HttpResponse, Problem> {
    member::delete_member(&ctx, &caller.0, id.0, &body.0.reason).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKindView {
    /// `code` says how the member came.
    Enrolled,
    /// `reason` is the order number, `code` where it was recorded.
    Purchase,
    Refund,
    /// `code` is the kind of entry; pending points are among `points`.
    Points,
    /// `code` says what gave it.
    CouponClaimed,
    /// `amount_fen` is what it took off; `code` is `used` or `reversed`.
    CouponRedeemed,
    /// `subject` is the tier that the member came to.
    TierChanged,
    /// Of a campaign; `code` is the delivery's state.
    Message,
    /// Of no campaign; `subject` is its kind.
    Notice,
    /// `subject` is `channel/topic`, `code` is `opted_out` or `opted_in`, `reason` says by what.
    OptOut,
    /// What staff did; `code` is the act. For who may read the audit log.
    Act,
}

impl From<TimelineKind> for TimelineKindView {
    fn from(kind: TimelineKind) -> Self {
        match kind {
            TimelineKind::Enrolled => Self::Enrolled,
            TimelineKind::Purchase => Self::Purchase,
            TimelineKind::Refund => Self::Refund,
            TimelineKind::Points => Self::Points,
            TimelineKind::CouponClaimed => Self::CouponClaimed,
            TimelineKind::CouponRedeemed => Self::CouponRedeemed,
            TimelineKind::TierChanged => Self::TierChanged,
            TimelineKind::Message => Self::Message,
            TimelineKind::Notice => Self::Notice,
            TimelineKind::OptOut => Self::OptOut,
            TimelineKind::Act => Self::Act,
        }
    }
}

/// Something that happened to a member. What a kind does not have is null.
#[derive(Serialize, ToSchema)]
pub struct TimelineEntryView {
    at: DateTime<Utc>,
    id: Uuid,
    kind: TimelineKindView,
    /// What it was about, by name: a store, a coupon template, a campaign, a tier.
    subject: Option<String>,
    /// Of what has a page of its own: a campaign, a coupon template.
    subject_id: Option<Uuid>,
    amount_fen: Option<i64>,
    points: Option<i64>,
    code: Option<String>,
    /// Why, as a code or in somebody's words.
    reason: Option<String>,
    /// The name of who did it, when it was staff.
    staff: Option<String>,
}

impl From<TimelineEntry> for TimelineEntryView {
    fn from(entry: TimelineEntry) -> Self {
        let TimelineEntry { at, id, kind, subject, subject_id, amount_fen, points, code, reason, staff } =
            entry;
        Self { at, id, kind: kind.into(), subject, subject_id, amount_fen, points, code, reason, staff }
    }
}

/// Everything that happened to a member, newest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<TimelineEntryView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members/{id}/timeline")]
pub async fn read_timeline(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<TimelineEntryView>>, Problem> {
    let page = member::read_timeline(&ctx, &caller.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, TimelineEntryView::from)))
}

/// Disables a membership; all sessions of the member end.
#[utoipa::path(tag = "console", responses((status = 200, body = MemberView)), security(("staff" = [])))]
#[post("/v1/console/members/{id}/disable")]
pub async fn disable_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<MemberView>, Problem> {
    let member = member::disable_member(&ctx, &caller.0, id.0).await?;
    Ok(web::Json(MemberView::of(&ctx, &member)?))
}

/// Takes a disabling back.
#[utoipa::path(tag = "console", responses((status = 200, body = MemberView)), security(("staff" = [])))]
#[post("/v1/console/members/{id}/enable")]
pub async fn enable_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<MemberView>, Problem> {
    let member = member::enable_member(&ctx, &caller.0, id.0).await?;
    Ok(web::Json(MemberView::of(&ctx, &member)?))
}
