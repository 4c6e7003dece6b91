//! Tills that are cut off: the codes of coupons, what a till may take off, and the upload of its queue.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::coupon::{self, NewOfflineRedemption, OfflineCode, OfflineRedemptionRow};
use service::ids::{CouponId, OfflineGrantId, OfflineRedemptionId, RedemptionId, StoreId};
use service::page::PageRequest;
use service::{Context, EarlierUse, Error};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::{Problem, ProblemBody, ProblemCode};

/// Redemptions of one upload.
const MOST: usize = 200;

#[derive(Serialize, ToSchema)]
pub struct OfflineCodeView {
    /// To show to a till that is cut off: base64url of the JSON in `says`, a dot, base64url of its Ed25519 signature.
    pub code: String,
    pub says: OfflineCode,
}

/// The code of a coupon for tills that are cut off.
#[utoipa::path(
    tag = "coupons",
    responses(
        (status = 200, body = OfflineCodeView),
        (status = 409, body = ProblemBody, content_type = "application/problem+json",
            description = "The coupon is not good any more, or a till can't check it by its code alone.")
    ),
    security(("member" = []))
)]
#[get("/v1/me/coupons/{id}/offline-code")]
pub async fn show_offline_code(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<CouponId>,
) -> Result<web::Json<OfflineCodeView>, Problem> {
    let (code, says) = coupon::offline_code(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(OfflineCodeView { code, says }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineGrantBody {
    pub store_id: StoreId,
    /// Which till of the store.
    #[schema(min_length = 1, max_length = 64)]
    pub till: String,
}

#[derive(Serialize, ToSchema)]
pub struct OfflineGrantView {
    pub grant_id: OfflineGrantId,
    pub store_id: StoreId,
    pub till: String,
    /// What it may take off in all.
    pub ceiling_fen: i64,
    pub expires_at: DateTime<Utc>,
    /// By which the till may set its own clock right.
    pub server_time: DateTime<Utc>,
    /// Checks the signatures of codes: an Ed25519 public key, base64url.
    pub public_key: String,
}

/// Lets a till redeem while it is cut off, for a time and up to a ceiling. Asked again before anything was uploaded it answers the same
/// grant, for longer.
#[utoipa::path(
    tag = "till",
    request_body = OfflineGrantBody,
    responses((status = 201, body = OfflineGrantView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/offline-grants")]
pub async fn grant_offline(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<OfflineGrantBody>,
) -> Result<HttpResponse, Problem> {
    let OfflineGrantBody { store_id, till } = body.0;
    let (grant, public_key) = coupon::grant_offline(&ctx, &staff.0, (store_id, &till)).await?;
    Ok(HttpResponse::Created().json(OfflineGrantView {
        grant_id: grant.id,
        store_id: grant.store_id,
        till: grant.till,
        ceiling_fen: grant.ceiling_fen,
        expires_at: grant.expires_at,
        server_time: ctx.now(),
        public_key,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineUploadBody {
    pub grant_id: OfflineGrantId,
    /// In the order in which the till made them.
    #[schema(min_items = 1, max_items = 200)]
    pub redemptions: Vec<OfflineRedemptionBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfflineRedemptionBody {
    #[schema(min_length = 1, max_length = 4096)]
    pub code: String,
    /// Unique in the grant: the same again gets the same answer.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
    #[schema(min_length = 1, max_length = 64)]
    pub order_no: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub amount_fen: i64,
    /// By the till's clock, as the grant's `server_time` has set it right.
    pub redeemed_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct OfflineUploadView {
    pub redemptions: Vec<OfflineRedemptionView>,
}

/// One use that a till made while it was cut off: redeemed, or in conflict with what happened meanwhile.
#[derive(Serialize, ToSchema)]
pub struct OfflineRedemptionView {
    pub id: OfflineRedemptionId,
    pub grant_id: OfflineGrantId,
    pub request_no: String,
    pub coupon_id: Option<CouponId>,
    /// Null with a conflict.
    pub redemption_id: Option<RedemptionId>,
    /// Why it was not redeemed.
    #[schema(value_type = Option<ProblemCode>)]
    pub conflict: Option<String>,
    /// With `coupon_already_redeemed`; null when that use was reversed since.
    pub used: Option<EarlierUse>,
    pub amount_fen: i64,
    pub discount_fen: i64,
    pub redeemed_at: DateTime<Utc>,
    pub uploaded_at: DateTime<Utc>,
}

impl OfflineRedemptionView {
    fn of(row: OfflineRedemptionRow, uses: &HashMap<CouponId, EarlierUse>) -> Self {
        Self {
            used: row.conflict.as_ref().and(row.coupon_id).and_then(|id| uses.get(&id)).cloned(),
            id: row.id,
            grant_id: row.grant_id,
            request_no: row.request_no,
            coupon_id: row.coupon_id,
            redemption_id: row.redemption_id,
            conflict: row.conflict,
            amount_fen: row.amount_fen,
            discount_fen: row.discount_fen,
            redeemed_at: row.redeemed_at,
            uploaded_at: row.uploaded_at,
        }
    }
}

/// Uploads what a till redeemed while it was cut off. Each is decided by itself; what is in conflict is told and kept.
#[utoipa::path(
    tag = "till",
    request_body = OfflineUploadBody,
    responses((status = 200, body = OfflineUploadView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/offline-redemptions")]
pub async fn upload_offline_redemptions(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<OfflineUploadBody>,
) -> Result<web::Json<OfflineUploadView>, Problem> {
    let OfflineUploadBody { grant_id, redemptions } = body.0;
    if !(1..=MOST).contains(&redemptions.len()) {
        return Err(Error::invalid("redemptions", format!("must be 1 to {MOST}")).into());
    }
    let mut done = Vec::with_capacity(redemptions.len());
    for OfflineRedemptionBody { code, request_no, order_no, amount_fen, redeemed_at } in redemptions {
        let new = NewOfflineRedemption { grant_id, code, request_no, order_no, amount_fen, redeemed_at };
        done.push(coupon::upload_offline_redemption(&ctx, &staff.0, &new).await?.row);
    }
    let uses = coupon::uses_in_conflict(&ctx, &done).await?;
    let redemptions = done.into_iter().map(|row| OfflineRedemptionView::of(row, &uses)).collect();
    Ok(web::Json(OfflineUploadView { redemptions }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfflineRedemptionsQuery {
    pub store_id: StoreId,
    /// True for those alone that were not redeemed.
    #[serde(default)]
    #[param(required = false)]
    pub conflicts: bool,
    /// `next_cursor` of the page before; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// What the tills of a store uploaded, the latest first.
#[utoipa::path(
    tag = "till",
    params(OfflineRedemptionsQuery),
    responses((status = 200, body = PageView<OfflineRedemptionView>)),
    security(("staff" = [])),
)]
#[get("/v1/staff/offline-redemptions")]
pub async fn list_offline_redemptions(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    query: Query<OfflineRedemptionsQuery>,
) -> Result<web::Json<PageView<OfflineRedemptionView>>, Problem> {
    let Query(OfflineRedemptionsQuery { store_id, conflicts, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let page = coupon::list_offline_redemptions(&ctx, &staff.0, (store_id, conflicts), &page).await?;
    let uses = coupon::uses_in_conflict(&ctx, &page.items).await?;
    Ok(web::Json(PageView::of(page, |row| OfflineRedemptionView::of(row, &uses))))
}
