//! `soter/verify_signature`: true only for the very text that the person's phone signed. A phone's chip is stood in for by a keyed hash
//! of the text, as a client sees nothing of the key but the signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, ok, text};
use crate::world::person::Person;

/// The chip's signature; none for a key that can't be.
pub(crate) fn sign(person: &Person, signed: &str) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(format!("soter:{}", person.openid).as_bytes()).ok()?;
    Some(STANDARD.encode(mac.chain_update(signed.as_bytes()).finalize().into_bytes()))
}

pub(crate) fn verify(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let person = desk
        .world
        .people
        .by_openid(text(&body, "openid"))
        .ok_or_else(|| Refusal::new(40003, "invalid openid"))?;
    let signature = sign(&person, text(&body, "json_string"));
    let mut answer = ok();
    answer["is_ok"] = json!(signature.as_deref() == Some(text(&body, "json_signature")));
    Ok(Answer::Json(answer))
}
