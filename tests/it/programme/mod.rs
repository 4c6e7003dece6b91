//! What an app knows before anybody has signed in, and what the console knows of its shop.

use entity::states::StaffRole;
use serde_json::{Value, json};
use service::settings::Settings;
use tests::{Phones, TestApp};

const OF_A_SHOP: &str = r#"
    brand_name = "山月茶点"
    wechat.subscriptions = [{ template_id = "T1", title = "优惠券到账通知", kind = "one_time", moments = ["claim", "redemption"] }]
    privacy = { text = "我们只在会员服务中使用您的手机号。", version = "2" }
    "#;

#[tokio::test]
async fn an_app_knows_the_brand_its_tiers_and_what_to_ask_for_before_anybody_has_signed_in() {
    let phones = Phones::with_settings(OF_A_SHOP).await;
    let app = &phones.app;
    let owner = app.owner().await;
    let ladder = json!({ "tiers": [{ "name": "普卡" }, { "name": "金卡", "spend_fen": 100_000 }] });
    app.put("/v1/console/tiers", ladder).with_bearer(&owner).await.expect(200);

    let mut programme = app.get("/v1/programme").await.expect(200);

    let ids: Vec<Value> =
        programme["tiers"].as_array_mut().unwrap().iter_mut().map(|tier| tier["id"].take()).collect();
    assert!(ids.iter().all(Value::is_string));
    let tier = |rank: i32, name: &str, spend_fen: Option<i64>| json!({ "id": null, "rank": rank, "name": name, "spend_fen": spend_fen, "visits": null, "points_percent": 100, "birthday_percent": 100, "rights": [], "coupons": [] });
    let subscription = json!({
        "template_id": "T1", "title": "优惠券到账通知", "kind": "one_time", "moments": ["claim", "redemption"],
    });
    assert_eq!(
        programme,
        json!({
            "brand": "山月茶点", "zone": "Asia/Shanghai",
            "tiers": [tier(0, "普卡", None), tier(1, "金卡", Some(100_000))],
            "subscriptions": [subscription],
            "privacy": { "text": "我们只在会员服务中使用您的手机号。", "contact": null, "version": "2" },
            "sign_in": { "wechat": true, "alipay": true, "sms": true, "browser_origin": null },
        })
    );
}

#[tokio::test]
async fn without_an_account_of_wechat_nothing_is_asked_for() {
    let app = TestApp::with_settings(OF_A_SHOP).await;

    let programme = app.get("/v1/programme").await.expect(200);

    assert_eq!(programme["subscriptions"], json!([]));
    assert_eq!(
        programme["sign_in"],
        json!({ "wechat": false, "alipay": false, "sms": false, "browser_origin": null })
    );
}

#[tokio::test]
async fn who_holds_the_current_one_gets_no_second_copy_and_a_changed_one_at_once() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let first = app.get("/v1/programme").await;
    let tag = first.header("etag").expect("an ETag").to_owned();
    let ask = || app.get("/v1/programme").with_header("if-none-match", &tag);

    let same = ask().await;
    let ladder = json!({ "tiers": [{ "name": "普卡" }] });
    app.put("/v1/console/tiers", ladder).with_bearer(&owner).await.expect(200);
    let changed = ask().await;

    assert_eq!(first.header("cache-control"), Some("public, max-age=300"));
    assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
    assert_eq!(same.header("etag"), Some(tag.as_str()));
    assert_eq!(changed.expect(200)["tiers"][0]["name"], "普卡");
}

#[test]
fn what_wechat_would_refuse_to_ask_in_one_tap_is_refused_at_the_start() {
    let subscriptions = |kinds: &[&str]| {
        let each = |(number, kind): (usize, &&str)| {
            format!("{{ template_id = 'T{number}', title = 'T', kind = '{kind}', moments = ['claim'] }}")
        };
        let all: Vec<_> = kinds.iter().enumerate().map(each).collect();
        format!("wechat.subscriptions = [{}]", all.join(", "))
    };
    let refused = |text: &str| Settings::from_toml(text).map(|_| ()).unwrap_err().name;

    assert!(Settings::from_toml(&subscriptions(&["one_time"; 3])).is_ok());
    assert_eq!(refused(&subscriptions(&["one_time"; 4])), "wechat.subscriptions");
    assert_eq!(refused(&subscriptions(&["one_time", "long_term"])), "wechat.subscriptions");
    assert_eq!(
        refused("wechat.subscriptions = [{ template_id = '', title = '', kind = 'one_time', moments = [] }]"),
        "wechat.subscriptions"
    );
    let unknown =
        "wechat.subscriptions = [{ template_id = 'T', title = 'T', kind = 'one_time', moments = ['sleep'] }]";
    assert!(Settings::from_toml(unknown).is_err());
}

