//! What the program writes into its log, down to debug and by every library, tells no secret and nothing of a person.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use entity::states::StaffRole;
use reqwest::Method;
use serde_json::{Value, json};
use service::ids::StoreId;
use tests::Phones;
use tests::people::{PASSWORD, text};
use tests::phones::Person;
use tests::platforms::COUPON_ARRIVAL;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The log of the whole process: the server and the databases write from threads of their own. Other tests may be heard as well.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

static LISTENS: AtomicBool = AtomicBool::new(false);

impl Captured {
    fn begin() -> Self {
        let captured = Self::default();
        let writer = captured.clone();
        // The sandbox is not the program, though it runs in the same process.
        let heard = dynamic_filter_fn(|metadata, _| {
            LISTENS.load(Ordering::Relaxed)
                && *metadata.level() <= Level::DEBUG
                && !metadata.target().starts_with("sandbox")
        });
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .with_filter(heard.with_max_level_hint(LevelFilter::DEBUG));
        tracing_subscriber::registry().with(lines).try_init().expect("no other test installs a log");
        LISTENS.store(true, Ordering::Relaxed);
        captured
    }

    fn end(&self) -> String {
        LISTENS.store(false, Ordering::Relaxed);
        String::from_utf8(self.0.lock().unwrap().clone()).expect("the log is text")
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What must not be told, each with a name that may be.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, name: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(!secret.is_empty(), "{name} is empty");
        self.0.push((name, secret.clone()));
        secret
    }

    fn add_person(&mut self, person: &Person) {
        for secret in [&person.openid, &person.unionid, &person.alipay_open_id] {
            self.add("an id at a platform", secret);
        }
        self.add("a phone number", &person.phone);
    }

    /// The access token.
    fn add_tokens(&mut self, signed_in: &Value) -> String {
        self.add("a refresh token", text(signed_in, "refresh_token"));
        self.add("an access token", text(signed_in, "access_token"))
    }

    fn assert_absent(&self, log: &str) {
        for (name, secret) in &self.0 {
            // Six digits are found in longer numbers that tell nothing.
            let is_whole = |(at, found): (usize, &str)| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                let (before, after) = (&log[..at], &log[at + found.len()..]);
                !(secret.len() == 6 && (digit(before.chars().last()) || digit(after.chars().next())))
            };
            if let Some((at, _)) = log.match_indices(secret).find(|found| is_whole(*found)) {
                let begin = log[..at].rfind('\n').map_or(0, |end| end + 1);
                let line = log[begin..].lines().next().unwrap_or_default();
                panic!("the log tells {name}: {line}");
            }
        }
        for name in ["access_token=", "session_key=", "secret=", "js_code=", "Bearer ey"] {
            assert!(!log.contains(name), "the log tells what follows {name}");
        }
    }
}

#[tokio::test]
async fn no_line_of_the_log_tells_a_secret_or_who_somebody_is() {
    let log = Captured::begin();
    let phones = Phones::start().await;
    let mut secrets = Secrets::default();
    let by_sms = phones.person("13912345601").await;
    let by_wechat = phones.person("13912345602").await;
    secrets.add_person(&by_sms);
    secrets.add_person(&by_wechat);
    secrets.add("a password", PASSWORD);
    secrets.add("a callback's key", "sms-callback-key");
    secrets.add("a callback's key", "callback-token");

    sign_in_by_sms(&phones, &by_sms, &mut secrets).await;
    let member = sign_in_by_wechat(&phones, &by_wechat, &mut secrets).await;
    let owner = secrets.add("an access token", phones.app.owner().await);
    be_served(&phones, &member, &owner, &mut secrets).await;
    consent(&phones, &by_wechat, &member).await;
    get_a_campaign(&phones, &by_wechat, &owner).await;
    look_up(&phones, &by_wechat, &owner).await;
    ask_in_vain(&phones, &by_sms, &mut secrets).await;

    let log = log.end();
    for heard in ["request answered", "sqlx", "a dependency is unavailable"] {
        assert!(log.contains(heard), "the log lacks {heard:?}, so it was not heard whole");
    }
    secrets.assert_absent(&log);
}

async fn sign_in_by_sms(phones: &Phones, person: &Person, secrets: &mut Secrets) {
    let app = &phones.app;
    let code = secrets.add("a code", phones.sms_code(person).await);
    let body = json!({ "phone": person.phone, "code": code });
    let signed_in = app.post("/v1/auth/sms", body).with_key("k1").await.expect(200);
    secrets.add_tokens(&signed_in);
    let refresh = json!({ "refresh_token": signed_in["refresh_token"] });
    let again = app.post("/v1/auth/refresh", &refresh).await.expect(200);
    secrets.add_tokens(&again);
    app.post("/v1/auth/refresh", &refresh).await.expect_refusal("refresh_token_reused");
}

async fn sign_in_by_wechat(phones: &Phones, person: &Person, secrets: &mut Secrets) -> String {
    let code = secrets.add("a code", phones.login_code(person).await);
    let phone_code = secrets.add("a code", phones.phone_code(person).await);
    let body = json!({ "code": code, "phone_code": phone_code, "marketing_consent": true });
    let signed_in = phones.app.post("/v1/auth/wechat", &body).await.expect(200);
    phones.app.post("/v1/auth/wechat", &body).await.expect_refusal("sign_in_code_invalid");
    secrets.add_tokens(&signed_in)
}

