//! The account's tools: clearing and showing quotas, looking up request ids.

use serde_json::{Value, json};

use crate::pipeline::Desk;
use crate::wechat::token::check_account;
use crate::wechat::{Answer, Refusal, json_body, ok, text};
use crate::world::rid::RidFault;

pub(crate) fn clear_all(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let appid = text(&body, "appid");
    if appid.is_empty() {
        return Err(Refusal::new(41002, "appid missing"));
    }
    if appid != desk.hub.settings.wechat.appid {
        return Err(Refusal::new(40013, "invalid appid"));
    }
    cleared(desk)
}

/// The documents put the account into the body, their example into the query; both are read.
pub(crate) fn clear_all_by_secret(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body: Value = serde_json::from_slice(&desk.call.body).unwrap_or(Value::Null);
    let either = |name: &str| match desk.call.query(name) {
        "" => text(&body, name).to_owned(),
        given => given.to_owned(),
    };
    check_account(desk, &either("appid"), &either("appsecret"))?;
    cleared(desk)
}

fn cleared(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    if desk.world.quotas.clear_all(desk.now) {
        Ok(Answer::Json(ok()))
    } else {
        Err(Refusal::new(48006, "forbid to clear quota because of reaching the limit"))
    }
}

pub(crate) fn clear_one(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let path = known_path(&json_body(desk)?)?;
    if desk.world.quotas.clear_one(&path, desk.now) {
        Ok(Answer::Json(ok()))
    } else {
        Err(Refusal::new(48006, "forbid to clear quota because of reaching the limit"))
    }
}

pub(crate) fn show(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    const A_MINUTE: u32 = 60;
    let path = known_path(&json_body(desk)?)?;
    let usage = desk.world.quotas.usage(&path, desk.now);
    Ok(Answer::Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "quota": {
            "daily_limit": usage.daily_limit, "used": usage.used,
            "remain": usage.daily_limit.saturating_sub(usage.used),
        },
        "rate_limit": { "call_count": usage.per_minute_limit, "refresh_second": A_MINUTE },
    })))
}

fn known_path(body: &Value) -> Result<String, Refusal> {
    let path = text(body, "cgi_path");
    if path.starts_with("/sns/") {
        return Err(Refusal::new(76022, "could not use this cgi_path, no permission"));
    }
    if super::ENDPOINTS.iter().any(|endpoint| endpoint.path == path) {
        Ok(path.to_owned())
    } else {
        Err(Refusal::new(76021, "cgi_path not found, please check"))
    }
}

pub(crate) fn look_up_rid(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let rid = text(&body, "rid");
    let groups: Vec<&str> = rid.split('-').collect();
    let well_formed = groups.len() == 3
        && groups.iter().all(|group| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !well_formed {
        return Err(Refusal::new(76002, "rid is invalid"));
    }
    let request = desk.world.rids.find(rid, desk.now).map_err(|fault| match fault {
        RidFault::Unknown => Refusal::new(76001, "rid not found"),
        RidFault::TooOld => Refusal::new(76004, "rid is expired"),
    })?;
    Ok(Answer::Json(json!({ "errcode": 0, "errmsg": "ok", "request": request })))
}
