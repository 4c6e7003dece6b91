//! Every URL on one page. A handler's name is its operation id.

use utoipa_actix_web::service_config::ServiceConfig;

pub mod health;

/// Everything that is served and documented.
pub fn all(config: &mut ServiceConfig) {
    sign_in(config);
    member(config);
    staff(config);
    console(config);
    callbacks(config);
    operators(config);
}

fn sign_in(_config: &mut ServiceConfig) {}

fn member(_config: &mut ServiceConfig) {}

fn staff(_config: &mut ServiceConfig) {}

fn console(_config: &mut ServiceConfig) {}

fn callbacks(_config: &mut ServiceConfig) {}

/// What a process that serves no API answers too.
pub fn operators(config: &mut ServiceConfig) {
    config.service(health::healthz).service(health::readyz).service(health::metrics);
}
