//! `checksession` and `resetusersessionkey`: HMAC over the empty string, keyed with the session key as a string.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::pipeline::Desk;
use crate::wechat::login::new_session;
use crate::wechat::{Answer, Refusal, ok};
use crate::world::person::Person;

pub(crate) fn check(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    verified(desk)?;
    Ok(Answer::Json(ok()))
}

pub(crate) fn reset(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let person = verified(desk)?;
    let mut own = person.own();
    let since = own.session.as_ref().map_or(desk.now, |session| session.since);
    let key = new_session(&mut own, &desk.world.dice, since);
    Ok(Answer::Json(json!({ "errcode": 0, "errmsg": "ok", "openid": *person.openid, "session_key": key })))
}

fn verified(desk: &Desk<'_>) -> Result<Arc<Person>, Refusal> {
    let query = |name| desk.call.query(name);
    if query("sig_method") != "hmac_sha256" {
        return Err(Refusal::new(87008, "invalid sig_method"));
    }
    let person =
        desk.world.people.by_openid(query("openid")).ok_or_else(|| Refusal::new(40003, "invalid openid"))?;
    let session = person
        .own()
        .session
        .clone()
        .ok_or_else(|| Refusal::new(87007, "session_key not exist or expired"))?;
    if signature_over_nothing(&session.key).as_deref() == Some(query("signature")) {
        Ok(person)
    } else {
        Err(Refusal::new(87009, "invalid signature"))
    }
}

fn signature_over_nothing(key: &str) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    Some(hex::encode(mac.finalize().into_bytes()))
}
