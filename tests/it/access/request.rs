//! A request for each operation that is right in itself, so that only the caller decides.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

/// An operation of the document.
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub security: Value,
    pub takes_body: bool,
    pub takes_query: bool,
}

impl Operation {
    pub fn all() -> Vec<Self> {
        let document = serde_json::to_value(api::openapi()).expect("the document is JSON");
        let paths = document["paths"].as_object().expect("paths");
        let of_path = |(path, item): (&String, &Value)| {
            let item = item.as_object().expect("a path item").clone();
            let path = path.clone();
            item.into_iter().map(move |(method, operation)| Self::of(&method, &path, &operation))
        };
        paths.iter().flat_map(of_path).collect()
    }

    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        Self {
            id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase().parse().expect("a method"),
            path: path.to_owned(),
            security: operation["security"].clone(),
            takes_body: operation["requestBody"].is_object(),
            takes_query: parameters.iter().any(|parameter| parameter["in"] == "query"),
        }
    }

    pub fn has_segments(&self) -> bool {
        self.path.contains('{')
    }

    /// With the ids of what exists.
    pub fn of_world(&self, world: &World) -> Request {
        self.with(&|segment, noun| world.id(segment, noun), query(&self.id, world), body(&self.id, world))
    }

    /// The same with ids of nothing.
    pub fn of_nothing(&self, world: &World) -> Request {
        let id = "0190a000-0000-7000-8000-000000000000";
        self.with(&|_, _| id.to_owned(), query(&self.id, world), body(&self.id, world))
    }

    /// With nothing right.
    pub fn malformed(&self) -> Request {
        self.with(&|_, _| "x".to_owned(), "?no_such=parameter".to_owned(), "{".to_owned())
    }

    fn with(&self, id: &dyn Fn(&str, &str) -> String, query: String, body: String) -> Request {
        let mut path = String::new();
        let mut noun = "";
        for part in self.path.split('/').skip(1) {
            let segment = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            path += "/";
            path += &segment.map_or_else(|| part.to_owned(), |segment| id(segment, noun));
            noun = part;
        }
        Request { method: self.method.clone(), path: path + &query, body }
    }
}

#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub path: String,
    pub body: String,
}

fn query(operation: &str, world: &World) -> String {
    match operation {
        "list_waiting_exchanges" => format!("?store_id={}&scan_id={}", world.store, world.scan),
        "find_purchase" => format!("?store_id={}&order_no=P1", world.store),
        "list_redemptions" | "list_offline_redemptions" => format!("?store_id={}", world.store),
        "show_calendar" => "?from=2026-03-02&until=2026-03-08".to_owned(),
        "search_members" => format!("?phone={}", world.subject_phone),
        _ => String::new(),
    }
}

