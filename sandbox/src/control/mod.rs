//! The control API under `/sandbox/api`: the hands of the people behind the phones, and the knobs. docs/sandbox.md is its
//! contract; tests of other parts rely on it.

mod callback;
mod code;
mod consent;
mod counting;
mod feed;
mod knob;
mod message;
mod people;
mod push;
mod soter;

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, JsonConfig};
use actix_web::{HttpResponse, ResponseError, Scope};
use serde_json::json;

use crate::hub::Hub;
use crate::world::World;
use crate::world::person::Person;

pub(crate) fn json_limits(largest: usize) -> JsonConfig {
    JsonConfig::default().limit(largest).content_type_required(false).error_handler(|error, _| {
        ControlError { status: StatusCode::BAD_REQUEST, text: error.to_string() }.into()
    })
}

pub(crate) fn scope() -> Scope {
    web::scope("/sandbox/api")
        .service(
            web::resource("/people").route(web::post().to(people::make)).route(web::get().to(people::list)),
        )
        .route("/people/batch", web::post().to(people::make_many))
        .service(
            web::resource("/people/{id}")
                .route(web::get().to(people::show))
                .route(web::patch().to(people::change)),
        )
        .route("/people/{id}/login-codes", web::post().to(code::login))
        .route("/people/{id}/phone-codes", web::post().to(code::phone))
        .route("/people/{id}/alipay-auth-codes", web::post().to(code::alipay_auth))
        .route("/people/{id}/soter", web::post().to(soter::touch))
        .route("/people/{id}/alipay-phone", web::post().to(code::alipay_phone))
        .route("/people/{id}/encrypted-phone", web::post().to(code::encrypted_phone))
        .route("/people/{id}/prompts", web::post().to(consent::prompt))
        .route("/prompts/batch", web::post().to(consent::prompt_many))
        .route("/people/{id}/subscriptions", web::get().to(consent::subscriptions))
        .route("/people/{id}/subscriptions/{template}/cancel", web::post().to(consent::cancel))
        .route("/people/{id}/main-switch", web::put().to(consent::main_switch))
        .route("/people/{id}/messages", web::get().to(message::of_person))
        .route("/people/{id}/in-app-messages", web::post().to(message::put_in_app))
        .route("/people/{id}/sms-replies", web::post().to(push::sms_reply))
        .route("/messages", web::get().to(message::all))
        .route("/inboxes", web::get().to(counting::inboxes))
        .route("/counters", web::get().to(counting::counters))
        .route("/pending", web::get().to(counting::pending))
        .service(
            web::resource("/clock").route(web::get().to(knob::clock)).route(web::put().to(knob::set_clock)),
        )
        .service(
            web::resource("/faults")
                .route(web::get().to(knob::faults))
                .route(web::put().to(knob::set_faults)),
        )
        .service(
            web::resource("/account")
                .route(web::get().to(knob::account))
                .route(web::patch().to(knob::set_account)),
        )
        .route("/quota", web::put().to(knob::set_quota))
        .route("/tokens/revoke", web::post().to(knob::revoke_tokens))
        .service(
            web::resource("/sms-rules")
                .route(web::get().to(knob::sms_rules))
                .route(web::put().to(knob::set_sms_rules)),
        )
        .route("/sms-templates", web::post().to(knob::add_sms_template))
        .route("/sms-signs", web::post().to(knob::add_sms_sign))
        .route("/templates", web::get().to(knob::templates))
        .route("/templates/{id}/ban", web::put().to(knob::ban_template))
        .service(
            web::resource("/callback")
                .route(web::get().to(callback::show))
                .route(web::put().to(callback::set)),
        )
        .route("/sms-callbacks", web::put().to(callback::set_sms))
        .route("/pushes", web::post().to(push::push))
        .route("/reset", web::post().to(knob::reset))
        .route("/events", web::get().to(feed::events))
        .default_service(web::to(unknown))
}

async fn unknown() -> Result<HttpResponse, ControlError> {
    Err(ControlError::not_found("no such control path"))
}

/// Wrong use of the control API, told in one sentence under `error`.
#[derive(Debug)]
pub(crate) struct ControlError {
    status: StatusCode,
    text: String,
}

impl ControlError {
    pub fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }

    pub fn refused(text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, text: text.into() }
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({ "error": self.text }))
    }
}

type Answer = Result<HttpResponse, ControlError>;
type Shared = web::Data<Hub>;

/// By id (`p1`) or openid.
fn person_of(world: &World, name: &str) -> Result<Arc<Person>, ControlError> {
    world.people.find(name).ok_or_else(|| ControlError::not_found("no such person"))
}

fn page_size(asked: Option<usize>, largest: usize) -> usize {
    asked.unwrap_or(100).clamp(1, largest)
}
