//! Who may do what: a line for each operation. Whoever adds an operation decides it here.

use entity::states::StaffRole::{self, Cashier, Marketer, Owner, StoreManager};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Also without a token, and whatever the token.
    Everyone,
    /// By a signature or a key of their own, never by a token.
    Platforms,
    /// Who holds a token that we signed, though it has expired or its session has ended.
    TokenHolders,
    Members,
    /// Members, and whoever sends no token at all.
    MembersOrAnonymous,
    /// Members, each what is their own: to others it does not exist.
    OwnMember,
    Staff(&'static [StaffRole]),
    /// Staff, at the stores that they are limited to.
    StaffOfStore(&'static [StaffRole]),
    /// Staff, also while they have the one-time password.
    AnyStaff,
}

use Who::{
    AnyStaff, Everyone, Members, MembersOrAnonymous, OwnMember, Platforms, Staff, StaffOfStore, TokenHolders,
};

const OWNER: &[StaffRole] = &[Owner];
const OWNER_MANAGER: &[StaffRole] = &[Owner, StoreManager];
const OWNER_MARKETER: &[StaffRole] = &[Owner, Marketer];
const OFFICE: &[StaffRole] = &[Owner, Marketer, StoreManager];
const TILL: &[StaffRole] = &[Owner, StoreManager, Cashier];
const ALL: &[StaffRole] = &[Owner, Marketer, StoreManager, Cashier];

pub const TABLE: &[(&str, Who)] = &[
    ("healthz", Everyone),
    ("metrics", Everyone),
    ("readyz", Everyone),
    // signing in and out
    ("refresh_tokens", Everyone),
    ("send_sms_code", Everyone),
    ("reset_member_password", Everyone),
    ("sign_in_by_alipay", Everyone),
    ("sign_in_by_passkey", Everyone),
    ("sign_in_by_password", Everyone),
    ("sign_in_by_sms", Everyone),
    ("sign_in_by_soter", Everyone),
    ("sign_in_by_wechat", Everyone),
    ("sign_in_staff", Everyone),
    ("sign_out", TokenHolders),
    ("start_passkey_sign_in", Everyone),
    ("start_soter", Everyone),
    // the link in a message: its token is the right
    ("confirm_opt_out_link", Everyone),
    ("show_opt_out_link", Everyone),
    // callbacks
    ("receive_sms_callback", Platforms),
    ("receive_wechat_callback", Platforms),
    ("verify_wechat_callback", Platforms),
    // members
    ("change_me", Members),
    ("change_my_attributes", Members),
    ("change_my_password", Members),
    ("claim_coupon", Members),
    ("delete_me", Members),
    ("end_my_other_sessions", Members),
    ("end_my_session", OwnMember),
    ("explain_inbox_message", OwnMember),
    ("export_me", Members),
    ("get_me", Members),
    ("get_preferences", Members),
    ("list_claimable_coupon_templates", MembersOrAnonymous),
    ("list_consents", Members),
    ("list_inbox", Members),
    ("list_my_attributes", Members),
    ("list_my_coupons", Members),
    ("list_my_deliveries", Members),
    ("list_my_purchases", Members),
    ("list_my_sessions", Members),
    ("list_my_sign_ins", Members),
    ("list_open_stores", Everyone),
    ("list_passkeys", Members),
    ("prove_phone", Members),
    ("read_inbox_message", OwnMember),
    ("read_my_coupon", OwnMember),
    ("record_events", Members),
    ("register_passkey", Members),
    ("remove_passkey", OwnMember),
    ("renew_card_secret", Members),
    ("report_consent", Members),
    ("save_preferences", Members),
    ("show_card", Members),
    ("show_card_code", Members),
    ("start_passkey_registration", Members),
    ("stop_inbox_messages", OwnMember),
    ("stop_my_deliveries", OwnMember),
    // staff about themselves
    ("change_password", AnyStaff),
    ("get_staff_me", AnyStaff),
    // the till
    ("list_redemptions", StaffOfStore(TILL)),
    ("quote_coupons", StaffOfStore(TILL)),
    ("record_purchase", StaffOfStore(TILL)),
    ("redeem_coupon", StaffOfStore(TILL)),
    ("reverse_redemption", StaffOfStore(TILL)),
    ("scan_card", StaffOfStore(TILL)),
    // the console: members
    ("change_attribute", Staff(OWNER_MARKETER)),
    ("change_member_attributes", Staff(OWNER_MARKETER)),
    ("clear_tag_rule", Staff(OWNER_MARKETER)),
    ("create_attribute", Staff(OWNER_MARKETER)),
    ("create_tag", Staff(OWNER_MARKETER)),
    ("disable_member", Staff(OWNER_MARKETER)),
    ("enable_member", Staff(OWNER_MARKETER)),
    ("get_member", Staff(OFFICE)),
    ("list_attributes", Staff(OFFICE)),
    ("list_duplicates", Staff(OWNER_MANAGER)),
    ("list_member_attributes", Staff(OFFICE)),
    ("list_member_events", Staff(OFFICE)),
    ("list_member_purchases", Staff(OFFICE)),
    ("list_merges", Staff(OFFICE)),
    ("list_tags", Staff(OFFICE)),
    ("merge_members", Staff(OWNER_MANAGER)),
    ("reveal_phone", Staff(OWNER)),
    ("search_members", Staff(OFFICE)),
    ("set_tag_rule", Staff(OWNER_MARKETER)),
    ("tag_member", Staff(OWNER_MARKETER)),
    ("untag_member", Staff(OWNER_MARKETER)),
    // the console: coupons
    ("change_coupon_template", Staff(OWNER_MARKETER)),
    ("create_coupon_template", Staff(OWNER_MARKETER)),
    ("list_coupon_templates", Staff(ALL)),
    ("publish_coupon_template", Staff(OWNER_MARKETER)),
    ("read_coupon_template", Staff(ALL)),
    ("read_welcome_gift", Staff(ALL)),
    ("save_welcome_gift", Staff(OWNER_MARKETER)),
    ("void_coupon", Staff(OWNER_MARKETER)),
    ("withdraw_coupon_template", Staff(OWNER_MARKETER)),
    // the console: segments and campaigns
    ("approve_campaign", Staff(OWNER_MARKETER)),
    ("cancel_campaign", Staff(OWNER_MARKETER)),
    ("change_campaign", Staff(OWNER_MARKETER)),
    ("change_segment", Staff(OWNER_MARKETER)),
    ("count_segment", Staff(OFFICE)),
    ("create_campaign", Staff(OWNER_MARKETER)),
    ("create_segment", Staff(OWNER_MARKETER)),
    ("explain_delivery", Staff(OFFICE)),
    ("forecast_campaign", Staff(OFFICE)),
    ("get_campaign", Staff(OFFICE)),
    ("get_campaign_results", Staff(OFFICE)),
    ("get_segment", Staff(OFFICE)),
    ("list_campaign_versions", Staff(OFFICE)),
    ("list_campaigns", Staff(OFFICE)),
    ("list_deliveries", Staff(OFFICE)),
    ("list_failures", Staff(OFFICE)),
    ("list_notices", Staff(OFFICE)),
    ("list_forecast_members", Staff(OFFICE)),
    ("list_segments", Staff(OFFICE)),
    ("list_wechat_templates", Staff(OFFICE)),
    ("pause_campaign", Staff(OWNER_MARKETER)),
    ("replay_failures", Staff(OWNER_MARKETER)),
    ("resume_campaign", Staff(OWNER_MARKETER)),
    ("schedule_campaign", Staff(OWNER_MARKETER)),
    ("show_impact", Staff(OFFICE)),
    ("show_progress", Staff(OFFICE)),
    ("test_send_campaign", Staff(OWNER_MARKETER)),
    ("throttle_campaign", Staff(OWNER_MARKETER)),
    // the console: dead letters
    ("discard_dead_letter", Staff(OWNER)),
    ("get_dead_letter", Staff(OWNER)),
    ("list_dead_letter_causes", Staff(OWNER)),
    ("list_dead_letters", Staff(OWNER)),
    ("replay_dead_letter", Staff(OWNER)),
    ("replay_dead_letters", Staff(OWNER)),
    // the console: the house
    ("change_staff", Staff(OWNER)),
    ("change_store", Staff(OWNER)),
    ("create_staff", Staff(OWNER)),
    ("create_store", Staff(OWNER)),
    ("get_settings", Staff(OWNER_MARKETER)),
    ("list_audit", Staff(OWNER)),
    ("list_staff", Staff(OWNER_MANAGER)),
    ("list_stores", Staff(ALL)),
    ("reset_password", Staff(OWNER)),
    ("save_settings", Staff(OWNER)),
];

/// Done last: they end the sessions of those who ask.
pub const LAST: &[&str] = &["remove_passkey", "delete_me", "sign_out"];