/// The member shows the card, claims a coupon, and redeems it at a till.
async fn be_served(phones: &Phones, member: &str, owner: &str, secrets: &mut Secrets) {
    let app = &phones.app;
    let store: StoreId = app.store(owner, "S1").await;
    let cashier = secrets.add("an access token", app.staff(owner, StaffRole::Cashier, &[store]).await);
    let card = app.get("/v1/me/card").with_bearer(member).await.expect(200);
    secrets.add("the secret of a card", text(&card["offline"], "secret"));
    let shown = app.get("/v1/me/card/code").with_bearer(member).await.expect(200);
    let code = secrets.add("the code of a card", text(&shown, "code"));
    let template = super::world::World::money_off();
    let template = app.post("/v1/console/coupon-templates", template).with_bearer(owner).await.expect(201);
    let template = text(&template, "id");
    let publish = format!("/v1/console/coupon-templates/{template}/publish");
    app.post(&publish, json!({})).with_bearer(owner).await.expect(200);
    let claim = format!("/v1/coupon-templates/{template}/claims");
    let coupon = app.post(&claim, json!({})).with_bearer(member).await.expect(201);
    let scan = json!({ "code": code, "store_id": store });
    let scanned = app.post("/v1/staff/scans", &scan).with_bearer(&cashier).await.expect(201);
    app.post("/v1/staff/scans", &scan).with_bearer(&cashier).await.expect_refusal("card_code_used");
    let redemption = json!({
        "store_id": store, "scan_id": scanned["scan_id"], "coupon_id": coupon["id"], "request_no": "R1",
        "amount_fen": 20_000,
    });
    app.post("/v1/staff/redemptions", redemption).with_bearer(&cashier).await.expect(201);
}

/// The platform pushes the answer to the callback.
async fn consent(phones: &Phones, person: &Person, member: &str) {
    let prompt = json!({ "template_ids": [COUPON_ARRIVAL], "answers": { COUPON_ARRIVAL: "accept" } });
    phones.app.sandbox(Method::POST, &format!("/people/{}/prompts", person.id), prompt).await;
    phones.app.callbacks_settled().await;
    let consents = phones.app.get("/v1/me/consents").with_bearer(member).await.expect(200);
    assert_eq!(consents["items"][0]["available"], 1);
}

async fn get_a_campaign(phones: &Phones, person: &Person, owner: &str) {
    let app = &phones.app;
    let everybody = json!({ "name": "所有人", "rule": { "all": [] } });
    let segment = app.post("/v1/console/segments", everybody).with_bearer(owner).await.expect(201);
    let campaign = json!({
        "name": "券到账", "segment_id": segment["id"], "channel": "wechat_subscribe",
        "message": { "template_id": COUPON_ARRIVAL, "parameters": {
            "thing1": "满100减20元券", "amount2": "20元", "date3": "2026年12月31日", "thing4": "到店出示会员码",
        } },
    });
    let campaign = app.post("/v1/console/campaigns", campaign).with_bearer(owner).await.expect(201);
    let schedule = format!("/v1/console/campaigns/{}/schedule", text(&campaign, "id"));
    app.post(&schedule, json!({})).with_bearer(owner).await.expect(200);

    app.drain().await;
    let arrived = app.sandbox(Method::GET, &format!("/people/{}/messages", person.id), Value::Null).await;
    assert!(arrived.to_string().contains("service_notification"), "{arrived}");
}

/// The console looks the member up by phone, and reads the number.
async fn look_up(phones: &Phones, person: &Person, owner: &str) {
    let app = &phones.app;
    let found = format!("/v1/console/members?phone={}", person.phone);
    let found = app.get(&found).with_bearer(owner).await.expect(200);
    let reveal = format!("/v1/console/members/{}/phone-reveals", text(&found["items"][0], "id"));
    let revealed = app.post(&reveal, json!({ "reason": "a call" })).with_bearer(owner).await.expect(200);
    assert_eq!(revealed["phone"], person.phone);
}

/// What fails is where secrets slip into a log: wrong bodies, wrong codes, a platform that breaks off.
async fn ask_in_vain(phones: &Phones, person: &Person, secrets: &mut Secrets) {
    let app = &phones.app;
    phones.advance(120).await;
    let code = secrets.add("a code", phones.sms_code(person).await);
    let wrong = if code == "123456" { "654321" } else { "123456" };
    let bodies = [
        (json!({ "phone": person.phone, "code": wrong }), 409),
        (json!({ "phone": person.phone, "code": [code] }), 422),
        (json!({ "phone": { "number": person.phone }, "code": code }), 422),
        (json!({ "phone": person.phone, "code": code, "marketing_consent": person.phone }), 422),
    ];
    for (body, status) in bodies {
        app.post("/v1/auth/sms", body).await.expect(status);
    }
    let reply = json!({ "text": "R" });
    app.sandbox(Method::POST, &format!("/people/{}/sms-replies", person.id), reply).await;
    app.callbacks_settled().await;
    app.get(&format!("/v1/callbacks/wechat?openid={}&signature=none", person.openid)).await.expect(409);
    let login = secrets.add("a code", phones.login_code(person).await);
    phones.set_faults(json!({ "paths": { "*": { "reset_rate": 1.0 } } })).await;
    app.post("/v1/auth/wechat", json!({ "code": login })).await.expect(503);
    app.post("/v1/auth/sms-codes", json!({ "phone": "13912345603" })).await.expect(503);
}
