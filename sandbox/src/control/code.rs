//! What the client side of a platform hands to a mini-program: one-time codes and encrypted payloads.

use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use crate::control::{Answer, ControlError, Shared, person_of};
use crate::world::code::{CodeKind, Stage};
use crate::{alipay, payload_cipher, wechat};

/// `appid` makes a code of another mini-program, which ours must not be able to redeem.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CodeWish {
    appid: Option<String>,
}

type Wish = Option<web::Json<CodeWish>>;

pub(crate) async fn login(hub: Shared, id: web::Path<String>, wish: Wish) -> Answer {
    let appid = hub.settings.wechat.appid.clone();
    issue(&hub, &id, CodeKind::Login, wish, &appid)
}

pub(crate) async fn phone(hub: Shared, id: web::Path<String>, wish: Wish) -> Answer {
    let appid = hub.settings.wechat.appid.clone();
    issue(&hub, &id, CodeKind::Phone, wish, &appid)
}

pub(crate) async fn alipay_auth(hub: Shared, id: web::Path<String>, wish: Wish) -> Answer {
    let app_id = hub.settings.alipay.app_id.clone();
    issue(&hub, &id, CodeKind::AlipayAuth, wish, &app_id)
}

fn issue(hub: &Shared, id: &str, kind: CodeKind, wish: Wish, own_app: &str) -> Answer {
    let world = hub.world();
    let person = person_of(&world, id)?;
    let wished = wish.and_then(|wish| wish.into_inner().appid);
    let appid = wished.as_deref().unwrap_or(own_app);
    let now = hub.now();
    person.own().last_visit = Some(now);
    let (code, expires_at) = world.codes.issue(kind, &person, Stage { appid, dice: &world.dice, now });
    Ok(HttpResponse::Created().json(json!({ "code": code, "expires_at": expires_at })))
}

/// `my.getPhoneNumber`: the cipher text and its signature, as the client side gets them.
pub(crate) async fn alipay_phone(hub: Shared, id: web::Path<String>) -> Answer {
    let person = person_of(&hub.world(), &id)?;
    let response =
        alipay::phone_response(&hub.settings.alipay, &person.phone).map_err(ControlError::refused)?;
    Ok(HttpResponse::Created().json(json!({ "response": response.to_string() })))
}

/// The older `encryptedData` and `iv` of the phone button, made with the session key of the moment.
pub(crate) async fn encrypted_phone(hub: Shared, id: web::Path<String>) -> Answer {
    let world = hub.world();
    let person = person_of(&world, &id)?;
    let session = person.own().session.clone();
    let session = session.ok_or_else(|| ControlError::refused("the person has not logged in yet"))?;
    let payload = wechat::phone::phone_payload(&person, &hub.settings.wechat.appid, hub.now().timestamp());
    let iv = world.dice.bytes::<16>();
    let key = STANDARD.decode(&session.key).unwrap_or_default();
    let encrypted = payload_cipher::encrypt(&key, &iv, payload.to_string().as_bytes());
    let encrypted = encrypted.ok_or_else(|| ControlError::refused("the session key is not 16 bytes"))?;
    Ok(HttpResponse::Created()
        .json(json!({ "encryptedData": STANDARD.encode(encrypted), "iv": STANDARD.encode(iv) })))
}
