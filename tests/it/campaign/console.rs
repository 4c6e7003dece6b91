//! What the console drafts, tests and watches.

use entity::member;
use entity::states::{Channel, StaffRole};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use service::campaign::{FallbackStep, Variant};
use service::consent;
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

#[tokio::test]
async fn a_draft_that_is_not_complete_is_refused_with_every_field_named() {
    let app = TestApp::start().await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let segment = json!({ "name": "all", "rule": { "all": [] } });
    let segment = app.post("/v1/console/segments", segment).with_bearer(&owner).await.expect(201);
    let body = json!({
        "name": " ", "segment_id": segment["id"], "channel": "wechat_subscribe", "topic": "all",
        "message": { "parameters": { "thing1": "一二三四五六七八九十一二三四五六七八九十一" } },
        "holdout_percent": 51, "rate_per_second": 0,
    });
    let refused = app.post("/v1/console/campaigns", body).with_bearer(&owner).await;
    for field in [
        "name",
        "topic",
        "message.template_id",
        "message.parameters.thing1",
        "holdout_percent",
        "rate_per_second",
    ] {
        refused.expect_invalid(field);
    }
    let unknown = json!({
        "name": "x", "segment_id": segment["id"], "channel": "inbox", "message": { "title": "{{nick}}", "body": "x" },
    });
    app.post("/v1/console/campaigns", unknown).with_bearer(&owner).await.expect_invalid("message.title");
}

#[tokio::test]
async fn a_test_send_reaches_named_members_past_the_cap_and_spends_a_consent() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    let all = app.reachable(2, 3).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    let txn = app.ctx.db.begin().await.unwrap();
    let said = consent::Said::by("member", json!({}));
    consent::opt_out(&app.ctx, &txn, all[1].member, ("all", "all"), said).await.unwrap();
    txn.commit().await.unwrap();
    let id = app.campaign(Channel::WechatSubscribe, |_| {}).await.id;
    let path = format!("/v1/console/campaigns/{id}/test-send");
    let phones = json!({ "phones": [all[0].person.phone, all[1].person.phone, "13900000000"] });
    let told = app.post(&path, phones).with_bearer(&owner).await.expect(200);

    let codes: Vec<_> = told["results"].as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, [Value::Null, json!("opted_out"), json!("not_a_member")]);
    assert_eq!(told["results"][0]["phone"], "138****0000");
    assert_eq!(app.messages_of(&all[0].person).await.len(), 2);
    assert_eq!(app.consent_left(all[0].member, COUPON_EXPIRY).await, (1, 0));
    app.post(&path, json!({ "phones": ["123"] })).with_bearer(&owner).await.expect_invalid("phones[0]");
    app.callbacks_settled().await;
}

#[tokio::test]
async fn a_test_send_tries_the_variant_or_the_step_that_is_named() {
    let app = TestApp::with_platforms().await;
    let all = app.reachable(1, 3).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let wording = |title: &str| {
        let mut wording = tests::builders::message(Channel::Inbox);
        wording.title = Some(title.to_owned());
        wording
    };
    let variants =
        ["甲", "乙"].map(|name| Variant { name: name.to_owned(), weight: 1, message: wording(name) });
    let tried = app.campaign(Channel::Inbox, |draft| draft.variants = variants.to_vec()).await.id;
    let step = FallbackStep { channel: Channel::Inbox, message: wording("后备") };
    let falls = app.campaign(Channel::WechatSubscribe, |draft| draft.fallback = vec![step]).await.id;
    let phone = &all[0].person.phone;
    for (id, body, title) in [
        (tried, json!({ "phones": [phone] }), "甲"),
        (tried, json!({ "phones": [phone], "variant": "乙" }), "乙"),
        (falls, json!({ "phones": [phone], "step": 1 }), "后备"),
    ] {
        let path = format!("/v1/console/campaigns/{id}/test-send");
        assert_eq!(app.post(&path, body).with_bearer(&owner).await.expect(200)["results"][0]["sent"], true);
        let member = app.member_session(all[0].member).await;
        let inbox = app.get("/v1/me/inbox").with_bearer(&member).await.expect(200);
        assert_eq!(inbox["items"][0]["title"], title);
        app.advance(chrono::Duration::seconds(1)).await;
    }
    assert_eq!(app.messages_received(), 0, "the fall-back is tried and not the channel before it");
    let path = format!("/v1/console/campaigns/{falls}/test-send");
    for (body, field) in [
        (json!({ "phones": [phone], "step": 2 }), "step"),
        (json!({ "phones": [phone], "variant": "丙" }), "variant"),
        (json!({ "phones": [phone], "variant": "丙", "step": 1 }), "variant"),
    ] {
        app.post(&path, body).with_bearer(&owner).await.expect_invalid(field);
    }
}

