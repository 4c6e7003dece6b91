//! Every URL on one page. A handler's name is its operation id.

use utoipa_actix_web::service_config::ServiceConfig;

pub mod attributes;
pub mod callbacks;
pub mod card;
pub mod console_associations;
pub mod console_audit;
pub mod console_calendar;
pub mod console_campaign_lift;
pub mod console_campaign_moves;
pub mod console_campaign_results;
pub mod console_campaigns;
pub mod console_coupons;
pub mod console_dead_letters;
pub mod console_failures;
pub mod console_feedback;
pub mod console_forecast;
pub mod console_held_coupons;
pub mod console_mall;
pub mod console_members;
pub mod console_merges;
pub mod console_notices;
pub mod console_order_gifts;
pub mod console_points;
pub mod console_redemptions;
pub mod console_reports;
pub mod console_rfm;
pub mod console_segments;
pub mod console_settings;
pub mod console_shop;
pub mod console_staff;
pub mod console_stores;
pub mod console_tags;
pub mod console_tiers;
pub mod console_welcome;
pub mod coupon_codes;
pub mod coupon_packs;
pub mod coupon_view;
pub mod coupons;
pub mod delivery_view;
pub mod earning;
pub mod enrolments;
pub mod events;
pub mod feedback;
pub mod health;
pub mod mall;
pub mod me;
pub mod member_brief;
pub mod messages;
pub mod my_messages;
pub mod my_security;
pub mod opt_out;
pub mod passkeys;
pub mod points;
pub mod programme;
pub mod purchases;
pub mod refunds;
pub mod sign_in;
pub mod staff_auth;
pub mod staff_sessions;
pub mod stamps;
pub mod stores;
pub mod surveys;
pub mod tiers;
pub mod till;
pub mod till_offline;
pub mod till_quote;

/// Everything that is served and documented.
pub fn all(config: &mut ServiceConfig) {
    sign_in(config);
    member(config);
    staff(config);
    console(config);
    callbacks(config);
    config.service(opt_out::show_opt_out_link).service(opt_out::confirm_opt_out_link);
    operators(config);
}

fn sign_in(config: &mut ServiceConfig) {
    config
        .service(sign_in::send_sms_code)
        .service(sign_in::sign_in_by_sms)
        .service(sign_in::sign_in_by_wechat)
        .service(sign_in::sign_in_by_alipay)
        .service(sign_in::sign_in_by_password)
        .service(sign_in::reset_member_password)
        .service(sign_in::start_alipay)
        .service(sign_in::start_soter)
        .service(sign_in::sign_in_by_soter)
        .service(passkeys::start_passkey_sign_in)
        .service(passkeys::sign_in_by_passkey)
        .service(sign_in::refresh_tokens)
        .service(sign_in::sign_out);
}

fn member(config: &mut ServiceConfig) {
    config
        .service(programme::get_programme)
        .service(me::get_me)
        .service(me::change_me)
        .service(me::prove_phone)
        .service(me::delete_me)
        .service(me::export_me)
        .service(stores::list_open_stores);
    config
        .service(my_security::change_my_password)
        .service(my_security::list_my_sessions)
        .service(my_security::end_my_session)
        .service(my_security::end_my_other_sessions)
        .service(my_security::list_my_sign_ins)
        .service(passkeys::start_passkey_registration)
        .service(passkeys::register_passkey)
        .service(passkeys::list_passkeys)
        .service(passkeys::remove_passkey);
    config
        .service(attributes::list_my_attributes)
        .service(attributes::change_my_attributes)
        .service(events::record_events);
    config.service(card::show_card).service(card::show_card_code).service(card::renew_card_secret);
    config
        .service(coupons::list_claimable_coupon_templates)
        .service(coupons::claim_coupon)
        .service(coupons::list_my_coupons)
        .service(coupons::summarise_my_coupons)
        .service(coupons::read_my_coupon)
        .service(coupons::lock_coupon)
        .service(coupons::unlock_coupon);
    config
        .service(coupon_codes::claim_by_code)
        .service(coupon_codes::offer_coupon)
        .service(coupon_codes::call_back_coupon)
        .service(coupon_codes::accept_coupon)
        .service(coupon_packs::list_claimable_coupon_packs)
        .service(coupon_packs::claim_coupon_pack)
        .service(till_offline::show_offline_code);
    config
        .service(purchases::list_my_purchases)
        .service(feedback::send_feedback)
        .service(feedback::list_my_feedback);
    config
        .service(points::list_my_points)
        .service(earning::get_my_earning)
        .service(points::check_in)
        .service(points::get_check_in)
        .service(points::accept_invitation)
        .service(points::list_invitations)
        .service(points::report_share)
        .service(surveys::list_open_surveys)
        .service(surveys::answer_survey)
        .service(tiers::get_my_tier);
    config
        .service(mall::list_mall_items)
        .service(mall::exchange_item)
        .service(mall::list_my_exchanges)
        .service(mall::cancel_my_exchange)
        .service(stamps::list_my_stamp_cards);
    config
        .service(messages::get_preferences)
        .service(messages::save_preferences)
        .service(messages::list_consents)
        .service(messages::report_consent)
        .service(messages::list_inbox)
        .service(messages::get_inbox_message)
        .service(messages::read_inbox_message)
        .service(my_messages::explain_inbox_message)
        .service(my_messages::stop_inbox_messages)
        .service(my_messages::list_my_deliveries)
        .service(my_messages::stop_my_deliveries);
}

