//! The gift for new members.

use std::collections::BTreeMap;

use actix_web::web::{self, Data};
use actix_web::{get, put};
use serde::Serialize;
use service::Context;
use service::ids::CouponTemplateId;
use service::welcome::{self, WelcomeGift, WelcomeReport};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::Json;
use crate::problem::Problem;

/// What new members get, and how it went.
#[derive(Serialize, ToSchema)]
pub struct WelcomeGiftView {
    /// Nothing at all without a template.
    coupon_template_id: Option<CouponTemplateId>,
    /// Members by outcome: `given`; `no_gift` for who came while there was none; `repeated_phone`, `repeated_wechat`, `repeated_alipay`, `repeated_device` for who was new before; or
    /// the code by which the coupon was refused.
    outcomes: BTreeMap<String, i64>,
}

impl WelcomeGiftView {
    fn of(report: WelcomeReport) -> web::Json<Self> {
        let WelcomeReport { gift: WelcomeGift { coupon_template_id }, outcomes } = report;
        web::Json(Self { coupon_template_id, outcomes: outcomes.into_iter().collect() })
    }
}

/// The gift for new members, with its outcomes.
#[utoipa::path(tag = "console", responses((status = 200, body = WelcomeGiftView)), security(("staff" = [])))]
#[get("/v1/console/welcome-gift")]
pub async fn read_welcome_gift(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCoupons>,
) -> Result<web::Json<WelcomeGiftView>, Problem> {
    Ok(WelcomeGiftView::of(welcome::read_welcome_gift(&ctx, &caller.0).await?))
}

/// Sets what members get who enrol from now on, once for a person.
#[utoipa::path(
    tag = "console",
    request_body = WelcomeGift,
    responses((status = 200, body = WelcomeGiftView)),
    security(("staff" = []))
)]
#[put("/v1/console/welcome-gift")]
pub async fn save_welcome_gift(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteCoupons>,
    body: Json<WelcomeGift>,
) -> Result<web::Json<WelcomeGiftView>, Problem> {
    Ok(WelcomeGiftView::of(welcome::save_welcome_gift(&ctx, &caller.0, body.0).await?))
}
