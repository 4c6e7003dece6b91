//! Where events go: the WeChat callback (verified first, as the platform does) and the SMS providers' addresses.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::callback::wechat_push;
use crate::control::{Answer, ControlError, Shared};
use crate::settings::CallbackTarget;
use crate::sms::desk::Receivers;

pub(crate) async fn show(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(view(hub.world().callback().as_deref())))
}

/// The token and the key stay inside.
fn view(target: Option<&CallbackTarget>) -> Value {
    match target {
        None => json!({ "configured": false }),
        Some(target) => json!({
            "configured": true, "url": target.url, "mode": target.mode, "format": target.format,
        }),
    }
}

/// `target: null` switches pushing off.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackWish {
    target: Option<CallbackTarget>,
}

pub(crate) async fn set(hub: Shared, wish: web::Json<CallbackWish>) -> Answer {
    let world = hub.world();
    let target = wish.into_inner().target;
    if let Some(target) = &target {
        let seconds = hub.now().timestamp();
        let verified = wechat_push::verify(&hub.pushes.client, target, &world.dice, seconds).await;
        verified.map_err(ControlError::refused)?;
    }
    world.set_callback(target);
    Ok(HttpResponse::Ok().json(view(world.callback().as_deref())))
}

pub(crate) async fn set_sms(hub: Shared, receivers: web::Json<Receivers>) -> Answer {
    hub.world().sms.set_receivers(receivers.into_inner());
    Ok(HttpResponse::NoContent().finish())
}
