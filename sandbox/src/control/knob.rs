//! Clock, faults, tokens, quotas, account switches, SMS rules, templates, reset.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SmsTemplate;
use crate::control::{Answer, ControlError, Shared};
use crate::hub::Hub;
use crate::sms::SmsSign;
use crate::sms::desk::{Provider, SmsRules};
use crate::world::fault::Faults;
use crate::world::quota::QuotaWish;

pub(crate) async fn clock(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(clock_view(&hub)))
}

fn clock_view(hub: &Hub) -> Value {
    json!({
        "now": hub.now(), "stands_still": hub.clock.stands_still(), "offset_seconds": hub.clock.offset_seconds(),
    })
}

/// Exactly one member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockWish {
    /// Stand still at this moment.
    now: Option<DateTime<Utc>>,
    /// Follow the machine's clock at this distance.
    offset_seconds: Option<i64>,
    /// Move on, running or standing.
    advance_seconds: Option<i64>,
    /// Follow the machine's clock.
    system: Option<bool>,
}

pub(crate) async fn set_clock(hub: Shared, wish: web::Json<ClockWish>) -> Answer {
    let seconds = |count: i64| Duration::try_seconds(count).unwrap_or_default();
    match wish.into_inner() {
        ClockWish { now: Some(now), offset_seconds: None, advance_seconds: None, system: None } => {
            hub.clock.stand_at(now)
        }
        ClockWish { now: None, offset_seconds: Some(offset), advance_seconds: None, system: None } => {
            hub.clock.follow_machine(seconds(offset));
        }
        ClockWish { now: None, offset_seconds: None, advance_seconds: Some(step), system: None } => {
            hub.clock.advance(seconds(step));
        }
        ClockWish { now: None, offset_seconds: None, advance_seconds: None, system: Some(true) } => {
            hub.clock.follow_machine(Duration::zero());
        }
        _ => {
            return Err(ControlError::refused(
                "give one of now, offset_seconds, advance_seconds, system: true",
            ));
        }
    }
    hub.pushes.bell.notify_one();
    hub.tell("clock", || clock_view(&hub));
    Ok(HttpResponse::Ok().json(clock_view(&hub)))
}

pub(crate) async fn faults(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(hub.world().faults.all()))
}

pub(crate) async fn set_faults(hub: Shared, faults: web::Json<Faults>) -> Answer {
    let world = hub.world();
    world.faults.set(faults.into_inner());
    Ok(HttpResponse::Ok().json(world.faults.all()))
}

pub(crate) async fn account(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(hub.world().account.snapshot()))
}

/// Members given replace those that stand; the rest stays.
pub(crate) async fn set_account(hub: Shared, patch: web::Json<serde_json::Map<String, Value>>) -> Answer {
    let world = hub.world();
    let mut merged = json!(world.account.snapshot());
    for (name, value) in patch.into_inner() {
        merged[name] = value;
    }
    let account = serde_json::from_value(merged).map_err(|error| ControlError::refused(error.to_string()))?;
    world.account.with(|held| *held = account);
    Ok(HttpResponse::Ok().json(world.account.snapshot()))
}

pub(crate) async fn set_quota(hub: Shared, wish: web::Json<QuotaWish>) -> Answer {
    Ok(HttpResponse::Ok().json(hub.world().quotas.set(wish.into_inner(), hub.now())))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Revocation {
    /// End the tokens as expired (42001) instead of void (40001).
    expire: bool,
}

pub(crate) async fn revoke_tokens(hub: Shared, wish: Option<web::Json<Revocation>>) -> Answer {
    let tokens = &hub.world().tokens;
    let expire = wish.is_some_and(|wish| wish.expire);
    let ended = if expire { tokens.expire_all(hub.now()) } else { tokens.revoke_all(hub.now()) };
    Ok(HttpResponse::Ok().json(json!({ "revoked": ended })))
}

pub(crate) async fn sms_rules(hub: Shared) -> Answer {
    Ok(HttpResponse::Ok().json(hub.world().sms.rules()))
}

pub(crate) async fn set_sms_rules(hub: Shared, rules: web::Json<SmsRules>) -> Answer {
    hub.world().sms.set_rules(rules.into_inner());
    Ok(HttpResponse::Ok().json(hub.world().sms.rules()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSmsTemplate {
    provider: Provider,
    template: SmsTemplate,
}

/// Registers a template as approved; one with the same id is replaced.
pub(crate) async fn add_sms_template(hub: Shared, wish: web::Json<NewSmsTemplate>) -> Answer {
    let wish = wish.into_inner();
    hub.world().sms.put_template(wish.provider, wish.template);
    Ok(HttpResponse::Created().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSmsSign {
    provider: Provider,
    sign: SmsSign,
}

/// Registers a signature; one of the same name is replaced.
pub(crate) async fn add_sms_sign(hub: Shared, wish: web::Json<NewSmsSign>) -> Answer {
    let wish = wish.into_inner();
    hub.world().sms.put_sign(wish.provider, wish.sign);
    Ok(HttpResponse::Created().finish())
}

pub(crate) async fn templates(hub: Shared) -> Answer {
    let rows: Vec<Value> = hub
        .world()
        .templates
        .all()
        .iter()
        .map(|template| {
            let mut row = json!(template.view());
            row["banned"] = json!(template.banned);
            row
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "templates": rows })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ban {
    banned: bool,
}

pub(crate) async fn ban_template(hub: Shared, id: web::Path<String>, ban: web::Json<Ban>) -> Answer {
    if hub.world().templates.ban(&id, ban.banned) {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(ControlError::not_found("no such template"))
    }
}

pub(crate) async fn reset(hub: Shared) -> Answer {
    hub.reset();
    Ok(HttpResponse::NoContent().finish())
}
