//! WeChat's envelope: `errcode` decides, `errmsg` is never trusted and never passed on.
//!
//! The texts of `errmsg` change, and may quote openids; only the request id, the name of a template parameter and this
//! server's own address are taken out of it.

use crate::{Class, Error, beijing, flexible};
use chrono::{DateTime, Timelike, Utc};
use serde_json::Value;
use std::time::Duration;

/// The access token is not, or no longer, good: drop it, fetch, try once more.
const STALE_TOKEN: [&str; 3] = ["40001", "40014", "42001"];
/// Sends to one openid must not overlap; by then the other one is over.
const SAME_OPENID_PAUSE: Duration = Duration::from_secs(2);
const MAX_RID_CHARS: usize = 64;

pub(super) fn is_stale_token(error: &Error) -> bool {
    error.class == Class::Token && STALE_TOKEN.contains(&error.code.as_str())
}

/// `Err` if the envelope reports a failure; an absent `errcode` is success.
pub(super) fn check(answer: &Value, now: DateTime<Utc>) -> Result<(), Error> {
    match answer.get("errcode").map(flexible::integer) {
        None | Some(Some(0)) => Ok(()),
        Some(Some(code)) => Err(error(code, answer, now)),
        Some(None) => Err(Error::new(Class::Permanent, "unreadable", "errcode is not a number")),
    }
}

/// The same for the two calls that carry the AppSecret: what is refused there is the credential itself.
pub(super) fn check_credentials(answer: &Value, now: DateTime<Utc>) -> Result<(), Error> {
    check(answer, now).map_err(|error| match error.class {
        Class::Permanent => Error { class: Class::Token, ..error },
        _ => error,
    })
}

fn error(code: i64, answer: &Value, now: DateTime<Utc>) -> Error {
    let text = answer.get("errmsg").and_then(Value::as_str).unwrap_or_default();
    let about = about(code, text);
    let words = match (code, &about) {
        (47003, Some(name)) => format!("the value of {name} breaks its rule"),
        _ => words(code).to_owned(),
    };
    Error::new(class(code), code.to_string(), words)
        .with_about(about)
        .with_rid(request_id(text))
        .with_retry_after(retry_after(code, now))
}

fn class(code: i64) -> Class {
    match code {
        -1 | 43108 | 20001 | 200001 => Class::Busy,
        40001 | 40014 | 42001 | 41001 | 40013 | 40125 | 40164 | 40243 | 41002 | 41004 => Class::Token,
        45009 | 45011 | 44990 | 44991 | 44993 => Class::Throttled,
        _ => Class::Permanent,
    }
}

fn words(code: i64) -> &'static str {
    match code {
        -1 | 20001 | 200001 => "WeChat is busy",
        40001 | 40014 | 42001 => "the access token was refused",
        40003 => "the openid is wrong or of another appid",
        40013 | 41002 => "the appid was refused",
        40029 => "the code is invalid or expired",
        40037 => "the template id is wrong",
        40125 | 41004 => "the AppSecret was refused",
        40129 => "the scene is not allowed",
        40163 => "the code has already been used",
        40164 => "this server's address is not in the IP whitelist",
        40169 => "the scene is too long",
        40226 => "WeChat rates the account a high risk",
        40243 => "the AppSecret is frozen",
        41001 => "the access token is missing",
        41030 => "the page is not in the released version",
        43101 => "no consent is left for this template",
        43104 => "the openid does not belong to this appid",
        43107 => "subscribe messages or this template are banned",
        43108 => "another message to the same person is under way",
        45009 | 44993 => "the daily quota is used up",
        44990 | 44991 | 45011 => "the rate limit is reached",
        45168 => "the text holds a sensitive word",
        47001 => "WeChat could not read the request",
        47003 => "a template value breaks its rule",
        48001 | 48004 => "the API is not open to this account",
        61010 => "the person has not visited within two hours",
        _ => "WeChat refused",
    }
}

fn retry_after(code: i64, now: DateTime<Utc>) -> Option<Duration> {
    match code {
        44990 => Some(Duration::from_secs(1)),
        44991 | 45011 => Some(Duration::from_secs(u64::from(60 - now.second().min(59)))),
        44993 | 45009 => beijing::until_hour(now, 0),
        43108 => Some(SAME_OPENID_PAUSE),
        _ => None,
    }
}

/// The id after `rid: ` (or, in older answers, `req_id: `).
fn request_id(text: &str) -> Option<String> {
    let after =
        ["rid: ", "req_id: "].iter().find_map(|mark| text.rsplit_once(mark)).map(|(_, after)| after)?;
    let id: String =
        after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').take(MAX_RID_CHARS).collect();
    (!id.is_empty()).then_some(id)
}

fn about(code: i64, text: &str) -> Option<String> {
    match code {
        40164 => own_address(text),
        47003 => parameter_name(text),
        _ => None,
    }
}

/// `203.0.113.7` out of `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`.
fn own_address(text: &str) -> Option<String> {
    let after = text.split_once("invalid ip ")?.1;
    let address: std::net::IpAddr = after.split([' ', ',']).next()?.parse().ok()?;
    Some(address.to_string())
}

/// `thing3` out of `argument invalid! data.thing3.value invalid`.
fn parameter_name(text: &str) -> Option<String> {
    let after = text.split_once("data.")?.1;
    let name: String =
        after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').take(32).collect();
    (!name.is_empty()).then_some(name)
}
