//! One accept is one send: fed by the platform's events, spent by messages, and by nothing else.

use entity::consent_event;
use entity::states::{Channel, ConsentKind, DeliveryState};
use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::callback::{StoredEvent, apply_waiting_of, store_and_apply};
use service::ids::MemberId;
use tests::TestApp;
use tests::platforms::{COUPON_EXPIRY, Person, SERVICE_PROGRESS};

fn answered(person: &Person, accepted: bool, created_at: i64) -> StoredEvent {
    StoredEvent::SubscriptionAnswered {
        openid: person.openid.clone(),
        template_id: COUPON_EXPIRY.to_owned(),
        accepted,
        scene: None,
        created_at,
    }
}

fn cancelled(person: &Person, created_at: i64) -> StoredEvent {
    StoredEvent::SubscriptionCancelled {
        openid: person.openid.clone(),
        template_id: COUPON_EXPIRY.to_owned(),
        created_at,
    }
}

async fn tell(app: &TestApp, event: StoredEvent) {
    store_and_apply(&app.ctx, "wechat", vec![event]).await.unwrap();
}

#[tokio::test]
async fn accepts_add_up_and_a_repeated_event_counts_once_also_at_the_same_time() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    let again = (0..5).map(|_| tell(&app, answered(&one.person, true, 100)));
    join_all(again).await;
    tell(&app, answered(&one.person, true, 100)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (1, 0));
    tell(&app, answered(&one.person, true, 101)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (2, 0));
    tell(&app, answered(&one.person, false, 102)).await;
    assert_eq!(
        app.consent_left(one.member, COUPON_EXPIRY).await,
        (2, 0),
        "a no to a prompt takes nothing back"
    );
}

#[tokio::test]
async fn a_cancellation_zeroes_the_ledger_and_a_later_accept_starts_anew() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 3).await.remove(0);
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (3, 0));
    app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    app.answer_prompts(std::slice::from_ref(&one.person), COUPON_EXPIRY, "accept").await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (1, 0));
}

#[tokio::test]
async fn an_accept_that_comes_after_the_cancellation_that_followed_it_counts_nothing() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    tell(&app, cancelled(&one.person, 200)).await;
    tell(&app, answered(&one.person, true, 150)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    tell(&app, answered(&one.person, true, 250)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (1, 0));
}

