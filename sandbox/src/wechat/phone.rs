//! Phone numbers by the phone button's code.

use serde_json::{Value, json};

use crate::pipeline::Desk;
use crate::wechat::{Answer, Refusal, json_body, text};
use crate::world::code::{CodeFault, CodeKind};
use crate::world::person::Person;

pub(crate) fn by_code(desk: &Desk<'_>) -> Result<Answer, Refusal> {
    let body = json_body(desk)?;
    let appid = &desk.hub.settings.wechat.appid;
    let (code, openid) = (text(&body, "code"), text(&body, "openid"));
    let codes = &desk.world.codes;
    let holder = codes.holder(CodeKind::Phone, code, desk.now).map_err(refuse_code)?;
    // A mismatch must not use the code up: the shopper who owns it did nothing wrong.
    if !openid.is_empty() && *holder.openid != *openid {
        return Err(Refusal::new(40003, "invalid openid"));
    }
    let person = codes.redeem(CodeKind::Phone, code, appid, desk.now).map_err(refuse_code)?;
    let phone_info = phone_payload(&person, appid, desk.now.timestamp());
    Ok(Answer::Json(json!({ "errcode": 0, "errmsg": "ok", "phone_info": phone_info })))
}

fn refuse_code(fault: CodeFault) -> Refusal {
    match fault {
        CodeFault::OtherApp => Refusal::new(40013, "invalid appid"),
        CodeFault::Unknown | CodeFault::Expired | CodeFault::Used => Refusal::new(40029, "invalid code"),
    }
}

/// `phoneNumber` carries the country code only for numbers from abroad.
pub(crate) fn phone_payload(person: &Person, appid: &str, timestamp: i64) -> Value {
    let abroad = person.phone.strip_prefix('+').filter(|digits| !digits.starts_with("86"));
    let (country, pure) = match abroad {
        Some(digits) => digits.split_at(digits.len().saturating_sub(8).clamp(1, 3)),
        None => ("86", person.phone.trim_start_matches("+86")),
    };
    let full = if abroad.is_some() { person.phone.to_string() } else { pure.to_owned() };
    json!({
        "phoneNumber": full, "purePhoneNumber": pure, "countryCode": country,
        "watermark": { "timestamp": timestamp, "appid": appid },
    })
}
