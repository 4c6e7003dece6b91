//! `/cgi-bin/token` and `/cgi-bin/stable_token`.

use serde_json::{Value, json};

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, take_quota, text};

pub(crate) fn plain(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let query = |name| desk.call.query(name);
    check_grant(query("grant_type"))?;
    check_account(desk, query("appid"), query("secret"))?;
    check_caller(desk)?;
    take_quota(desk)?;
    Ok(token_answer(desk.world.tokens.plain(&desk.world.dice, desk.now)))
}

pub(crate) fn stable(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    check_grant(text(&body, "grant_type"))?;
    check_account(desk, text(&body, "appid"), text(&body, "secret"))?;
    check_caller(desk)?;
    take_quota(desk)?;
    let force = body["force_refresh"] == Value::Bool(true);
    Ok(token_answer(desk.world.tokens.stable(force, &desk.world.dice, desk.now)))
}

fn token_answer((token, seconds): (String, i64)) -> Answer {
    Answer::Json(json!({ "access_token": token, "expires_in": seconds }))
}

fn check_grant(grant: &str) -> Result<(), Refusal> {
    if grant == "client_credential" { Ok(()) } else { Err(Refusal::new(40002, "invalid grant_type")) }
}

/// Absent and wrong values have codes of their own.
pub(crate) fn check_account(desk: &Desk<'_>, appid: &str, secret: &str) -> Result<(), Refusal> {
    let account = &desk.hub.settings.wechat;
    if appid.is_empty() {
        return Err(Refusal::new(41002, "appid missing"));
    }
    if secret.is_empty() {
        return Err(Refusal::new(41004, "appsecret missing"));
    }
    if appid != account.appid {
        return Err(Refusal::new(40013, "invalid appid"));
    }
    if secret != account.secret {
        return Err(Refusal::new(40125, "invalid appsecret"));
    }
    Ok(())
}

fn check_caller(desk: &Desk<'_>) -> Result<(), Refusal> {
    let ip = &desk.call.client_ip;
    desk.world.account.with(|account| {
        if account.secret_frozen {
            return Err(Refusal::new(40243, "AppSecret has been frozen"));
        }
        match &account.ip_whitelist {
            Some(allowed) if !allowed.contains(ip) => {
                Err(Refusal::new(40164, format!("invalid ip {ip}, not in whitelist")))
            }
            _ => Ok(()),
        }
    })
}