fn body(operation: &str, world: &World) -> String {
    let World { store, scan, coupon, segment, template, grant, .. } = world;
    let body = match operation {
        "refresh_tokens" => json!({ "refresh_token": "none" }),
        "send_sms_code" => json!({ "phone": "13900139000" }),
        "sign_in_by_sms" => json!({ "phone": "13900139000", "code": "000000" }),
        "sign_in_by_passkey" => {
            let response =
                json!({ "authenticatorData": "bm9uZQ", "clientDataJSON": "bm9uZQ", "signature": "bm9uZQ" });
            let answer =
                json!({ "id": "bm9uZQ", "rawId": "bm9uZQ", "type": "public-key", "response": response });
            json!({ "challenge_id": "none", "credential": answer })
        }
        "register_passkey" => json!({ "challenge_id": "none", "name": "手机", "credential": {} }),
        "start_soter" => json!({ "code": "none" }),
        "sign_in_by_soter" => {
            let signed = json!({ "raw": "none", "counter": 1, "cpu_id": "none" }).to_string();
            json!({ "challenge_id": "none", "result_json": signed, "result_json_signature": "none" })
        }
        "sign_in_by_password" => json!({ "phone": "13900139000", "password": "a long enough one" }),
        "reset_member_password" => {
            json!({ "phone": "13900139000", "code": "000000", "new": "a long enough one" })
        }
        "change_my_password" => json!({ "current": "wrong", "new": "a long enough one" }),
        "sign_in_by_wechat" => json!({ "code": "none" }),
        "sign_in_by_alipay" => json!({ "auth_code": "none" }),
        "sign_in_staff" => json!({ "login": "nobody", "password": "none" }),
        "change_password" => json!({ "current": "wrong", "new": "a long enough one" }),
        "confirm_second_factor" | "remove_second_factor" => json!({ "code": "000000" }),
        "change_me" => json!({ "name": "王小明" }),
        "merge_members" => json!({ "other_id": world.other_subject, "reason": "the same person" }),
        "prove_phone" => json!({ "phone": "13900139000", "code": "000000" }),
        "report_consent" => json!({ "template_id": "T1", "answer": "reject" }),
        "save_preferences" => json!({
            "opt_outs": [], "weekly_limit": null, "quiet_hours": null, "paused_until": null, "personalised": true,
        }),
        "scan_card" => json!({ "code": "HK1.1.1.1", "store_id": store }),
        "quote_coupons" => json!({ "store_id": store, "scan_id": scan, "amount_fen": 20_000 }),
        "redeem_coupon" => json!({
            "store_id": store, "scan_id": scan, "coupon_id": coupon, "request_no": "R2", "amount_fen": 20_000,
        }),
        "accept_coupon" => json!({ "token": "none" }),
        "claim_by_code" => json!({ "code": "NONE" }),
        "download_coupon_codes" => json!({ "batch": "通讯" }),
        "save_association_exclusions" => json!({ "products": ["BAG"], "categories": [] }),
        "create_coupon_codes" => json!({ "batch": "通讯", "count": 2 }),
        "create_coupon_pack" | "change_coupon_pack" => {
            json!({ "name": "礼包", "items": [{ "template_id": template }] })
        }
        "grant_offline" => json!({ "store_id": store, "till": "1" }),
        "upload_offline_redemptions" => json!({ "grant_id": grant, "redemptions": [{
            "code": "none", "request_no": "F1", "amount_fen": 100, "redeemed_at": "2026-03-02T02:00:00Z",
        }] }),
        "lock_coupon" => json!({ "order_no": "W1" }),
        "reverse_redemption" | "void_coupon" | "cancel_exchange" => json!({ "reason": "by mistake" }),
        "record_purchase" => {
            json!({ "store_id": store, "scan_id": scan, "order_no": "O1", "total_fen": 100 })
        }
        "exchange_item" => json!({ "request_no": "E2" }),
        "hand_over_exchange" => json!({ "store_id": store, "scan_id": scan }),
        "enrol_walk_in" => json!({ "store_id": store, "phone": "13900139000", "agreed": true }),
        "stamp_by_hand" => {
            json!({ "store_id": store, "scan_id": scan, "card_id": world.stamp_card, "request_no": "S1" })
        }
        "create_mall_item" | "change_mall_item" => World::mall_item(),
        "create_stamp_card" | "change_stamp_card" => world.stamp_card_body(),
        "quote_refund" => json!({ "amount_fen": 1 }),
        "refund_purchase" => json!({ "refund_no": "R1", "amount_fen": 1 }),
        "use_right" => {
            json!({ "store_id": store, "scan_id": scan, "right_code": "tea", "request_no": "U1" })
        }
        "accept_invitation" => json!({ "card_number": world.subject_card }),
        "answer_survey" => json!({ "answers": ["茶"] }),
        "adjust_points" => json!({ "points": 1, "reason": "by mistake" }),
        "create_survey" | "change_survey" => World::survey(),
        "save_tiers" => json!({ "tiers": [{ "id": world.tier, "name": "普卡" }] }),
        "set_member_tier" => json!({ "tier_id": world.tier, "reason": "by mistake" }),
        "set_tag_rule" => json!({ "rule": World::everybody()["rule"], "reason": "很久没来" }),
        "create_attribute" => json!({ "key": "shoe", "label": "鞋码", "kind": "number" }),
        "change_attribute" => json!({ "label": "尺码" }),
        "change_my_attributes" | "change_member_attributes" => json!({ "values": {} }),
        "record_events" => {
            json!({ "events": [{ "id": "e1", "name": "page_view", "at": world.app().ctx.now() }] })
        }
        "create_tag" => json!({ "name": "常客" }),
        "send_feedback" => json!({ "kind": "message", "text": "茶很好喝。" }),
        "reply_to_feedback" => json!({ "text": "谢谢您。" }),
        "reveal_phone" | "export_member" | "delete_member" => json!({ "reason": "a call" }),
        "save_order_gifts" => json!({ "steps": [] }),
        "save_welcome_gift" => json!({ "coupon_template_id": null }),
        "create_coupon_template" => World::money_off(),
        "change_coupon_template" => json!({ "stock": 200 }),
        "create_segment" | "change_segment" => World::everybody(),
        "count_segment" => json!({ "rule": World::everybody()["rule"] }),
        "create_campaign" | "change_campaign" => World::inbox_campaign(segment),
        "test_send_campaign" => json!({ "phones": [world.subject_phone] }),
        "approve_campaign" => json!({ "version": 1 }),
        "replay_failures" => json!({ "reason": "platform_refused" }),
        "replay_dead_letters" => json!({ "cause": "none" }),
        "discard_dead_letter" => json!({ "reason": "of no use" }),
        "throttle_campaign" => json!({ "rate_per_second": 10 }),
        "create_staff" => json!({ "login": "mei", "name": "Mei", "role": "cashier" }),
        "change_staff" => json!({ "name": "Mei" }),
        "create_store" => json!({ "code": "S9", "name": "S9" }),
        "change_store" => json!({ "name": "A name" }),
        "save_settings" => json!({
            "caps": { "per_24_hours": 2, "per_7_days": 4, "per_calendar_day": 2 },
            "quiet_hours": { "start": "21:00", "end": "09:00" },
        }),
        _ => json!({}),
    };
    body.to_string()
}
