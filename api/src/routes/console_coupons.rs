//! The console's coupon templates, and voiding one coupon.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use service::Context;
use service::coupon::template::{self, Moment, TemplateForm, TemplatePatch};
use service::coupon::{self, Conditions, Offer};
use service::ids::{CouponId, CouponTemplateId, StoreId};
use service::page::PageRequest;
use service::states::{CouponKind, CouponTemplateState, PartialRefund, Validity};
use utoipa::{IntoParams, ToSchema};

use super::coupon_view::{CouponRulesView, CouponView};
use super::till::ReasonBody;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

/// Times are RFC 3339 with offset, or a date: as a beginning its first, as an end its last second in shop time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponTemplateBody {
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    pub kind: CouponKind,
    #[serde(default)]
    #[schema(minimum = 0)]
    pub threshold_fen: i64,
    /// `money_off`: what it takes off.
    #[schema(minimum = 1)]
    pub discount_fen: Option<i64>,
    /// `percentage`: what the customer pays, 85 for 15 % off.
    #[schema(minimum = 1, maximum = 99)]
    pub pay_percent: Option<i32>,
    /// `percentage`: it never takes off more than this.
    #[schema(minimum = 1)]
    pub discount_ceiling_fen: Option<i64>,
    /// `gift`, `service`: what is given.
    pub gift_name: Option<String>,
    /// `exchange`: what the customer pays for one of the articles that `conditions` name.
    #[schema(minimum = 0)]
    pub exchange_price_fen: Option<i64>,
    pub validity: Validity,
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Moment>,
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
    /// `relative`: good until the end of the day that is so many days after its beginning.
    #[schema(minimum = 1, maximum = 3650)]
    pub valid_days: Option<i32>,
    /// `relative`: good from the beginning of the day that is so many days after the claim; at once when absent.
    #[schema(minimum = 0, maximum = 3650)]
    pub starts_after_days: Option<i32>,
    /// True unless told, or unless stores are named.
    pub all_stores: Option<bool>,
    /// The stores where it can be used, when not at all.
    #[serde(default)]
    pub store_ids: Vec<StoreId>,
    #[schema(minimum = 1)]
    pub stock: i64,
    /// 1 unless told.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    pub limit_per_member: i32,
    /// Whether members may claim it themselves, rather than be given it. True unless told.
    #[serde(default = "yes")]
    pub claimable: bool,
    #[schema(value_type = Option<String>)]
    pub claim_from: Option<Moment>,
    #[schema(value_type = Option<String>)]
    pub claim_until: Option<Moment>,
    /// What one copy costs the brand when it is used; counted in budgets and results.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub cost_fen: i64,
    #[serde(default)]
    pub conditions: Conditions,
    /// One coupon of a group per order, next to those of other groups. Absent: it stands alone.
    #[schema(min_length = 1, max_length = 60)]
    pub stacking_group: Option<String>,
    /// What a member may take in one day of the shop.
    #[schema(minimum = 1, maximum = 100)]
    pub limit_per_day: Option<i32>,
    /// What members may take together in one day of the shop.
    #[schema(minimum = 1)]
    pub daily_stock: Option<i64>,
    /// No more copies are given than these fen pay for at `cost_fen` each.
    #[schema(minimum = 1)]
    pub budget_fen: Option<i64>,
    /// Whether a member may give it to a friend.
    #[serde(default)]
    pub transferable: bool,
    /// A code that every member may type in; letters and digits, hyphens and case do not count.
    #[schema(min_length = 4, max_length = 32)]
    pub public_code: Option<String>,
    /// `keep` unless told.
    #[serde(default = "keep")]
    pub partial_refund: PartialRefund,
}

fn keep() -> PartialRefund {
    PartialRefund::Keep
}

fn yes() -> bool {
    true
}

fn one() -> i32 {
    1
}

