//! Every URL on one page. A handler's name is its operation id.

use utoipa_actix_web::service_config::ServiceConfig;

pub mod card;
pub mod console_coupons;
pub mod coupon_view;
pub mod coupons;
pub mod health;
pub mod purchases;
pub mod till;

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

fn member(config: &mut ServiceConfig) {
    config.service(card::show_card).service(card::show_card_code).service(card::renew_card_secret);
    config
        .service(coupons::list_claimable_coupon_templates)
        .service(coupons::claim_coupon)
        .service(coupons::list_my_coupons)
        .service(coupons::read_my_coupon);
    config.service(purchases::list_my_purchases);
}

fn staff(config: &mut ServiceConfig) {
    config
        .service(till::scan_card)
        .service(till::quote_coupons)
        .service(till::redeem_coupon)
        .service(till::reverse_redemption)
        .service(till::list_redemptions);
    config.service(purchases::record_purchase);
}

fn console(config: &mut ServiceConfig) {
    config
        .service(console_coupons::create_coupon_template)
        .service(console_coupons::list_coupon_templates)
        .service(console_coupons::read_coupon_template)
        .service(console_coupons::change_coupon_template)
        .service(console_coupons::publish_coupon_template)
        .service(console_coupons::withdraw_coupon_template)
        .service(console_coupons::void_coupon);
    config.service(purchases::list_member_purchases);
}

fn callbacks(_config: &mut ServiceConfig) {}

/// What a process that serves no API answers too.
pub fn operators(config: &mut ServiceConfig) {
    config.service(health::healthz).service(health::readyz).service(health::metrics);
}
