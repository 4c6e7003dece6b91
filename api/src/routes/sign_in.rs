//! Signing in and out: members by SMS code, WeChat, Alipay and password; refresh and sign-out for members and staff alike.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use service::identity::password::{ResetPassword, SignInByPassword};
use service::identity::soter::{self, SignInBySoter};
use service::identity::{self, AlipayReturn, SignInByAlipay, SignInBySms, SignInByWechat, SignedIn};
use service::session::{self, Refreshed, Tokens};
use service::{Context, Error, Refusal, staff};
use utoipa::ToSchema;

use super::console_staff::StaffView;
use super::me::MeView;
use crate::auth::{BearerToken, Client};
use crate::input::Json;
use crate::problem::{Problem, ProblemBody};
use crate::session_cookie;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendSmsCode {
    /// A mainland mobile number.
    #[schema(example = "13800138000")]
    phone: String,
}

/// When to ask again, and how long the code is good.
#[derive(Serialize, ToSchema)]
pub struct SmsCodeSentView {
    resend_after_seconds: i64,
    expires_in_seconds: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsSignIn {
    phone: String,
    code: String,
    /// The box for advertising was ticked.
    #[serde(default)]
    marketing_consent: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WechatSignIn {
    /// From `wx.login`.
    code: String,
    /// From the phone-number button.
    phone_code: Option<String>,
    #[serde(default)]
    marketing_consent: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlipaySignIn {
    /// From `my.getAuthCode`, or from Alipay's page.
    auth_code: String,
    /// Needed of a browser that comes back from Alipay's page.
    returned: Option<AlipayReturned>,
    /// The answer of `my.getPhoneNumber`, as it came.
    encrypted_phone: Option<String>,
    #[serde(default)]
    marketing_consent: bool,
}

/// What binds the code to the browser that set out for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlipayReturned {
    /// As the browser was given it before it left.
    challenge_id: String,
    /// As Alipay's page gave it back.
    state: String,
}

impl From<AlipayReturned> for AlipayReturn {
    fn from(returned: AlipayReturned) -> Self {
        Self { challenge_id: returned.challenge_id, state: returned.state }
    }
}

/// A browser's way to Alipay's page.
#[derive(Serialize, ToSchema)]
pub struct AlipayVisitView {
    /// Kept by the browser, told again with the code. Good once, for five minutes.
    challenge_id: String,
    /// Where the browser goes as a whole. It comes back to `/m/` of `public_url` with `auth_code` and `state`, or without a code where the person refused.
    authorise_url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordSignIn {
    /// Any phone of the member.
    phone: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    phone: String,
    /// From an SMS, as for signing in.
    code: String,
    #[schema(min_length = 10, max_length = 128)]
    new: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSoter {
    /// From `wx.login`.
    code: String,
}

/// What the phone is to sign.
#[derive(Serialize, ToSchema)]
pub struct SoterChallengeView {
    challenge_id: String,
    /// For `wx.startSoterAuthentication`.
    challenge: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SoterSignIn {
    challenge_id: String,
    /// `resultJSON`, exactly as the phone gave it.
    result_json: String,
    /// `resultJSONSignature`.
    result_json_signature: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshTokens {
    /// Absent: the one in the browser's cookie, which then gets the next one.
    refresh_token: Option<String>,
}

/// Tokens of a session, and whose it is.
#[derive(Serialize, ToSchema)]
pub struct SignedInView {
    access_token: String,
    /// Good once: the answer to its use holds the next one. Null: it is in a cookie.
    refresh_token: Option<String>,
    /// Seconds for which the access token is good.
    expires_in: i64,
    /// Of a member's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MeView>,
    /// Of a staff session.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<StaffView>,
    /// Whether this sign-in made the member.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolled: Option<bool>,
}

impl SignedInView {
    pub fn of_member(ctx: &Context, signed_in: SignedIn) -> Result<Self, Problem> {
        let member = MeView::of(ctx, &signed_in.member)?;
        Ok(Self { member: Some(member), enrolled: Some(signed_in.enrolled), ..Self::of(signed_in.tokens) })
    }

    pub fn of_staff(tokens: Tokens, staff: StaffView) -> Self {
        Self { staff: Some(staff), ..Self::of(tokens) }
    }

    fn of(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: Some(tokens.refresh_token),
            expires_in: tokens.expires_in,
            member: None,
            staff: None,
            enrolled: None,
        }
    }

    /// With the refresh token in the body, or in a cookie that the page can't read.
    pub fn answer(
        mut self,
        ctx: &Context,
        request: &HttpRequest,
        in_cookie: bool,
    ) -> Result<HttpResponse, Problem> {
        let mut answer = HttpResponse::Ok();
        if in_cookie && let Some(token) = self.refresh_token.take() {
            answer.insert_header(session_cookie::keep(ctx, request, &token)?);
        }
        Ok(answer.json(self))
    }
}

/// Sends a sign-in code; the answer does not tell whether the phone is a member's.
#[utoipa::path(tag = "sign-in", request_body = SendSmsCode, responses((status = 200, body = SmsCodeSentView)))]
#[post("/v1/auth/sms-codes")]
pub async fn send_sms_code(
    ctx: Data<Context>,
    client: Client,
    body: Json<SendSmsCode>,
) -> Result<web::Json<SmsCodeSentView>, Problem> {
    identity::send_sms_code(&ctx, &body.0.phone, &client.0).await?;
    let settings = &ctx.settings.sign_in;
    Ok(web::Json(SmsCodeSentView {
        resend_after_seconds: settings.sms_resend_seconds,
        expires_in_seconds: settings.sms_code_seconds,
    }))
}

/// Signs in by phone and SMS code; the first time enrols.
#[utoipa::path(tag = "sign-in", request_body = SmsSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/sms")]
pub async fn sign_in_by_sms(
    ctx: Data<Context>,
    client: Client,
    body: Json<SmsSignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(SmsSignIn { phone, code, marketing_consent }) = body;
    let command = SignInBySms { phone, code, marketing_consent, client: client.0 };
    let signed_in = identity::sign_in_by_sms(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// Signs in by WeChat; the first time enrols, with the phone when its code is given.
#[utoipa::path(tag = "sign-in", request_body = WechatSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/wechat")]
pub async fn sign_in_by_wechat(
    ctx: Data<Context>,
    client: Client,
    body: Json<WechatSignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(WechatSignIn { code, phone_code, marketing_consent }) = body;
    let command = SignInByWechat { code, phone_code, marketing_consent, client: client.0 };
    let signed_in = identity::sign_in_by_wechat(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// Alipay's page for a browser, and what the browser must keep until it is back.
#[utoipa::path(tag = "sign-in", responses((status = 200, body = AlipayVisitView)))]
#[post("/v1/auth/alipay-challenges")]
pub async fn start_alipay(ctx: Data<Context>, client: Client) -> Result<web::Json<AlipayVisitView>, Problem> {
    let visit = identity::start_alipay(&ctx, &client.0).await?;
    Ok(web::Json(AlipayVisitView { challenge_id: visit.challenge_id, authorise_url: visit.authorise_url }))
}

/// Signs in by Alipay; the first time enrols.
#[utoipa::path(tag = "sign-in", request_body = AlipaySignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/alipay")]
pub async fn sign_in_by_alipay(
    ctx: Data<Context>,
    client: Client,
    body: Json<AlipaySignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(AlipaySignIn { auth_code, returned, encrypted_phone, marketing_consent }) = body;
    let returned = returned.map(Into::into);
    let command =
        SignInByAlipay { auth_code, returned, encrypted_phone, marketing_consent, client: client.0 };
    let signed_in = identity::sign_in_by_alipay(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// Signs in by phone and password; who has none sets one while signed in, or resets it by SMS.
#[utoipa::path(tag = "sign-in", request_body = PasswordSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/password")]
pub async fn sign_in_by_password(
    ctx: Data<Context>,
    client: Client,
    body: Json<PasswordSignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(PasswordSignIn { phone, password }) = body;
    let command = SignInByPassword { phone, password, client: client.0 };
    let signed_in = identity::password::sign_in_by_password(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// Sets a new password by an SMS code; all sessions end and a new one begins. 404, once the code is right, where the phone is no
/// member's.
#[utoipa::path(
    tag = "sign-in",
    request_body = PasswordReset,
    responses(
        (status = 200, body = SignedInView),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/v1/auth/password-resets")]
pub async fn reset_member_password(
    ctx: Data<Context>,
    client: Client,
    body: Json<PasswordReset>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(PasswordReset { phone, code, new }) = body;
    let command = ResetPassword { phone, code, new, client: client.0 };
    let signed_in = identity::password::reset_password(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// A challenge for the fingerprint or face in the mini-program; good once, for five minutes.
#[utoipa::path(tag = "sign-in", request_body = StartSoter, responses((status = 200, body = SoterChallengeView)))]
#[post("/v1/auth/soter-challenges")]
pub async fn start_soter(
    ctx: Data<Context>,
    client: Client,
    body: Json<StartSoter>,
) -> Result<web::Json<SoterChallengeView>, Problem> {
    let begun = soter::start_soter(&ctx, &body.0.code, &client.0).await?;
    Ok(web::Json(SoterChallengeView { challenge_id: begun.challenge_id, challenge: begun.challenge }))
}

/// Signs in by fingerprint or face in the mini-program (WeChat SOTER).
#[utoipa::path(tag = "sign-in", request_body = SoterSignIn, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/soter")]
pub async fn sign_in_by_soter(
    ctx: Data<Context>,
    client: Client,
    body: Json<SoterSignIn>,
) -> Result<web::Json<SignedInView>, Problem> {
    let Json(SoterSignIn { challenge_id, result_json, result_json_signature }) = body;
    let command = SignInBySoter { challenge_id, result_json, result_json_signature, client: client.0 };
    let signed_in = soter::sign_in_by_soter(&ctx, command).await?;
    Ok(web::Json(SignedInView::of_member(&ctx, signed_in)?))
}

/// New tokens for a refresh token, of a member or of staff. A token that comes a second time ends the session.
#[utoipa::path(tag = "sign-in", request_body = RefreshTokens, responses((status = 200, body = SignedInView)))]
#[post("/v1/auth/refresh")]
pub async fn refresh_tokens(
    ctx: Data<Context>,
    request: HttpRequest,
    body: Json<RefreshTokens>,
) -> Result<HttpResponse, Problem> {
    let kept = body.0.refresh_token.is_none().then(|| session_cookie::read(&request)).flatten();
    let in_cookie = kept.is_some();
    let token = body.0.refresh_token.or(kept).ok_or(Error::from(Refusal::RefreshTokenInvalid))?;
    let view = match session::refresh(&ctx, &token).await? {
        Refreshed::Member(tokens, member) => {
            SignedInView { member: Some(MeView::of(&ctx, &member)?), ..SignedInView::of(tokens) }
        }
        Refreshed::Staff(tokens, staff) => {
            let record = staff::get_staff(&ctx, staff.id).await?;
            SignedInView::of_staff(tokens, StaffView::of(&ctx, record))
        }
    };
    view.answer(&ctx, &request, in_cookie)
}

/// Ends the session of the access token, of a member or of staff, even when the token has expired. A browser forgets its cookie.
#[utoipa::path(
    tag = "sign-in",
    responses((status = 204, description = "The session has ended.")),
    security(("member" = []), ("staff" = []))
)]
#[post("/v1/auth/logout")]
pub async fn sign_out(
    ctx: Data<Context>,
    token: BearerToken,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    session::sign_out(&ctx, &token.0).await?;
    let mut answer = HttpResponse::NoContent();
    if session_cookie::read(&request).is_some() {
        answer.insert_header(session_cookie::forget(&request)?);
    }
    Ok(answer.finish())
}
