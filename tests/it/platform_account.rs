//! The brand's accounts at the platforms: whether they work, and the SMS templates that they have.

use entity::states::StaffRole;
use reqwest::Method;
use serde_json::{Value, json};
use tests::TestApp;

const BOTH: &str = r#"
    sms.provider = "tencent:70, aliyun:30"
    sign_in.sms_template = "SMS_400000101"
    tencent_sms.sign_in_template = "1400999"
    sms.templates = [
        { supplier = "tencent", id = "1400103", kind = "marketing", text = "旧的写法" },
        { supplier = "aliyun", id = "SMS_GONE", kind = "notice", text = "不再有的模板" },
    ]
    "#;
const PLATFORMS: [&str; 4] = ["wechat", "tencent", "aliyun", "alipay"];

async fn check(app: &TestApp, token: &str, platform: &str) -> tests::Answer {
    app.post(&format!("/v1/console/settings/accounts/{platform}/checks"), json!({})).with_bearer(token).await
}

async fn found(app: &TestApp, token: &str, platform: &str) -> Value {
    app.advance(chrono::Duration::minutes(1)).await;
    check(app, token, platform).await.expect(200)
}

async fn refuse(app: &TestApp, path: &str, code: &str) {
    app.set_fault(path, json!({ "refusals": [{ "code": code }] })).await;
}

#[tokio::test]
async fn every_account_that_is_set_up_is_told_without_its_secrets_and_works() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let token = app.staff_session(StaffRole::Marketer).await;

    for platform in PLATFORMS {
        let check = found(&app, &token, platform).await;
        assert_eq!((&check["works"], &check["code"]), (&json!(true), &Value::Null), "{platform}");
        assert!(check["milliseconds"].is_number());
    }

    let accounts = app.get("/v1/console/settings/accounts").with_bearer(&token).await.expect(200);
    let items = accounts["items"].as_array().unwrap();
    let listed: Vec<_> = items.iter().map(|one| one["platform"].clone()).collect();
    assert_eq!(listed, PLATFORMS);
    assert!(items.iter().all(|one| one["last_check"]["works"] == true));
    assert_eq!((&items[1]["weight"], &items[2]["weight"]), (&json!(70), &json!(30)));
    let settings = &app.ctx.settings;
    let all = accounts.to_string();
    for secret in [
        &settings.wechat.secret,
        &settings.tencent_sms.secret_id,
        &settings.tencent_sms.secret_key,
        &settings.aliyun_sms.access_key_id,
        &settings.aliyun_sms.access_key_secret,
        &settings.alipay.private_key,
    ] {
        assert!(!secret.is_empty() && !all.contains(secret.expose()));
    }
}

#[tokio::test]
async fn a_template_that_the_settings_name_and_the_account_lacks_is_told() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let token = app.staff_session(StaffRole::Owner).await;

    assert_eq!(found(&app, &token, "tencent").await["missing_templates"], json!(["1400999"]));
    let aliyun = found(&app, &token, "aliyun").await;
    assert_eq!((&aliyun["missing_templates"], &aliyun["templates"]), (&json!([]), &json!(3)));
}

#[tokio::test]
async fn the_signature_of_the_messages_is_asked_of_each_supplier() {
    let app = TestApp::with_platforms_and(&format!("{BOTH}\ntencent_sms.sign_id = 2100001")).await;
    let token = app.staff_session(StaffRole::Marketer).await;
    let name = app.ctx.settings.sms.sign_name.clone();
    let put = async |supplier: &str, name: &str, state: &str| {
        let sign = json!({ "id": 2_100_001, "name": name, "state": state });
        app.sandbox(Method::POST, "/sms-signs", json!({ "provider": supplier, "sign": sign })).await;
    };
    let told = async |supplier: &str| found(&app, &token, supplier).await["signature"].clone();

    for supplier in ["tencent", "aliyun"] {
        put(supplier, &name, "approved").await;
        assert_eq!(told(supplier).await, json!({ "state": "approved", "reason": null, "code": null }));
        put(supplier, &name, "pending").await;
        assert_eq!(told(supplier).await["state"], "pending");
        put(supplier, &name, "refused").await;
        let refused = told(supplier).await;
        assert_eq!(refused["state"], "refused");
        assert!(refused["reason"].as_str().unwrap().contains("资质"));
    }
    // The key may list templates but not ask for signatures: the account works, and the code says why this is not known.
    for path in ["/tencent/DescribeSmsSignList", "/aliyun/GetSmsSign"] {
        refuse(&app, path, "isp.RAM_PERMISSION_DENY").await;
        let check = found(&app, &token, path.split('/').nth(1).unwrap()).await;
        assert_eq!(check["works"], true);
        let unknown = json!({ "state": "unknown", "reason": null, "code": "isp.RAM_PERMISSION_DENY" });
        assert_eq!(check["signature"], unknown);
        app.clear_faults().await;
    }
    assert_eq!(found(&app, &token, "wechat").await["signature"], Value::Null);
}

