//! What the brand has decided for all campaigns, and the platform's templates.

use actix_web::web::{self, Data};
use actix_web::{get, put};
use serde::Serialize;
use service::Context;
use service::policy::{self, Policy};
use service::settings::{SmsTemplate, SmsTemplateKind};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::Json;
use crate::problem::Problem;

/// Frequency caps and quiet hours in force.
#[utoipa::path(tag = "console", responses((status = 200, body = Policy)), security(("staff" = [])))]
#[get("/v1/console/settings")]
pub async fn get_settings(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadSettings>,
) -> Result<web::Json<Policy>, Problem> {
    Ok(web::Json(policy::read(&ctx, &caller.0).await?))
}

/// Replaces them; holds for the next message decided.
#[utoipa::path(
    tag = "console",
    request_body = Policy,
    responses((status = 200, body = Policy)),
    security(("staff" = []))
)]
#[put("/v1/console/settings")]
pub async fn save_settings(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteSettings>,
    body: Json<Policy>,
) -> Result<web::Json<Policy>, Problem> {
    Ok(web::Json(policy::save(&ctx, &caller.0, body.0).await?))
}

#[derive(Serialize, ToSchema)]
pub struct WechatTemplatesView {
    items: Vec<WechatTemplateView>,
}

#[derive(Serialize, ToSchema)]
pub struct WechatTemplateView {
    id: String,
    title: String,
    /// With the parameters' places, e.g. `{{thing1.DATA}}`.
    content: String,
    example: String,
    /// 2 one-time, 3 long-term.
    kind: i32,
}

/// The subscribe-message templates of the WeChat account, asked of the platform now.
#[utoipa::path(
    tag = "console",
    responses((status = 200, body = WechatTemplatesView)),
    security(("staff" = []))
)]
#[get("/v1/console/settings/wechat-templates")]
pub async fn list_wechat_templates(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
) -> Result<web::Json<WechatTemplatesView>, Problem> {
    let templates = policy::wechat_templates(&ctx, &caller.0).await?;
    let items = templates
        .into_iter()
        .map(|template| WechatTemplateView {
            id: template.id,
            title: template.title,
            content: template.content,
            example: template.example,
            kind: template.kind,
        })
        .collect();
    Ok(web::Json(WechatTemplatesView { items }))
}

#[derive(Serialize, ToSchema)]
pub struct SmsTemplatesView {
    items: Vec<SmsTemplateView>,
}

#[derive(Serialize, ToSchema)]
pub struct SmsTemplateView {
    /// `tencent` or `aliyun`.
    supplier: String,
    id: String,
    kind: SmsTemplateKind,
    /// As the supplier has approved it, with its places: `{1}` at Tencent, `${name}` at Aliyun.
    text: String,
}

/// The approved SMS templates that the settings name.
#[utoipa::path(tag = "console", responses((status = 200, body = SmsTemplatesView)), security(("staff" = [])))]
#[get("/v1/console/settings/sms-templates")]
pub async fn list_sms_templates(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
) -> Result<web::Json<SmsTemplatesView>, Problem> {
    let view = |template: SmsTemplate| SmsTemplateView {
        supplier: template.supplier,
        id: template.id,
        kind: template.kind,
        text: template.text,
    };
    let templates = policy::sms_templates(&ctx, &caller.0)?;
    Ok(web::Json(SmsTemplatesView { items: templates.into_iter().map(view).collect() }))
}
