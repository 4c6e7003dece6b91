//! Where the platforms push. An answer means that the event is stored; any other status makes the platform push again.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::Deserialize;
use service::callback::{self, SmsCallback, WechatQuery};
use service::{Context, Error};
use utoipa::IntoParams;

use crate::input::{Query, Segments};
use crate::problem::Problem;

/// WeChat checks the address: answers `echostr` when the signature is right.
#[utoipa::path(tag = "callbacks", responses((status = 200, body = String)))]
#[get("/v1/callbacks/wechat")]
pub async fn verify_wechat_callback(
    ctx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let echostr = callback::verify_wechat_url(&ctx, &wechat_query(&request)?)?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(echostr))
}

/// WeChat's events, plain or encrypted, JSON or XML.
#[utoipa::path(
    tag = "callbacks",
    request_body(content = String, description = "A push as WeChat writes it."),
    responses((status = 200, body = String))
)]
#[post("/v1/callbacks/wechat")]
pub async fn receive_wechat_callback(
    ctx: Data<Context>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    callback::receive_wechat(&ctx, &wechat_query(&request)?, &body).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("success"))
}

/// WeChat may add parameters, so unknown ones are no error here.
fn wechat_query(request: &HttpRequest) -> Result<WechatQuery, Problem> {
    actix_web::web::Query::<WechatQuery>::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| Error::invalid("query", error.to_string()).into())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SmsCallbackQuery {
    /// The setting `sms.callback_key`; part of the address that is configured at the supplier.
    #[serde(default)]
    key: String,
}

/// Receipts and replies of an SMS supplier: `tencent` or `aliyun`.
#[utoipa::path(
    tag = "callbacks",
    params(SmsCallbackQuery),
    request_body(content = String, description = "A push as the supplier writes it."),
    responses((status = 200, body = serde_json::Value))
)]
#[post("/v1/callbacks/sms/{provider}")]
pub async fn receive_sms_callback(
    ctx: Data<Context>,
    provider: Segments<String>,
    query: Query<SmsCallbackQuery>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let (supplier, answer) = match provider.0.as_str() {
        "tencent" => (SmsCallback::Tencent, serde_json::json!({ "result": 0, "errmsg": "OK" })),
        "aliyun" => (SmsCallback::Aliyun, serde_json::json!({ "code": 0, "msg": "OK" })),
        _ => return Err(Error::NotFound("the supplier").into()),
    };
    callback::receive_sms(&ctx, supplier, &query.0.key, &body).await?;
    Ok(HttpResponse::Ok().json(answer))
}
