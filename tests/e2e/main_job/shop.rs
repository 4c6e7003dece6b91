//! What the owner, a marketer, a cashier and a member do, over the API.

use std::time::Duration;

use serde_json::{Value, json};

use super::installation::{CAPPED_TAG, Installation};
use super::phones::{Person, Phones, TEMPLATE};

pub struct Shop {
    api: String,
    client: reqwest::Client,
    owner: String,
}

#[derive(Debug, Clone)]
pub struct Forecast {
    pub audience: u64,
    pub will_send: u64,
    pub others: Vec<(String, u64)>,
}

/// Every 97th member has opted out.
const OPTED_OUT_STEP: usize = 97;

impl Shop {
    pub async fn open(api: String, one_time_password: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let mut shop = Self { api, client, owner: String::new() };
        shop.owner = shop.staff_token("owner", one_time_password).await;
        let change = json!({ "current": one_time_password, "new": "a-long-password-1" });
        shop.post("/v1/staff/password", &shop.owner, change).await;
        shop.owner = shop.staff_token("owner", "a-long-password-1").await;
        let policy = json!({
            "caps": { "per_24_hours": 1, "per_7_days": 4, "per_calendar_day": 0 },
            "quiet_hours": { "start": "00:00", "end": "00:00" },
        });
        shop.ask(reqwest::Method::PUT, "/v1/console/settings", &shop.owner, policy).await;
        shop
    }

    /// Members with the tag get an inbox message now, and with it are at their cap.
    pub async fn cap_some(&self, _: &Installation) {
        let segment = self.segment("已触达的会员", json!({ "all": [{ "tag": CAPPED_TAG }] })).await;
        let body = json!({
            "name": "新品到店",
            "segment_id": segment,
            "channel": "inbox",
            "message": { "title": "新品到店", "body": "{{name}}，本周的新品已经上架。" },
        });
        let campaign = self.create("/v1/console/campaigns", body).await;
        self.schedule(&campaign).await;
        self.wait_until_completed(&campaign).await;
    }

    pub async fn opt_some_out(&self, phones: &Phones, people: &[Person]) {
        for person in people.iter().skip(5).step_by(OPTED_OUT_STEP) {
            let token = self.member_token(phones, person).await;
            let wishes = json!({
                "opt_outs": [{ "channel": "wechat_subscribe", "topic": "all" }],
                "weekly_limit": null, "quiet_hours": null, "paused_until": null, "personalised": true,
            });
            self.ask(reqwest::Method::PUT, "/v1/me/preferences", &token, wishes).await;
        }
    }

    pub async fn dormant_members(&self) -> u64 {
        let body = json!({ "rule": dormant() });
        let answer = self.post("/v1/console/segments/count", &self.owner, body).await;
        answer["members"].as_u64().expect("a count")
    }

    pub async fn draft_win_back(&self) -> String {
        let segment = self.segment("九十天未购", dormant()).await;
        let body = json!({
            "name": "好久不见",
            "segment_id": segment,
            "channel": "wechat_subscribe",
            "message": {
                "template_id": TEMPLATE,
                "parameters": {
                    "thing1": "满100减20元券",
                    "amount2": "20元",
                    "date3": "2027年1月31日",
                    "thing4": "会员{{name}}专享",
                },
            },
        });
        self.create("/v1/console/campaigns", body).await
    }

    pub async fn forecast(&self, campaign: &str) -> Forecast {
        let answer = self.get(&format!("/v1/console/campaigns/{campaign}/forecast"), &self.owner).await;
        let others = answer["others"].as_array().expect("others").iter().map(|line| {
            let code = line["reason"]["code"].as_str().expect("a code").to_owned();
            (code, line["members"].as_u64().expect("a count"))
        });
        Forecast {
            audience: answer["audience"].as_u64().expect("a count"),
            will_send: answer["will_send"].as_u64().expect("a count"),
            others: others.collect(),
        }
    }

    pub async fn schedule(&self, campaign: &str) {
        self.post(&format!("/v1/console/campaigns/{campaign}/schedule"), &self.owner, json!({})).await;
    }

