//! `api.weixin.qq.com`: every path in one table, and the envelope around each answer.
//!
//! Business errors are HTTP 200 with `errcode` and an `errmsg` that ends in a request id.

mod code_image;
mod content_check;
mod link;
mod login;
pub(crate) mod phone;
mod quota;
mod session;
pub(crate) mod soter;
pub(crate) mod subscribe;
mod template;
mod token;
mod value_rules;

use actix_web::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::callback::Push;
use crate::pipeline::{Desk, Reply};
use crate::world::quota::QuotaFault;
use crate::world::rid::{FailedCall, new_rid};
use crate::world::token::TokenFault;

/// A business refusal: the code and the words before the request id.
pub(crate) struct Refusal {
    pub code: i64,
    pub text: String,
}

pub(crate) enum Answer {
    Json(Value),
    /// JSON under a `text/plain` header, as `jscode2session` answers.
    JsonAsText(Value),
    Image {
        content_type: &'static str,
        bytes: Bytes,
    },
    WithPushes(Value, Vec<Push>),
}

type Handler = fn(&Desk<'_>) -> Result<Answer, Refusal>;

enum Admission {
    /// Authenticates by itself, without an access token.
    Open,
    /// Access token, then quota, then the handler.
    Token,
    /// Access token; the handler counts the quota itself, after its own checks.
    TokenOnly,
}

struct Endpoint {
    method: Method,
    path: &'static str,
    admission: Admission,
    handler: Handler,
}

const fn get(path: &'static str, admission: Admission, handler: Handler) -> Endpoint {
    Endpoint { method: Method::GET, path, admission, handler }
}

const fn post(path: &'static str, admission: Admission, handler: Handler) -> Endpoint {
    Endpoint { method: Method::POST, path, admission, handler }
}

static ENDPOINTS: [Endpoint; 26] = [
    get("/sns/jscode2session", Admission::Open, login::code_to_session),
    get("/cgi-bin/token", Admission::Open, token::plain),
    post("/cgi-bin/stable_token", Admission::Open, token::stable),
    post("/cgi-bin/clear_quota", Admission::TokenOnly, quota::clear_all),
    post("/cgi-bin/clear_quota/v2", Admission::Open, quota::clear_all_by_secret),
    post("/cgi-bin/openapi/quota/get", Admission::TokenOnly, quota::show),
    post("/cgi-bin/openapi/quota/clear", Admission::TokenOnly, quota::clear_one),
    post("/cgi-bin/openapi/rid/get", Admission::TokenOnly, quota::look_up_rid),
    get("/wxa/checksession", Admission::Token, session::check),
    get("/wxa/resetusersessionkey", Admission::Token, session::reset),
    post("/cgi-bin/soter/verify_signature", Admission::Token, soter::verify),
    post("/wxa/business/getuserphonenumber", Admission::Token, phone::by_code),
    post(subscribe::SEND_PATH, Admission::TokenOnly, subscribe::send),
    get("/wxaapi/newtmpl/getcategory", Admission::Token, template::categories),
    get("/wxaapi/newtmpl/getpubtemplatetitles", Admission::Token, template::public_titles),
    get("/wxaapi/newtmpl/getpubtemplatekeywords", Admission::Token, template::public_keywords),
    get("/wxaapi/newtmpl/gettemplate", Admission::Token, template::list),
    post("/wxaapi/newtmpl/addtemplate", Admission::Token, template::add),
    post("/wxaapi/newtmpl/deltemplate", Admission::Token, template::delete),
    post("/wxa/getwxacodeunlimit", Admission::Token, code_image::unlimited),
    post("/wxa/getwxacode", Admission::Token, code_image::fixed),
    post("/cgi-bin/wxaapp/createwxaqrcode", Admission::Token, code_image::fixed),
    post("/wxa/msg_sec_check", Admission::Token, content_check::check_text),
    post("/wxa/generate_urllink", Admission::Token, link::url_link),
    post("/wxa/generatescheme", Admission::Token, link::scheme),
    get("/cgi-bin/get_api_domain_ip", Admission::Token, link::domain_addresses),
];

pub(crate) fn answer(desk: &Desk<'_>) -> Reply {
    let outcome = match ENDPOINTS.iter().find(|endpoint| endpoint.path == desk.call.path) {
        None => Err(Refusal::new(40066, "invalid url")),
        Some(endpoint) => endpoint.admit(desk).and_then(|()| (endpoint.handler)(desk)),
    };
    match outcome {
        Ok(Answer::Json(body)) => Reply::new(JSON, body.to_string()),
        Ok(Answer::JsonAsText(body)) => Reply::new("text/plain", body.to_string()),
        Ok(Answer::Image { content_type, bytes }) => Reply::new(content_type, bytes),
        Ok(Answer::WithPushes(body, pushes)) => Reply { pushes, ..Reply::new(JSON, body.to_string()) },
        Err(refusal) => refusal.reply(desk),
    }
}

const JSON: &str = "application/json; charset=UTF-8";

/// The refusal a fault knob asked for.
pub(crate) fn refused_on_purpose(desk: &Desk<'_>, code: i64) -> Reply {
    let text = match code {
        -1 => "system error",
        40001 => "invalid credential, access_token is invalid or not latest",
        42001 => "access_token expired",
        45009 => "reach max api daily quota limit",
        45011 | 44991 | 44990 => "api minute-quota reach limit  mustslower  retry next minute",
        _ => "refused by the sandbox's fault knob",
    };
    Refusal::new(code, text).reply(desk)
}

/// The throttling code of each API.
pub(crate) fn per_minute_code(path: &str) -> i64 {
    match path {
        "/wxa/msg_sec_check" => 44991,
        "/wxa/generate_urllink" | "/wxa/generatescheme" => 44990,
        _ => 45011,
    }
}

fn daily_code(path: &str) -> i64 {
    match path {
        "/wxa/generate_urllink" | "/wxa/generatescheme" => 44993,
        _ => 45009,
    }
}

impl Endpoint {
    fn admit(&self, desk: &Desk<'_>) -> Result<(), Refusal> {
        match (&self.method, &desk.call.method) {
            (wanted, sent) if wanted == sent => (),
            (&Method::GET, _) => return Err(Refusal::new(43001, "require GET method")),
            _ => return Err(Refusal::new(43002, "require POST method")),
        }
        match self.admission {
            Admission::Open => Ok(()),
            Admission::TokenOnly => check_token(desk),
            Admission::Token => check_token(desk).and_then(|()| take_quota(desk)),
        }
    }
}

fn check_token(desk: &Desk<'_>) -> Result<(), Refusal> {
    let token = desk.call.query.get("access_token").map(String::as_str);
    desk.world.tokens.check(token, desk.now).map_err(|fault| match fault {
        TokenFault::Absent => Refusal::new(41001, "access_token missing"),
        TokenFault::Malformed => Refusal::new(40014, "invalid access_token"),
        TokenFault::Unknown => {
            Refusal::new(40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r")
        }
        TokenFault::Expired => Refusal::new(42001, "access_token expired"),
    })
}

pub(crate) fn take_quota(desk: &Desk<'_>) -> Result<(), Refusal> {
    let path = &desk.call.path;
    desk.world.quotas.take(path, desk.now).map_err(|fault| match fault {
        QuotaFault::Daily => Refusal::new(daily_code(path), "reach max api daily quota limit"),
        QuotaFault::PerMinute => {
            Refusal::new(per_minute_code(path), "api minute-quota reach limit  mustslower  retry next minute")
        }
    })
}

/// The call's JSON object.
pub(crate) fn json_body(desk: &Desk<'_>) -> Result<Value, Refusal> {
    if desk.call.body.is_empty() {
        return Err(Refusal::new(44002, "empty post data"));
    }
    let body: Value = serde_json::from_slice(&desk.call.body).map_err(|_| Refusal::malformed())?;
    if body.is_object() { Ok(body) } else { Err(Refusal::malformed()) }
}

/// A text member of the body; anything else counts as absent.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}

pub(crate) fn ok() -> Value {
    json!({ "errcode": 0, "errmsg": "ok" })
}

impl Refusal {
    pub fn new(code: i64, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub fn malformed() -> Self {
        Self::new(47001, "data format error")
    }

    fn reply(self, desk: &Desk<'_>) -> Reply {
        let world = desk.world;
        let rid = new_rid(&world.dice, desk.now);
        let body = json!({ "errcode": self.code, "errmsg": format!("{} rid: {rid}", self.text) }).to_string();
        world.counters.refusal(&desk.call.path, &self.code.to_string());
        world.rids.keep(
            rid,
            FailedCall {
                at: desk.now,
                cost_in_ms: (desk.hub.now() - desk.now).num_milliseconds(),
                url: format!("https://api.weixin.qq.com{}", desk.call.path),
                request_body: String::from_utf8_lossy(&desk.call.body).into_owned(),
                response_body: body.clone(),
                client_ip: desk.call.client_ip.clone(),
            },
        );
        let text = desk.call.path == "/sns/jscode2session";
        Reply::new(if text { "text/plain" } else { JSON }, body)
    }
}