#[test]
fn templates_to_ask_for_can_be_named_in_a_variable() {
    let named = r#"[{ template_id = "T1", title = "到账", kind = "one_time", moments = ["claim"] }]"#;

    let settings = Settings::from_variables(&[("wechat.subscriptions", named)]).unwrap();

    assert_eq!(settings.wechat.subscriptions[0].template_id, "T1");
}

#[tokio::test]
async fn the_console_knows_its_shop() {
    let of_a_shop = "brand_name = '山月茶点'\npublic_url = 'https://m.example.cn'\nsms.sign_name = '山月'";
    let app = TestApp::with_settings(of_a_shop).await;
    let cashier = app.staff_session(StaffRole::Cashier).await;

    let shop = app.get("/v1/console/shop").with_bearer(&cashier).await.expect(200);

    let channel = |name: &str, is_ready: bool| json!({ "channel": name, "is_ready": is_ready });
    assert_eq!(
        shop,
        json!({
            "brand_name": "山月茶点", "zone": "Asia/Shanghai", "sms_sign_name": "山月",
            "public_url": "https://m.example.cn", "is_demo": false, "sandbox_url": null,
            "channels": [channel("wechat_subscribe", false), channel("sms", false), channel("inbox", true)],
            "now": app.ctx.now(),
        })
    );
}

#[tokio::test]
async fn a_demo_says_that_it_is_one_and_where_its_phones_are() {
    let phones = Phones::with_settings("demo.phones_url = '/sandbox'").await;
    let owner = phones.app.owner().await;

    let shop = phones.app.get("/v1/console/shop").with_bearer(&owner).await.expect(200);

    assert_eq!((&shop["is_demo"], &shop["sandbox_url"]), (&json!(true), &json!("/sandbox")));
    let ready = shop["channels"].as_array().unwrap().iter().filter(|one| one["is_ready"] == true).count();
    assert_eq!(ready, 3);
}

#[tokio::test]
async fn the_composer_gets_the_approved_wordings_of_the_suppliers_in_use() {
    let templates = r#"
        sms.templates = [
            { supplier = "aliyun", id = "SMS_1", kind = "marketing", text = "${name}，本周六会员日。拒收请回复R" },
            { supplier = "tencent", id = "1400103", kind = "notice", text = "您的券{1}将到期。" },
        ]
        "#;
    let phones = Phones::with_settings(templates).await;
    let marketer = phones.app.staff_session(StaffRole::Marketer).await;
    let known = phones.app.get("/v1/console/settings/sms-templates").with_bearer(&marketer).await.expect(200);

    let used: Vec<_> =
        phones.app.ctx.settings.sms_suppliers().unwrap().into_iter().map(|(name, _)| name).collect();
    let suppliers = known["items"].as_array().unwrap().iter().map(|one| one["supplier"].as_str().unwrap());
    assert_eq!(suppliers.collect::<std::collections::BTreeSet<_>>(), used.into_iter().collect());
    let nobody = TestApp::with_settings(templates).await;
    let marketer = nobody.staff_session(StaffRole::Marketer).await;
    let known = nobody.get("/v1/console/settings/sms-templates").with_bearer(&marketer).await.expect(200);
    assert_eq!(known["items"], json!([]));
    for wrong in [
        r#"sms.templates = [{ supplier = "huawei", id = "1", kind = "notice", text = "a" }]"#,
        r#"sms.templates = [{ supplier = "aliyun", id = "1", kind = "notice", text = "" }]"#,
    ] {
        assert_eq!(Settings::from_toml(wrong).map(|_| ()).unwrap_err().name, "sms.templates");
    }
}

#[tokio::test]
async fn guests_see_what_each_tier_gives() {
    let shop = crate::coupon::shop::Shop::open().await;
    let owner = shop.owner_token().await;
    let template = shop.template(crate::coupon::shop::money_off()).await;
    let right = json!({ "code": "tea", "name": "一杯茶", "quota": 2, "per": "month" });
    let gold = json!({
        "name": "金卡", "spend_fen": 100_000, "points_percent": 150, "rights": [right], "coupon_template_ids": [template],
    });
    let ladder = json!({ "tiers": [{ "name": "普卡" }, gold] });
    shop.app.put("/v1/console/tiers", ladder).with_bearer(&owner).await.expect(200);

    let programme = shop.app.get("/v1/programme").await.expect(200);

    let gold = &programme["tiers"][1];
    assert_eq!((&gold["points_percent"], &gold["rights"]), (&json!(150), &json!([right])));
    assert_eq!(gold["coupons"], json!([{ "template_id": template, "name": "满100减20" }]));
}
