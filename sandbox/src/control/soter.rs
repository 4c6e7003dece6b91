//! A finger on the phone: what `wx.startSoterAuthentication` hands to the mini-program.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::control::{Answer, ControlError, Shared, person_of};
use crate::wechat::soter;

/// The counter rises with each call unless one is asked for, as a replayed or copied chip would give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Touch {
    challenge: String,
    counter: Option<u64>,
    /// The chip's number; that of the person's own phone without.
    cpu_id: Option<String>,
}

pub(crate) async fn touch(hub: Shared, id: web::Path<String>, touch: web::Json<Touch>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    let touch = touch.into_inner();
    let counter = touch.counter.unwrap_or_else(|| {
        let mut own = person.own();
        own.soter_counter += 1;
        own.soter_counter
    });
    let signed = json!({
        "raw": touch.challenge, "fid": "1", "counter": counter, "tee_n": "TEE", "tee_v": "1.0", "fp_n": "FP", "fp_v": "1.0",
        "cpu_id": touch.cpu_id.unwrap_or_else(|| format!("chip-{}", person.id())), "uid": "10086",
    })
    .to_string();
    let signature =
        soter::sign(&person, &signed).ok_or_else(|| ControlError::refused("the chip has no key"))?;
    Ok(HttpResponse::Created().json(json!({
        "authMode": "fingerPrint", "errCode": 0, "errMsg": "startSoterAuthentication:ok",
        "resultJSON": signed, "resultJSONSignature": signature,
    })))
}