fn staff(config: &mut ServiceConfig) {
    config
        .service(staff_auth::sign_in_staff)
        .service(staff_auth::get_staff_me)
        .service(staff_auth::change_password)
        .service(staff_auth::prepare_second_factor)
        .service(staff_auth::confirm_second_factor)
        .service(staff_auth::remove_second_factor)
        .service(staff_sessions::list_staff_sessions)
        .service(staff_sessions::end_staff_session)
        .service(staff_sessions::end_other_staff_sessions);
    config
        .service(till::scan_card)
        .service(till_quote::quote_coupons)
        .service(till::redeem_coupon)
        .service(till::reverse_redemption)
        .service(till::list_redemptions)
        .service(till_offline::grant_offline)
        .service(till_offline::upload_offline_redemptions)
        .service(till_offline::list_offline_redemptions);
    config
        .service(purchases::record_purchase)
        .service(refunds::find_purchase)
        .service(refunds::quote_refund)
        .service(refunds::refund_purchase)
        .service(tiers::use_right)
        .service(mall::list_waiting_exchanges)
        .service(mall::hand_over_exchange)
        .service(enrolments::enrol_walk_in)
        .service(stamps::stamp_by_hand);
}

fn console(config: &mut ServiceConfig) {
    config
        .service(console_shop::get_shop)
        .service(console_feedback::list_feedback)
        .service(console_feedback::reply_to_feedback)
        .service(console_feedback::close_feedback)
        .service(console_members::search_members)
        .service(console_merges::list_duplicates)
        .service(console_merges::merge_members)
        .service(console_merges::list_merges)
        .service(console_members::get_member)
        .service(console_members::read_timeline)
        .service(console_members::reveal_phone)
        .service(console_members::export_member)
        .service(console_members::delete_member)
        .service(console_members::disable_member)
        .service(console_members::enable_member)
        .service(console_tags::tag_member)
        .service(console_tags::untag_member)
        .service(console_tags::list_tags)
        .service(console_tags::create_tag)
        .service(console_tags::set_tag_rule)
        .service(console_tags::clear_tag_rule)
        .service(console_staff::list_staff)
        .service(console_staff::create_staff)
        .service(console_staff::change_staff)
        .service(console_staff::reset_password)
        .service(console_staff::reset_second_factor)
        .service(console_stores::list_stores)
        .service(console_stores::create_store)
        .service(console_stores::change_store)
        .service(console_reports::read_today)
        .service(console_reports::report_trade)
        .service(console_reports::compare_stores)
        .service(console_reports::report_members)
        .service(console_reports::compare_campaigns)
        .service(console_redemptions::watch_redemptions)
        .service(console_audit::list_audit);
    config
        .service(console_coupons::create_coupon_template)
        .service(console_coupons::list_coupon_templates)
        .service(console_coupons::read_coupon_template)
        .service(console_coupons::change_coupon_template)
        .service(console_coupons::publish_coupon_template)
        .service(console_coupons::withdraw_coupon_template)
        .service(console_coupons::void_coupon)
        .service(coupon_codes::create_coupon_codes)
        .service(coupon_codes::list_code_batches)
        .service(coupon_codes::download_coupon_codes)
        .service(coupon_codes::show_coupon_pace)
        .service(console_held_coupons::list_member_coupons)
        .service(console_held_coupons::find_coupon_code)
        .service(coupon_packs::create_coupon_pack)
        .service(coupon_packs::change_coupon_pack)
        .service(coupon_packs::list_coupon_packs);
    config.service(console_order_gifts::read_order_gifts).service(console_order_gifts::save_order_gifts);
    config.service(console_welcome::read_welcome_gift).service(console_welcome::save_welcome_gift);
    config.service(purchases::list_member_purchases);
    loyalty(config);
    config
        .service(attributes::list_attributes)
        .service(attributes::create_attribute)
        .service(attributes::change_attribute)
        .service(attributes::list_member_attributes)
        .service(attributes::change_member_attributes)
        .service(events::list_member_events);
    config
        .service(console_rfm::compute_rfm)
        .service(console_rfm::list_rfm_runs)
        .service(console_rfm::get_rfm_run)
        .service(console_rfm::get_member_value)
        .service(console_associations::find_associations)
        .service(console_associations::list_association_runs)
        .service(console_associations::get_association_run)
        .service(console_associations::get_association_exclusions)
        .service(console_associations::save_association_exclusions);
    config
        .service(console_segments::list_segments)
        .service(console_segments::create_segment)
        .service(console_segments::count_segment)
        .service(console_segments::get_segment)
        .service(console_segments::change_segment)
        .service(console_segments::delete_segment)
        .service(console_segments::list_segment_sizes);
    config
        .service(console_calendar::show_calendar)
        .service(console_campaigns::list_campaigns)
        .service(console_campaigns::create_campaign)
        .service(console_campaigns::get_campaign)
        .service(console_campaigns::change_campaign)
        .service(console_campaign_moves::list_campaign_versions)
        .service(console_campaign_moves::show_impact)
        .service(console_campaign_moves::approve_campaign)
        .service(console_campaign_moves::schedule_campaign)
        .service(console_campaign_moves::pause_campaign)
        .service(console_campaign_moves::resume_campaign)
        .service(console_campaign_moves::cancel_campaign)
        .service(console_campaign_moves::throttle_campaign)
        .service(console_campaign_moves::test_send_campaign)
        .service(console_forecast::forecast_campaign)
        .service(console_forecast::list_forecast_members)
        .service(console_campaign_results::show_progress)
        .service(console_campaign_results::list_deliveries)
        .service(console_campaign_results::explain_delivery)
        .service(console_notices::list_notices)
        .service(console_campaign_lift::get_campaign_results)
        .service(console_failures::list_failures)
        .service(console_failures::replay_failures);
    config
        .service(console_dead_letters::list_dead_letter_causes)
        .service(console_dead_letters::list_dead_letters)
        .service(console_dead_letters::replay_dead_letters)
        .service(console_dead_letters::get_dead_letter)
        .service(console_dead_letters::replay_dead_letter)
        .service(console_dead_letters::discard_dead_letter);
    config
        .service(console_settings::get_settings)
        .service(console_settings::save_settings)
        .service(console_settings::list_wechat_templates)
        .service(console_settings::list_sms_templates)
        .service(console_settings::list_platform_accounts)
        .service(console_settings::check_platform_account);
}