#[tokio::test]
async fn an_event_of_somebody_who_is_not_a_member_yet_counts_from_their_first_sign_in() {
    let app = TestApp::with_platforms().await;
    let people = app.people(2).await;
    app.answer_prompts(&people, COUPON_EXPIRY, "accept").await;
    let path = format!("/people/{}/login-codes", people[0].id);
    let code = app.sandbox(Method::POST, &path, json!({})).await["code"].clone();
    let signed_in = app.post("/v1/auth/wechat", json!({ "code": code })).await.expect(200);
    let member: MemberId = signed_in["member"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(app.consent_left(member, COUPON_EXPIRY).await, (1, 0));

    // The same event again, and another sign-in, add nothing.
    apply_waiting_of(&app.ctx, &people[0].openid).await.unwrap();
    let code = app.sandbox(Method::POST, &path, json!({})).await["code"].clone();
    app.post("/v1/auth/wechat", json!({ "code": code })).await.expect(200);
    assert_eq!(app.consent_left(member, COUPON_EXPIRY).await, (1, 0));
    let token = signed_in["access_token"].as_str().unwrap();
    let shown = app.get("/v1/me/consents").with_bearer(token).await.expect(200);
    assert_eq!(shown["items"][0]["available"], 1);
}

#[tokio::test]
async fn events_and_sign_ins_at_the_same_time_lose_no_consent() {
    let app = TestApp::with_platforms().await;
    let people = app.people(12).await;
    let each = people.iter().map(|person| async {
        let path = format!("/people/{}/login-codes", person.id);
        let code = app.sandbox(Method::POST, &path, json!({})).await["code"].clone();
        let sign_in = app.post("/v1/auth/wechat", json!({ "code": code })).into_future();
        let (signed_in, ()) = futures_util::join!(sign_in, tell(&app, answered(person, true, 100)));
        let id = signed_in.expect(200)["member"]["id"].clone();
        id.as_str().unwrap().parse::<MemberId>().unwrap()
    });
    for member in join_all(each).await {
        assert_eq!(app.consent_left(member, COUPON_EXPIRY).await, (1, 0));
    }
}

#[tokio::test]
async fn a_long_term_consent_stays_until_it_is_taken_back() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 0\ncaps.per_calendar_day = 0").await;
    let one = app.reachable(1, 0).await.remove(0);
    app.answer_prompts(std::slice::from_ref(&one.person), SERVICE_PROGRESS, "accept").await;
    let ledger = service::consent::ledger_of(&app.ctx, one.member).await.unwrap();
    assert_eq!((ledger[0].kind, ledger[0].available), (ConsentKind::LongTerm, 1));
    let change = |draft: &mut service::campaign::CampaignDraft| {
        draft.message.template_id = Some(SERVICE_PROGRESS.to_owned());
        draft.message.parameters = [("thing1", "会员卡挂失"), ("phrase2", "已完成"), ("time3", "15:01")]
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .into();
    };
    for _ in 0..3 {
        let id = app.scheduled(Channel::WechatSubscribe, change).await;
        app.drain().await;
        assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 1)]);
    }
    assert_eq!(app.consent_left(one.member, SERVICE_PROGRESS).await, (1, 0));
    app.cancel_subscription(&one.person, SERVICE_PROGRESS).await;
    let id = app.scheduled(Channel::WechatSubscribe, change).await;
    app.drain().await;
    assert_eq!(app.reasons(id).await, [("no_consent".to_owned(), 1)]);
}

#[tokio::test]
async fn what_the_client_reports_is_kept_and_counts_nothing() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    let token = app.member_session(one.member).await;
    for answer in ["accept", "reject", "accept"] {
        app.advance(chrono::Duration::seconds(1)).await;
        let body = json!({ "template_id": COUPON_EXPIRY, "answer": answer });
        let told = app.post("/v1/me/consents", body).with_bearer(&token).await.expect(200);
        assert_eq!(told["items"], json!([]));
    }
    assert_eq!(consent_event::Entity::find().count(app.ctx.db.read()).await.unwrap(), 3);
    let empty = json!({ "template_id": "", "answer": "accept" });
    app.post("/v1/me/consents", empty).with_bearer(&token).await.expect_invalid("template_id");
}

#[tokio::test]
async fn two_campaigns_never_spend_the_same_consent() {
    let app = TestApp::with_platforms().await;
    let all = app.reachable(30, 1).await;
    let first = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let second = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 30);
    let refused = app.sandbox(Method::GET, "/counters", Value::Null).await["refused"].clone();
    assert_eq!(refused, json!({}), "no call was made without a consent");
    for one in all {
        assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    }
    assert_eq!(app.deliveries_of(first).await.len() + app.deliveries_of(second).await.len(), 60);
}

#[tokio::test]
async fn an_accept_from_before_the_platform_said_that_nothing_is_left_counts_nothing_when_it_comes_late() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 1).await.remove(0);
    app.set_fault("/cgi-bin/message/subscribe/send", json!({ "refusals": [{ "code": "43101" }] })).await;
    app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    let asked = app.ctx.now().timestamp();
    tell(&app, answered(&one.person, true, asked - 60)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    tell(&app, answered(&one.person, true, asked + 60)).await;
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (1, 0));
    let events = consent_event::Entity::find().all(app.ctx.db.read()).await.unwrap();
    let exhausted: Vec<_> = events.iter().filter(|event| event.change == "exhausted").collect();
    assert_eq!(exhausted.len(), 1);
    assert_eq!((exhausted[0].source.as_str(), &exhausted[0].evidence["code"]), ("send", &json!("43101")));
}
