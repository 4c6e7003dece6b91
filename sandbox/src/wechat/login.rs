//! `jscode2session`: a login code becomes an openid and a session key. Answers `text/plain`, as the platform does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::dice::Dice;
use crate::pipeline::Desk;
use crate::wechat::token::check_account;
use crate::wechat::{Answer, Refusal, take_quota};
use crate::world::code::{CodeFault, CodeKind};
use crate::world::person::{PersonState, Session};

/// A login sooner than this after the last change keeps the session key; later ones change it mostly, not always.
const SHORTEST_KEY_LIFE: Duration = Duration::minutes(5);
const CHANGE_RATE: f64 = 0.7;

pub(crate) fn code_to_session(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let query = |name| desk.call.query(name);
    check_account(desk, query("appid"), query("secret"))?;
    if query("grant_type") != "authorization_code" {
        return Err(Refusal::new(40002, "invalid grant_type"));
    }
    let code = query("js_code");
    if code.is_empty() {
        return Err(Refusal::new(41008, "missing code"));
    }
    take_quota(desk)?;
    let codes = &desk.world.codes;
    let person = codes.holder(CodeKind::Login, code, desk.now).map_err(refuse_code)?;
    let mut own = person.own();
    if !own.may_log_in(desk.now) {
        return Err(Refusal::new(45011, "api minute-quota reach limit  mustslower  retry next minute"));
    }
    codes.redeem(CodeKind::Login, code, query("appid"), desk.now).map_err(refuse_code)?;
    if own.risky {
        return Err(Refusal::new(40226, "code blocked"));
    }
    own.last_visit = Some(desk.now);
    let key = session_key(&mut own, &desk.world.dice, desk.now);
    Ok(Answer::JsonAsText(
        json!({ "session_key": key, "openid": *person.openid, "unionid": *person.unionid }),
    ))
}

fn refuse_code(fault: CodeFault) -> Refusal {
    match fault {
        CodeFault::Used => Refusal::new(40163, "code been used"),
        CodeFault::Unknown | CodeFault::Expired | CodeFault::OtherApp => Refusal::new(40029, "invalid code"),
    }
}

fn session_key(own: &mut PersonState, dice: &Dice, now: DateTime<Utc>) -> String {
    let kept = own
        .session
        .as_ref()
        .filter(|session| now - session.since < SHORTEST_KEY_LIFE || !dice.hits(CHANGE_RATE));
    match kept {
        Some(session) => session.key.clone(),
        None => new_session(own, dice, now),
    }
}

pub(crate) fn new_session(own: &mut PersonState, dice: &Dice, now: DateTime<Utc>) -> String {
    let key = STANDARD.encode(dice.bytes::<16>());
    own.session = Some(Session { key: key.clone(), since: now });
    key
}