impl From<CouponTemplateBody> for TemplateForm {
    fn from(body: CouponTemplateBody) -> Self {
        Self {
            name: body.name,
            kind: body.kind,
            threshold_fen: body.threshold_fen,
            discount_fen: body.discount_fen,
            pay_percent: body.pay_percent,
            discount_ceiling_fen: body.discount_ceiling_fen,
            gift_name: body.gift_name,
            validity: body.validity,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            valid_days: body.valid_days,
            all_stores: body.all_stores.unwrap_or(body.store_ids.is_empty()),
            store_ids: body.store_ids,
            stock: body.stock,
            limit_per_member: body.limit_per_member,
            claimable: body.claimable,
            claim_from: body.claim_from,
            claim_until: body.claim_until,
            cost_fen: body.cost_fen,
            exchange_price_fen: body.exchange_price_fen,
            conditions: body.conditions,
            stacking_group: body.stacking_group,
            starts_after_days: body.starts_after_days,
            limit_per_day: body.limit_per_day,
            daily_stock: body.daily_stock,
            budget_fen: body.budget_fen,
            transferable: body.transferable,
            public_code: body.public_code,
            partial_refund: body.partial_refund,
        }
    }
}

/// What is absent stays; null empties what may be absent in a new one and is doubly optional here. Once copies exist only `stock`,
/// `daily_stock` and `budget_fen` may change. Naming stores limits it to them; `all_stores` true forgets them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CouponTemplatePatchBody {
    pub name: Option<String>,
    pub kind: Option<CouponKind>,
    pub threshold_fen: Option<i64>,
    pub discount_fen: Option<i64>,
    pub pay_percent: Option<i32>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub discount_ceiling_fen: Option<Option<i64>>,
    pub gift_name: Option<String>,
    pub validity: Option<Validity>,
    #[schema(value_type = Option<String>)]
    pub valid_from: Option<Moment>,
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Moment>,
    pub valid_days: Option<i32>,
    pub all_stores: Option<bool>,
    pub store_ids: Option<Vec<StoreId>>,
    pub stock: Option<i64>,
    pub limit_per_member: Option<i32>,
    pub claimable: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub claim_from: Option<Option<Moment>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub claim_until: Option<Option<Moment>>,
    pub cost_fen: Option<i64>,
    pub exchange_price_fen: Option<i64>,
    pub conditions: Option<Conditions>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub stacking_group: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    pub starts_after_days: Option<Option<i32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    pub limit_per_day: Option<Option<i32>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub daily_stock: Option<Option<i64>>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub budget_fen: Option<Option<i64>>,
    pub transferable: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub public_code: Option<Option<String>>,
    pub partial_refund: Option<PartialRefund>,
}

