//! Two suppliers with weights: shares, fail-over within one send, the breaker, and what never fails over.

use std::collections::BTreeMap;

use chrono::Duration;
use entity::states::{CampaignState, Channel, DeliveryState};
use reqwest::Method;
use serde_json::{Value, json};
use service::campaign::CampaignDraft;
use service::ids::CampaignId;
use tests::people::text;
use tests::platforms::{SMS_MARKETING, SMS_MARKETING_TENCENT};
use tests::{Phones, TestApp};

const TENCENT: &str = "/tencent/SendSms";
const ALIYUN: &str = "/aliyun/SendSms";
const BOTH: &str = "sms.provider = \"tencent:50, aliyun:50\"\nsms.error_minimum = 5\ncaps.per_24_hours = 0\n\
                    caps.per_7_days = 0\ncaps.per_calendar_day = 0\ndelivery.concurrency = 1";

async fn with_both(people: usize) -> TestApp {
    let app = TestApp::with_platforms_and(BOTH).await;
    app.reachable(people, 0).await;
    app
}

fn at_both(draft: &mut CampaignDraft) {
    draft.message.template_id = None;
    draft.message.templates = BTreeMap::from([
        ("tencent".to_owned(), SMS_MARKETING_TENCENT.to_owned()),
        ("aliyun".to_owned(), SMS_MARKETING.to_owned()),
    ]);
}

async fn campaign(app: &TestApp) -> CampaignId {
    let id = app.scheduled(Channel::Sms, at_both).await;
    app.drain().await;
    id
}

/// How many messages each supplier has, by our rows.
async fn shares(app: &TestApp, id: CampaignId) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for supplier in app.deliveries_of(id).await.into_iter().filter_map(|row| row.supplier) {
        *shares.entry(supplier).or_insert(0) += 1;
    }
    shares
}

async fn asked(app: &TestApp, path: &str) -> u64 {
    let counters = app.sandbox(Method::GET, "/counters", Value::Null).await;
    counters["requests"][path].as_u64().unwrap_or_default()
}

async fn refuse(app: &TestApp, path: &str, code: &str) {
    app.set_fault(path, json!({ "refusals": [{ "code": code }] })).await;
}

#[tokio::test]
async fn two_suppliers_share_the_messages_and_the_receipts_of_both_settle() {
    let app = with_both(40).await;
    let id = campaign(&app).await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 40)]);
    let ours = shares(&app, id).await;
    assert!(ours["tencent"] >= 8 && ours["aliyun"] >= 8, "{ours:?}");
    let messages = app.sandbox(Method::GET, "/messages?limit=1000", Value::Null).await;
    let mut theirs = BTreeMap::new();
    for message in messages["messages"].as_array().unwrap() {
        *theirs.entry(text(message, "provider")).or_insert(0) += 1;
    }
    assert_eq!(ours, theirs, "each row names the supplier that has its message");
}

#[tokio::test]
async fn what_is_the_suppliers_trouble_goes_to_the_other_within_the_same_send() {
    for (path, code, other) in [
        (TENCENT, "InternalError.RequestTimeException", "aliyun"),
        (TENCENT, "AuthFailure.SignatureFailure", "aliyun"),
        (TENCENT, "FailedOperation.SignatureIncorrectOrUnapproved", "aliyun"),
        (ALIYUN, "isv.SMS_TEMPLATE_ILLEGAL", "tencent"),
        (ALIYUN, "isv.AMOUNT_NOT_ENOUGH", "tencent"),
        (ALIYUN, "Throttling.User", "tencent"),
    ] {
        let app = with_both(12).await;
        refuse(&app, path, code).await;
        let id = campaign(&app).await;

        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 12)], "{code}");
        assert_eq!(shares(&app, id).await, BTreeMap::from([(other.to_owned(), 12)]), "{code}");
        assert_eq!(app.messages_received(), 12, "{code}");
        assert!(app.deliveries_of(id).await.iter().all(|row| row.attempts == 1), "{code}: one try");
    }
}

#[tokio::test]
async fn an_answer_that_was_never_heard_goes_to_nobody_else() {
    let app = with_both(12).await;
    app.set_fault(TENCENT, json!({ "timeout_after_effect_rate": 1.0, "hang_ms": 2 })).await;
    let id = campaign(&app).await;

    assert_eq!(app.messages_received(), 12, "nobody has two");
    assert_eq!(
        app.counts(id).await,
        [(DeliveryState::Delivered, 12)],
        "the receipts settle the unheard ones"
    );
    assert_eq!(asked(&app, TENCENT).await + asked(&app, ALIYUN).await, 12);
}

#[tokio::test]
async fn a_limit_that_protects_the_receiver_is_not_got_round_by_the_other_supplier() {
    for code in ["LimitExceeded.PhoneNumberDailyLimit", "FailedOperation.PhoneNumberInBlacklist"] {
        let app = with_both(12).await;
        refuse(&app, TENCENT, code).await;
        let id = campaign(&app).await;
        let tencent = asked(&app, TENCENT).await;
        assert!(tencent > 0);
        assert_eq!(asked(&app, ALIYUN).await, 12 - tencent, "{code}");
        let failed = (DeliveryState::Failed, usize::try_from(tencent).unwrap());
        assert!(app.counts(id).await.contains(&failed), "{code}");
    }
}