    pub async fn wait_until_completed(&self, campaign: &str) {
        let path = format!("/v1/console/campaigns/{campaign}");
        tests::level::reached("the campaign is completed", Duration::from_secs(180), || async {
            self.get(&path, &self.owner).await["state"] == "completed"
        })
        .await;
    }

    /// Every row of a keyset-paged list.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}?limit=200{cursor}"), &self.owner).await;
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Signs in, claims, is scanned, redeems; a second redemption of the same coupon is refused.
    pub async fn one_member_redeems_once(&self, phones: &Phones, people: &[Person]) {
        let template = self.published_coupon().await;
        let member = self.member_token(phones, &people[1]).await;
        let coupon = self.post(&format!("/v1/coupon-templates/{template}/claims"), &member, json!({})).await;
        let stores = self.get("/v1/console/stores", &self.owner).await;
        let store = stores["items"][0]["id"].as_str().expect("a store").to_owned();
        let code = self.get("/v1/me/card/code", &member).await["code"].clone();
        let scan =
            self.post("/v1/staff/scans", &self.owner, json!({ "code": code, "store_id": store })).await;
        assert_eq!(scan["usable_coupons"][0]["id"], coupon["id"]);
        let redemption = json!({
            "store_id": store, "scan_id": scan["scan_id"], "coupon_id": coupon["id"],
            "request_no": "till-1-0001", "amount_fen": 12_000,
        });
        let receipt = self.post("/v1/staff/redemptions", &self.owner, redemption.clone()).await;
        assert_eq!(
            (receipt["discount_fen"].as_i64(), receipt["payable_fen"].as_i64()),
            (Some(2_000), Some(10_000))
        );
        let again = self.post("/v1/staff/redemptions", &self.owner, redemption.clone()).await;
        assert_eq!(again["redemption_id"], receipt["redemption_id"], "the same request gets the same answer");
        let mut other = redemption;
        other["request_no"] = json!("till-1-0002");
        let refused = self.send(reqwest::Method::POST, "/v1/staff/redemptions", &self.owner, other).await;
        assert_eq!((refused.0, refused.1["code"].as_str()), (409, Some("coupon_already_redeemed")));
        let used = self.get("/v1/me/coupons?state=used", &member).await;
        assert_eq!(used["items"].as_array().map(Vec::len), Some(1));
    }

    async fn published_coupon(&self) -> String {
        let body = json!({
            "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
            "validity": "relative", "valid_days": 30, "stock": 100,
        });
        let template = self.create("/v1/console/coupon-templates", body).await;
        self.post(&format!("/v1/console/coupon-templates/{template}/publish"), &self.owner, json!({})).await;
        template
    }

    async fn member_token(&self, phones: &Phones, person: &Person) -> String {
        let code = phones.login_code(person).await;
        let answer = self.post("/v1/auth/wechat", "", json!({ "code": code })).await;
        assert_ne!(answer["enrolled"], true, "the imported member is recognised");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn staff_token(&self, login: &str, password: &str) -> String {
        let answer = self.post("/v1/staff/auth", "", json!({ "login": login, "password": password })).await;
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn segment(&self, name: &str, rule: Value) -> String {
        self.create("/v1/console/segments", json!({ "name": name, "rule": rule })).await
    }

    async fn create(&self, path: &str, body: Value) -> String {
        self.post(path, &self.owner, body).await["id"].as_str().expect("an id").to_owned()
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        self.ask(reqwest::Method::GET, path, token, Value::Null).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        self.ask(reqwest::Method::POST, path, token, body).await
    }

    async fn ask(&self, method: reqwest::Method, path: &str, token: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, path, token, body).await;
        assert!((200..300).contains(&status), "{path} answered {status}: {answer}");
        answer
    }

    async fn send(&self, method: reqwest::Method, path: &str, token: &str, body: Value) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.api));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the API answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

fn dormant() -> Value {
    json!({ "all": [{ "dormant_days": { "at_least": 90 } }] })
}