fn loyalty(config: &mut ServiceConfig) {
    config
        .service(console_points::get_points_policy)
        .service(console_points::save_points_policy)
        .service(console_points::list_member_points)
        .service(console_points::adjust_points)
        .service(console_points::list_adjustments)
        .service(console_points::approve_adjustment)
        .service(console_points::reject_adjustment)
        .service(console_points::show_liability)
        .service(console_points::list_points_checks)
        .service(surveys::list_surveys)
        .service(surveys::create_survey)
        .service(surveys::change_survey);
    config
        .service(console_tiers::list_tiers)
        .service(console_tiers::save_tiers)
        .service(console_tiers::get_tier_policy)
        .service(console_tiers::save_tier_policy)
        .service(console_tiers::plan_tiers)
        .service(console_tiers::get_member_tier)
        .service(console_tiers::set_member_tier)
        .service(console_tiers::list_tier_changes)
        .service(console_tiers::list_right_uses);
    config
        .service(console_mall::list_console_mall_items)
        .service(console_mall::create_mall_item)
        .service(console_mall::change_mall_item)
        .service(console_mall::get_mall_windows)
        .service(console_mall::save_mall_windows)
        .service(console_mall::list_exchanges)
        .service(console_mall::cancel_exchange)
        .service(stamps::list_stamp_cards)
        .service(stamps::create_stamp_card)
        .service(stamps::change_stamp_card);
}

fn callbacks(config: &mut ServiceConfig) {
    config
        .service(callbacks::verify_wechat_callback)
        .service(callbacks::receive_wechat_callback)
        .service(callbacks::receive_sms_callback);
}

/// What a process that serves no API answers too.
pub fn operators(config: &mut ServiceConfig) {
    config.service(health::healthz).service(health::readyz).service(health::metrics);
}