#[tokio::test]
async fn a_signature_that_the_account_lacks_or_that_can_not_be_asked_for_is_told() {
    let named = TestApp::with_platforms_and(&format!("{BOTH}\ntencent_sms.sign_id = 2199999")).await;
    let token = named.staff_session(StaffRole::Owner).await;
    assert_eq!(found(&named, &token, "tencent").await["signature"]["state"], "unlisted");

    let other = TestApp::with_platforms_where(BOTH, |mine| mine.sms.sign_name = "别家".to_owned()).await;
    let token = other.staff_session(StaffRole::Owner).await;
    assert_eq!(found(&other, &token, "aliyun").await["signature"]["state"], "unlisted");
    let unknown = json!({ "state": "unknown", "reason": null, "code": null });
    assert_eq!(found(&other, &token, "tencent").await["signature"], unknown);
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_told_by_the_platforms_code() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let token = app.staff_session(StaffRole::Owner).await;
    found(&app, &token, "wechat").await;

    app.sandbox(Method::PATCH, "/account", json!({ "ip_whitelist": ["10.0.0.1"] })).await;
    let address = found(&app, &token, "wechat").await;
    assert_eq!((&address["code"], &address["about"]), (&json!("40164"), &json!("127.0.0.1")));
    app.sandbox(Method::PATCH, "/account", json!({ "ip_whitelist": Value::Null })).await;
    for (platform, path, code) in [
        ("wechat", "/cgi-bin/stable_token", "40125"),
        ("tencent", "/tencent/DescribeSmsTemplateList", "AuthFailure.SignatureExpire"),
        ("aliyun", "/aliyun/QuerySmsTemplateList", "isp.RAM_PERMISSION_DENY"),
        ("alipay", "/gateway.do", "isv.invalid-app-id"),
    ] {
        refuse(&app, path, code).await;
        let check = found(&app, &token, platform).await;
        assert_eq!((&check["works"], &check["code"]), (&json!(false), &json!(code)));
        app.clear_faults().await;
        assert_eq!(found(&app, &token, platform).await["works"], true, "{platform} again");
    }
    app.set_fault("/cgi-bin/stable_token", json!({ "reset_rate": 1.0 })).await;
    assert_eq!(found(&app, &token, "wechat").await["code"], "connection_lost");
}

#[tokio::test]
async fn a_check_is_for_who_may_read_settings_six_times_a_minute_and_stands_in_the_audit_log() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let manager = app.staff_session(StaffRole::StoreManager).await;

    check(&app, &manager, "wechat").await.expect(403);
    check(&app, &owner, "huawei").await.expect(404);
    for _ in 0..6 {
        check(&app, &owner, "aliyun").await.expect(200);
    }
    check(&app, &owner, "aliyun").await.expect(429);
    check(&app, &owner, "tencent").await.expect(200);

    let audit = app.get("/v1/console/audit?limit=200").with_bearer(&owner).await.expect(200);
    let acts = audit["items"].as_array().unwrap().iter();
    assert_eq!(acts.filter(|one| one["action"] == "platform_account.check").count(), 7);
    let nobody = TestApp::start().await;
    let owner = nobody.staff_session(StaffRole::Owner).await;
    check(&nobody, &owner, "aliyun").await.expect_refusal("channel_not_configured");
}

#[tokio::test]
async fn the_suppliers_templates_are_asked_of_them_with_what_they_think_of_each() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let token = app.staff_session(StaffRole::Marketer).await;
    let more = json!({ "id": "1400104", "kind": "marketing", "text": "{1}，加微信领券。拒收请回复R", "state": "refused" });
    app.sandbox(Method::POST, "/sms-templates", json!({ "provider": "tencent", "template": more })).await;

    let templates = app.get("/v1/console/settings/sms-templates").with_bearer(&token).await.expect(200);

    let items = templates["items"].as_array().unwrap();
    let one = |id: &str| items.iter().find(|one| one["id"] == id).cloned().unwrap_or_default();
    // The settings' word on what Tencent does not tell; the supplier's on the rest.
    assert_eq!(
        (&one("1400103")["kind"], &one("1400103")["state"]),
        (&json!("marketing"), &json!("approved"))
    );
    assert_eq!(one("1400103")["text"], "会员日将至，{1}等您来店选购。拒收请回复R");
    assert_eq!(one("1400102")["kind"], Value::Null);
    assert_eq!(one("1400104")["state"], "refused");
    assert!(one("1400104")["reason"].as_str().unwrap().contains("联系方式"));
    assert_eq!(one("SMS_400000103")["kind"], "marketing");
    assert_eq!(one("SMS_400000104")["state"], "pending");
    assert_eq!(one("SMS_400000104")["reason"], Value::Null);
    assert_eq!(one("SMS_GONE")["state"], "unlisted");
    assert_eq!((&templates["away"], &items[0]["state"]), (&json!([]), &json!("approved")));
}

#[tokio::test]
async fn the_settings_stand_in_for_a_supplier_that_can_not_be_asked() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let token = app.staff_session(StaffRole::Marketer).await;
    refuse(&app, "/aliyun/QuerySmsTemplateList", "isp.RAM_PERMISSION_DENY").await;

    let templates = app.get("/v1/console/settings/sms-templates").with_bearer(&token).await.expect(200);

    assert_eq!(templates["away"], json!([{ "supplier": "aliyun", "code": "isp.RAM_PERMISSION_DENY" }]));
    let of_aliyun: Vec<_> =
        templates["items"].as_array().unwrap().iter().filter(|one| one["supplier"] == "aliyun").collect();
    assert_eq!(of_aliyun.len(), 1);
    assert_eq!((&of_aliyun[0]["id"], &of_aliyun[0]["state"]), (&json!("SMS_GONE"), &json!("approved")));
}