#[tokio::test]
async fn progress_is_told_once_as_json_and_followed_to_the_end_as_a_stream() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let owner = app.staff_session(StaffRole::StoreManager).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    let path = format!("/v1/console/campaigns/{id}/progress");
    assert_eq!(app.get(&path).with_bearer(&owner).await.expect(200)["state"], "scheduled");

    let request = app.client.get(app.url(&path)).bearer_auth(&owner).header("accept", "text/event-stream");
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let first = answer.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).starts_with("event: progress\ndata: {"));
    app.drain().await;
    let rest = answer.text().await.unwrap();
    let last = rest.trim().lines().last().unwrap().strip_prefix("data: ").unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["state"], "completed");
    assert_eq!(last["lines"], json!([{ "state": "sent", "reason": null, "deliveries": 3 }]));
}

#[tokio::test]
async fn deliveries_are_listed_by_state_in_pages() {
    let app = TestApp::with_platforms().await;
    app.members(5).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let path = format!("/v1/console/campaigns/{id}/deliveries");
    let first = app.get(&format!("{path}?state=sent&limit=3")).with_bearer(&owner).await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = format!("{path}?state=sent&limit=3&cursor={cursor}");
    let rest = app.get(&rest).with_bearer(&owner).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    let none = app.get(&format!("{path}?state=failed")).with_bearer(&owner).await.expect(200);
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_delivery_is_found_by_whom_it_is_for() {
    let app = TestApp::with_platforms().await;
    let reachable = app.reachable(3, 0).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let wanted = &reachable[1];
    let row = member::Entity::find_by_id(wanted.member).one(app.ctx.db.read()).await.unwrap().unwrap();
    let mut named = row.clone().into_active_model();
    named.name = sea_orm::ActiveValue::Set(Some("林晓_100%".to_owned()));
    named.update(app.ctx.db.writer()).await.unwrap();
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    app.drain().await;
    let found = async |query: &str| {
        let path = format!("/v1/console/campaigns/{id}/deliveries?{query}");
        let page = app.get(&path).with_bearer(&owner).await.expect(200);
        page["items"].as_array().unwrap().clone()
    };

    let by_phone = found(&format!("phone={}", wanted.person.phone)).await;
    assert_eq!(by_phone.len(), 1);
    let phone = &wanted.person.phone;
    let brief = json!({
        "id": wanted.member, "card_number": row.card_number, "name": "林晓_100%",
        "phone": format!("{}****{}", &phone[..3], &phone[7..]),
    });
    assert_eq!((&by_phone[0]["member"], &by_phone[0]["member_id"]), (&brief, &json!(wanted.member)));
    assert_eq!(found(&format!("q={}", row.card_number)).await, by_phone);
    assert_eq!(found("q=%E6%9E%97%E6%99%93_").await, by_phone);
    assert_eq!(found("q=%25").await.len(), 0, "no wildcard");
    assert_eq!(found("state=failed&q=%E6%9E%97").await.len(), 0);
    assert_eq!(found("").await.len(), 3);
    let path = format!("/v1/console/campaigns/{id}/deliveries?phone=138");
    app.get(&path).with_bearer(&owner).await.expect_invalid("phone");
}

#[tokio::test]
async fn only_those_who_may_write_campaigns_move_them() {
    let app = TestApp::with_platforms().await;
    let id = app.campaign(Channel::Inbox, |_| {}).await.id;
    let path = format!("/v1/console/campaigns/{id}");
    for (role, reads, writes) in [
        (StaffRole::Owner, 200, 200),
        (StaffRole::Marketer, 200, 200),
        (StaffRole::StoreManager, 200, 403),
        (StaffRole::Cashier, 403, 403),
    ] {
        let staff = app.staff_session(role).await;
        app.get(&path).with_bearer(&staff).await.expect(reads);
        app.post(&format!("{path}/schedule"), json!({})).with_bearer(&staff).await.expect(writes);
    }
}