#[tokio::test]
async fn a_supplier_that_fails_too_often_is_left_out_until_a_probe_succeeds() {
    let app = with_both(30).await;
    refuse(&app, TENCENT, "InternalError.RequestTimeException").await;
    campaign(&app).await;
    let before = asked(&app, TENCENT).await;
    let second = campaign(&app).await;
    assert_eq!(asked(&app, TENCENT).await, before, "it is not asked any more");
    assert_eq!(shares(&app, second).await, BTreeMap::from([("aliyun".to_owned(), 30)]));

    app.advance(Duration::seconds(31)).await;
    campaign(&app).await;
    assert_eq!(asked(&app, TENCENT).await, before + 1, "one message tries it");

    app.clear_faults().await;
    app.advance(Duration::seconds(31)).await;
    let last = campaign(&app).await;
    assert!(shares(&app, last).await["tencent"] >= 5, "it has its share again");
    assert_eq!(app.messages_received(), 4 * 30);
}

#[tokio::test]
async fn when_both_are_left_out_the_messages_wait_and_none_is_given_up() {
    let app = with_both(20).await;
    let away = json!({ "refusals": [{ "code": "InternalError.RequestTimeException" }] });
    let busy = json!({ "refusals": [{ "code": "isp.SYSTEM_ERROR" }] });
    app.sandbox(Method::PUT, "/faults", json!({ "paths": { TENCENT: away, ALIYUN: busy } })).await;
    let id = campaign(&app).await;
    for _ in 0..20 {
        app.advance(Duration::seconds(35)).await;
        app.drain().await;
    }
    app.clear_faults().await;
    for _ in 0..20 {
        app.advance(Duration::seconds(35)).await;
        app.drain().await;
    }
    let sent = app.messages_received();
    assert!(app.counts(id).await.contains(&(DeliveryState::Delivered, sent)));
    assert!(sent >= 15, "{sent} of 20: {:?}", app.reasons(id).await);
}

#[tokio::test]
async fn a_template_that_no_supplier_has_pauses_the_campaign_with_what_to_mend() {
    let app = with_both(3).await;
    app.sandbox(
        Method::PUT,
        "/faults",
        json!({ "paths": {
            TENCENT: { "refusals": [{ "code": "FailedOperation.TemplateUnapprovedOrNotExist" }] },
            ALIYUN: { "refusals": [{ "code": "isv.SMS_TEMPLATE_ILLEGAL" }] },
        } }),
    )
    .await;
    let id = campaign(&app).await;
    let row = app.campaign_row(id).await;
    assert_eq!(row.state, CampaignState::Paused);
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 3)]);
    assert!(service::delivery::hint(&row.state_reason.unwrap()).english.contains("template"));
}

#[tokio::test]
async fn a_draft_names_its_template_for_each_supplier() {
    let app = TestApp::with_platforms_and(BOTH).await;
    let owner = app.staff_session(entity::states::StaffRole::Owner).await;
    let segment = app.segment(service::audience::Rule::All(Vec::new())).await;
    let draft = |message: Value| json!({ "name": "会员日", "segment_id": segment, "channel": "sms", "message": message });
    let post =
        async |message: Value| app.post("/v1/console/campaigns", draft(message)).with_bearer(&owner).await;
    post(json!({ "parameters": { "name": "x" } })).await.expect_invalid("message.template_id");
    post(json!({ "templates": { "other": "1" } })).await.expect_invalid("message.templates.other");
    post(json!({ "templates": { "tencent": " " } })).await.expect_invalid("message.templates.tencent");
    post(json!({ "templates": { "tencent": "1400103" } })).await.expect(201);
}

#[tokio::test]
async fn a_sign_in_code_comes_by_the_other_supplier_when_one_is_away() {
    let phones = Phones::with_settings(
        "sms.provider = \"tencent:50, aliyun:50\"\ntencent_sms.sign_in_template = \"1400109\"",
    )
    .await;
    let template = json!({ "id": "1400109", "kind": "code", "text": "{1}为您的登录验证码。" });
    let wish = json!({ "provider": "tencent", "template": template });
    phones.app.sandbox(Method::POST, "/sms-templates", wish).await;
    for (path, code) in [(TENCENT, "InternalError.X"), (ALIYUN, "isp.SYSTEM_ERROR")] {
        let person = phones.person(if path == TENCENT { "19012345678" } else { "19012345679" }).await;
        phones.set_faults(json!({ "paths": { path: { "refusals": [{ "code": code }] } } })).await;
        for _ in 0..4 {
            phones.sms_code(&person).await;
            phones.advance(61).await;
        }
        assert_eq!(phones.sms_count(&person).await, 4, "{path}");
    }
}
