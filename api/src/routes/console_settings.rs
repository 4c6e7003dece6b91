//! What the brand has decided for all campaigns, the platforms' templates, and the accounts there.

use actix_web::web::{self, Data};
use actix_web::{get, post, put};
use serde::Serialize;
use service::Context;
use service::platform_account::{
    self, Account, AccountCheck, Platform, SmsTemplateLine, SmsTemplateState, SmsTemplates, SupplierAway,
};
use service::policy::{self, Policy};
use service::settings::SmsTemplateKind;
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Segments};
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
    /// Those that can be sent first.
    items: Vec<SmsTemplateView>,
    /// Suppliers that could not be asked; of their templates only those stand here that the settings name.
    away: Vec<SupplierAway>,
}

#[derive(Serialize, ToSchema)]
pub struct SmsTemplateView {
    /// `tencent` or `aliyun`.
    supplier: String,
    id: String,
    /// As the supplier's console has it; empty where only the settings know the template.
    name: String,
    /// Null where nobody tells: Tencent does not.
    kind: Option<SmsTemplateKind>,
    /// As it was handed in, with its places: `{1}` at Tencent, `${name}` at Aliyun.
    text: String,
    state: SmsTemplateState,
    /// Why it was refused.
    reason: Option<String>,
}

/// The SMS templates of the suppliers, asked of them now.
#[utoipa::path(tag = "console", responses((status = 200, body = SmsTemplatesView)), security(("staff" = [])))]
#[get("/v1/console/settings/sms-templates")]
pub async fn list_sms_templates(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadCampaigns>,
) -> Result<web::Json<SmsTemplatesView>, Problem> {
    let SmsTemplates { lines, away } = platform_account::sms_templates(&ctx, &caller.0).await?;
    let view = |line: SmsTemplateLine| SmsTemplateView {
        supplier: line.supplier,
        id: line.id,
        name: line.name,
        kind: line.kind,
        text: line.text,
        state: line.state,
        reason: line.reason,
    };
    Ok(web::Json(SmsTemplatesView { items: lines.into_iter().map(view).collect(), away }))
}

#[derive(Serialize, ToSchema)]
pub struct PlatformAccountsView {
    items: Vec<PlatformAccountView>,
}

/// An account as the settings have it, without its secrets.
#[derive(Serialize, ToSchema)]
pub struct PlatformAccountView {
    platform: Platform,
    /// AppID, SmsSdkAppId or app id; null at Aliyun, which knows an account by its key alone.
    id: Option<String>,
    /// The last four characters of the API key's id.
    key_tail: Option<String>,
    /// SMS: the signature.
    sign_name: Option<String>,
    /// SMS: the share of the messages among the suppliers.
    weight: Option<u32>,
    /// Whether what the platform pushes can be received.
    has_callbacks: Option<bool>,
    /// Within the last month.
    last_check: Option<AccountCheck>,
}

/// The platform accounts that are set up.
#[utoipa::path(tag = "console", responses((status = 200, body = PlatformAccountsView)), security(("staff" = [])))]
#[get("/v1/console/settings/accounts")]
pub async fn list_platform_accounts(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadSettings>,
) -> Result<web::Json<PlatformAccountsView>, Problem> {
    let view = |account: Account| PlatformAccountView {
        platform: account.platform,
        id: account.id,
        key_tail: account.key_tail,
        sign_name: account.sign_name,
        weight: account.weight,
        has_callbacks: account.has_callbacks,
        last_check: account.last_check,
    };
    let accounts = platform_account::list_accounts(&ctx, &caller.0).await?;
    Ok(web::Json(PlatformAccountsView { items: accounts.into_iter().map(view).collect() }))
}

/// Makes a call that changes nothing, and tells how it went. Six times a minute for an account.
#[utoipa::path(tag = "console", responses((status = 200, body = AccountCheck)), security(("staff" = [])))]
#[post("/v1/console/settings/accounts/{platform}/checks")]
pub async fn check_platform_account(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadSettings>,
    platform: Segments<Platform>,
) -> Result<web::Json<AccountCheck>, Problem> {
    Ok(web::Json(platform_account::check_account(&ctx, &caller.0, platform.0).await?))
}
