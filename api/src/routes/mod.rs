//! Every URL on one page. A handler's name is its operation id.

use utoipa_actix_web::service_config::ServiceConfig;

pub mod console_audit;
pub mod console_members;
pub mod console_staff;
pub mod console_stores;
pub mod console_tags;
pub mod health;
pub mod me;
pub mod sign_in;
pub mod staff_auth;
pub mod stores;

/// Everything that is served and documented.
pub fn all(config: &mut ServiceConfig) {
    sign_in(config);
    member(config);
    staff(config);
    console(config);
    callbacks(config);
    operators(config);
}

fn sign_in(config: &mut ServiceConfig) {
    config
        .service(sign_in::send_sms_code)
        .service(sign_in::sign_in_by_sms)
        .service(sign_in::sign_in_by_wechat)
        .service(sign_in::sign_in_by_alipay)
        .service(sign_in::refresh_tokens)
        .service(sign_in::sign_out);
}

fn member(config: &mut ServiceConfig) {
    config
        .service(me::get_me)
        .service(me::change_me)
        .service(me::delete_me)
        .service(me::export_me)
        .service(stores::list_open_stores);
}

fn staff(config: &mut ServiceConfig) {
    config
        .service(staff_auth::sign_in_staff)
        .service(staff_auth::get_staff_me)
        .service(staff_auth::change_password);
}

fn console(config: &mut ServiceConfig) {
    config
        .service(console_members::search_members)
        .service(console_members::get_member)
        .service(console_members::reveal_phone)
        .service(console_members::disable_member)
        .service(console_members::enable_member)
        .service(console_tags::tag_member)
        .service(console_tags::untag_member)
        .service(console_tags::list_tags)
        .service(console_tags::create_tag)
        .service(console_staff::list_staff)
        .service(console_staff::create_staff)
        .service(console_staff::change_staff)
        .service(console_staff::reset_password)
        .service(console_stores::list_stores)
        .service(console_stores::create_store)
        .service(console_stores::change_store)
        .service(console_audit::list_audit);
}

fn callbacks(_config: &mut ServiceConfig) {}

/// What a process that serves no API answers too.
pub fn operators(config: &mut ServiceConfig) {
    config.service(health::healthz).service(health::readyz).service(health::metrics);
}
