//! The SMS suppliers' pushes: receipts, and replies of which some are a no.

use entity::states::{Channel, DeliveryState};
use reqwest::Method;
use serde_json::json;
use service::consent::opt_out_history_of;
use tests::TestApp;

#[tokio::test]
async fn a_reply_of_no_is_an_opt_out_from_sms_alone() {
    for provider in ["aliyun", "tencent"] {
        let settings =
            format!("sms.provider = \"{provider}\"\ncaps.per_24_hours = 0\ncaps.per_calendar_day = 0");
        let app = TestApp::with_platforms_and(&settings).await;
        let all = app.reachable(2, 0).await;
        let first = app.scheduled(Channel::Sms, |_| {}).await;
        app.drain().await;
        assert_eq!(app.counts(first).await, [(DeliveryState::Delivered, 2)], "{provider}");
        for (one, text) in all.iter().zip(["R", "谢谢"]) {
            let path = format!("/people/{}/sms-replies", one.person.id);
            app.sandbox(Method::POST, &path, json!({ "text": text })).await;
        }
        app.callbacks_settled().await;
        let second = app.scheduled(Channel::Sms, |_| {}).await;
        let inbox = app.scheduled(Channel::Inbox, |_| {}).await;
        app.drain().await;

        assert_eq!(
            app.delivery_to(second, all[0].member).await.reason.as_deref(),
            Some("opted_out"),
            "{provider}"
        );
        assert_eq!(
            app.delivery_to(second, all[1].member).await.state,
            DeliveryState::Delivered,
            "{provider}"
        );
        assert_eq!(app.counts(inbox).await, [(DeliveryState::Sent, 2)], "{provider}");
        let said = opt_out_history_of(app.ctx.db.read(), all[0].member).await.unwrap();
        assert_eq!(said.len(), 1, "{provider}");
        assert_eq!((said[0].source.as_str(), said[0].change.as_str()), ("sms_reply", "opted_out"));
        assert_eq!(
            (&said[0].evidence["text"], &said[0].evidence["supplier"]),
            (&json!("R"), &json!(provider))
        );
    }
}

#[tokio::test]
async fn a_receipt_names_the_message_whose_answer_was_never_heard() {
    let app = TestApp::with_platforms().await;
    app.reachable(2, 0).await;
    app.set_fault("/aliyun/SendSms", json!({ "timeout_after_effect_rate": 1.0, "hang_ms": 5 })).await;
    let id = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 2);
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 2)]);
}

#[tokio::test]
async fn a_push_without_the_key_from_a_stranger_or_of_nonsense_is_refused() {
    let app = TestApp::with_platforms().await;
    for path in ["/v1/callbacks/sms/aliyun", "/v1/callbacks/sms/aliyun?key=wrong"] {
        app.post(path, json!([])).await.expect_refusal("callback_signature_invalid");
    }
    app.post("/v1/callbacks/sms/unknown?key=x", json!([])).await.expect_problem(404, "not_found");
    let key = app.ctx.settings.sms.callback_key.expose();
    app.post(&format!("/v1/callbacks/sms/tencent?key={key}"), json!({ "a": 1 })).await.expect_invalid("body");
}