/// Tells null from absent.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<CouponTemplatePatchBody> for TemplatePatch {
    fn from(body: CouponTemplatePatchBody) -> Self {
        Self {
            name: body.name,
            kind: body.kind,
            threshold_fen: body.threshold_fen,
            discount_fen: body.discount_fen,
            pay_percent: body.pay_percent,
            discount_ceiling_fen: body.discount_ceiling_fen,
            gift_name: body.gift_name,
            validity: body.validity,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
            valid_days: body.valid_days,
            all_stores: body.all_stores,
            store_ids: body.store_ids,
            stock: body.stock,
            limit_per_member: body.limit_per_member,
            claimable: body.claimable,
            claim_from: body.claim_from,
            claim_until: body.claim_until,
            cost_fen: body.cost_fen,
            exchange_price_fen: body.exchange_price_fen,
            conditions: body.conditions,
            stacking_group: body.stacking_group,
            starts_after_days: body.starts_after_days,
            limit_per_day: body.limit_per_day,
            daily_stock: body.daily_stock,
            budget_fen: body.budget_fen,
            transferable: body.transferable,
            public_code: body.public_code,
            partial_refund: body.partial_refund,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CouponTemplateView {
    pub id: CouponTemplateId,
    pub state: CouponTemplateState,
    pub rules: CouponRulesView,
    pub validity: Validity,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
    pub valid_days: Option<i32>,
    pub stock: i64,
    /// Copies that members were given. Voiding one does not lower it.
    pub taken: i64,
    pub limit_per_member: i32,
    pub claimable: bool,
    pub claim_from: Option<DateTime<Utc>>,
    pub claim_until: Option<DateTime<Utc>>,
    pub cost_fen: i64,
    pub starts_after_days: Option<i32>,
    pub limit_per_day: Option<i32>,
    pub daily_stock: Option<i64>,
    pub budget_fen: Option<i64>,
    pub public_code: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Offer> for CouponTemplateView {
    fn from(offer: Offer) -> Self {
        let rules = CouponRulesView::of(&offer);
        let template = offer.template;
        Self {
            id: template.id,
            state: template.state,
            rules,
            validity: template.validity,
            valid_from: template.valid_from,
            valid_until: template.valid_until,
            valid_days: template.valid_days,
            stock: template.stock,
            taken: template.taken,
            limit_per_member: template.limit_per_member,
            claimable: template.claimable,
            claim_from: template.claim_from,
            claim_until: template.claim_until,
            cost_fen: template.cost_fen,
            starts_after_days: template.starts_after_days,
            limit_per_day: template.limit_per_day,
            daily_stock: template.daily_stock,
            budget_fen: template.budget_fen,
            public_code: template.public_code,
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

/// A new template, a draft.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CouponTemplateBody,
    responses((status = 201, body = CouponTemplateView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-templates")]
pub async fn create_coupon_template(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    body: Json<CouponTemplateBody>,
) -> Result<HttpResponse, Problem> {
    let offer = template::create_template(&ctx, &staff.0, body.0.into()).await?;
    Ok(HttpResponse::Created().json(CouponTemplateView::from(offer)))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CouponTemplatesQuery {
    #[param(inline)]
    pub state: Option<CouponTemplateState>,
    /// `next_cursor` of the page before; absent for the first page.
    pub cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// All templates, the latest first.
#[utoipa::path(
    tag = "coupon templates",
    params(CouponTemplatesQuery),
    responses((status = 200, body = PageView<CouponTemplateView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/coupon-templates")]
pub async fn list_coupon_templates(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    query: Query<CouponTemplatesQuery>,
) -> Result<web::Json<PageView<CouponTemplateView>>, Problem> {
    let Query(CouponTemplatesQuery { state, cursor, limit }) = query;
    let page = PageRequest { cursor, limit };
    let page = template::list_templates(&ctx, &staff.0, state, &page).await?;
    Ok(web::Json(PageView::of(page, CouponTemplateView::from)))
}

/// One template.
#[utoipa::path(
    tag = "coupon templates",
    responses((status = 200, body = CouponTemplateView)),
    security(("staff" = [])),
)]
#[get("/v1/console/coupon-templates/{id}")]
pub async fn read_coupon_template(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadCoupons>,
    id: Segments<CouponTemplateId>,
) -> Result<web::Json<CouponTemplateView>, Problem> {
    Ok(web::Json(template::read_template(&ctx, &staff.0, id.0).await?.into()))
}

/// Changes a template; once copies exist, its stock, daily stock and budget alone.
#[utoipa::path(
    tag = "coupon templates",
    request_body = CouponTemplatePatchBody,
    responses((status = 200, body = CouponTemplateView)),
    security(("staff" = [])),
)]
#[patch("/v1/console/coupon-templates/{id}")]
pub async fn change_coupon_template(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponTemplateId>,
    body: Json<CouponTemplatePatchBody>,
) -> Result<web::Json<CouponTemplateView>, Problem> {
    Ok(web::Json(template::change_template(&ctx, &staff.0, id.0, body.0.into()).await?.into()))
}

/// From now on members may claim it and campaigns give it.
#[utoipa::path(
    tag = "coupon templates",
    responses((status = 200, body = CouponTemplateView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-templates/{id}/publish")]
pub async fn publish_coupon_template(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponTemplateId>,
) -> Result<web::Json<CouponTemplateView>, Problem> {
    Ok(web::Json(template::publish_template(&ctx, &staff.0, id.0).await?.into()))
}

/// No new copies; those that members hold stay good.
#[utoipa::path(
    tag = "coupon templates",
    responses((status = 200, body = CouponTemplateView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupon-templates/{id}/withdraw")]
pub async fn withdraw_coupon_template(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponTemplateId>,
) -> Result<web::Json<CouponTemplateView>, Problem> {
    Ok(web::Json(template::withdraw_template(&ctx, &staff.0, id.0).await?.into()))
}

/// Takes an unused coupon out of use for good; the stock does not come back.
#[utoipa::path(
    tag = "coupon templates",
    request_body = ReasonBody,
    responses((status = 200, body = CouponView)),
    security(("staff" = [])),
)]
#[post("/v1/console/coupons/{id}/void")]
pub async fn void_coupon(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteCoupons>,
    id: Segments<CouponId>,
    body: Json<ReasonBody>,
) -> Result<web::Json<CouponView>, Problem> {
    let held = coupon::void_coupon(&ctx, &staff.0, id.0, &body.0.reason).await?;
    Ok(web::Json(CouponView::of(&held)))
}
