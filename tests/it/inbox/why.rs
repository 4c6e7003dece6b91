//! "Why did I get this?" and the one tap that ends it.

use entity::states::{Channel, DeliveryState, MessageClass};
use futures_util::future::join_all;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use service::audience::{Rule, Trait, traits_of};
use service::campaign::CampaignDraft;
use service::ids::MemberId;
use service::inbox::Basis;
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

/// One member with one message, and the path of that message.
async fn told(app: &TestApp, change: impl FnOnce(&mut CampaignDraft)) -> (MemberId, String, String) {
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    app.scheduled(Channel::Inbox, change).await;
    app.drain().await;
    let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
    (member, token, format!("/v1/me/inbox/{}", inbox["items"][0]["id"].as_str().unwrap()))
}

#[tokio::test]
async fn a_member_is_told_by_what_they_were_picked_and_what_the_message_rests_on() {
    let app = TestApp::with_platforms().await;
    let tag = Rule::None(vec![Rule::Tag("难缠".to_owned())]);
    let picked = app.segment(Rule::All(vec![Rule::NeverBought(true), tag])).await;
    let (_, token, path) = told(&app, |draft| draft.segment_id = picked).await;
    let why = app.get(&format!("{path}/why")).with_bearer(&token).await.expect(200);
    let codes: Vec<_> = why["picked_by"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert_eq!(codes, ["tag", "purchases"]);
    assert_eq!((&why["basis"]["code"], &why["topic"]), (&json!("membership"), &json!("offers")));
    assert_eq!((&why["can_stop"], &why["channel"]), (&json!(true), &json!("inbox")));
    assert!(!why.to_string().contains("难缠"), "a tag's name is the shop's own: {why}");
    let stranger = app.member_session(app.members(1).await[0]).await;
    app.get(&format!("{path}/why")).with_bearer(&stranger).await.expect_problem(404, "not_found");
    app.post(&format!("{path}/stop"), json!({}))
        .with_bearer(&stranger)
        .await
        .expect_problem(404, "not_found");
}

async fn opt_outs(app: &TestApp) -> Vec<(String, String)> {
    let rows = entity::opt_out::Entity::find().all(app.ctx.db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.channel, row.topic)).collect()
}

#[tokio::test]
async fn a_stop_holds_at_once_and_is_safe_to_repeat_and_to_race() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 0").await;
    let (member, token, path) = told(&app, |_| {}).await;
    let path = format!("{path}/stop");
    let queued = app.scheduled(Channel::Inbox, |_| {}).await;
    service::campaign::start_due(&app.ctx).await.unwrap();
    service::campaign::resolve(&app.ctx, queued).await.unwrap();
    let taps = (0..4).map(|_| app.post(&path, json!({})).with_bearer(&token).into_future());
    for answer in join_all(taps).await {
        assert_eq!(answer.expect(200), json!({ "channel": "inbox", "topic": "offers" }));
    }
    assert_eq!(opt_outs(&app).await, [("inbox".to_owned(), "offers".to_owned())]);
    app.drain().await;
    let row = app.delivery_to(queued, member).await;
    assert_eq!((row.state, row.reason.as_deref()), (DeliveryState::Suppressed, Some("opted_out")));
    let everywhere = json!({ "reach": "everywhere" });
    app.post(&path, everywhere).with_bearer(&token).await.expect(200);
    assert!(opt_outs(&app).await.contains(&("all".to_owned(), "offers".to_owned())));
    app.post(&path, json!({ "reach": "x" })).with_bearer(&token).await.expect_invalid("reach");
}

#[tokio::test]
async fn a_service_message_can_not_be_stopped() {
    let app = TestApp::with_platforms().await;
    let (_, token, path) = told(&app, |draft| draft.class = MessageClass::Transactional).await;
    let why = app.get(&format!("{path}/why")).with_bearer(&token).await.expect(200);
    assert_eq!((&why["basis"]["code"], &why["can_stop"]), (&json!("service"), &json!(false)));
    let refused = app.post(&format!("{path}/stop"), json!({})).with_bearer(&token).await;
    refused.expect_problem(409, "nothing_to_stop");
}

#[tokio::test]
async fn a_members_history_is_over_all_channels_and_each_can_be_stopped() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 0\ncaps.per_calendar_day = 0").await;
    let all = app.reachable(2, 1).await;
    for channel in [Channel::WechatSubscribe, Channel::Inbox] {
        app.scheduled(channel, |_| {}).await;
        app.drain().await;
        // Messages of one millisecond have no order.
        app.advance(chrono::Duration::seconds(1)).await;
    }
    app.scheduled(Channel::Inbox, |draft| draft.holdout_percent = 50).await;
    let token = app.member_session(all[0].member).await;
    let first = app.get("/v1/me/deliveries?limit=1").with_bearer(&token).await.expect(200);
    assert_eq!(first["items"][0]["why"]["channel"], "inbox");
    let rest = format!("/v1/me/deliveries?cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = app.get(&rest).with_bearer(&token).await.expect(200);
    let oldest = &rest["items"][0];
    assert_eq!(
        (&oldest["why"]["channel"], &oldest["why"]["basis"]["code"]),
        (&json!("wechat_subscribe"), &json!("subscription"))
    );
    let stop = format!("/v1/me/deliveries/{}/stop", oldest["id"].as_str().unwrap());
    let other = app.member_session(all[1].member).await;
    app.post(&stop, json!({})).with_bearer(&other).await.expect_problem(404, "not_found");
    let stopped = app.post(&stop, json!({})).with_bearer(&token).await.expect(200);
    assert_eq!(stopped, json!({ "channel": "wechat_subscribe", "topic": "offers" }));
    app.drain().await;
    app.callbacks_settled().await;
}

#[tokio::test]
async fn a_members_history_has_the_words_as_they_were_sent_whatever_was_edited_since() {
    let settings = format!(
        "caps.per_24_hours = 0\ncaps.per_calendar_day = 0\n\
         wechat.subscriptions = [{{ template_id = \"{COUPON_EXPIRY}\", title = \"券到期提醒\", kind = \"one_time\", moments = [] }}]"
    );
    let app = TestApp::with_platforms_and(&settings).await;
    let all = app.reachable(1, 1).await;
    for channel in [Channel::Sms, Channel::WechatSubscribe, Channel::Inbox] {
        app.scheduled(channel, |draft| {
            if channel == Channel::Sms {
                draft.message.body = Some("亲爱的${name}，周五全场八折。".to_owned());
            }
        })
        .await;
        app.drain().await;
        app.advance(chrono::Duration::minutes(1)).await;
    }
    app.callbacks_settled().await;
    // As an edit leaves it while the campaign goes on to others.
    let edited = json!({ "title": "改过", "body": "改过", "parameters": {} });
    entity::campaign::Entity::update_many()
        .col_expr(entity::campaign::Column::Message, Expr::value(edited))
        .col_expr(entity::campaign::Column::Version, Expr::value(2))
        .exec(app.ctx.db.writer())
        .await
        .unwrap();
    let token = app.member_session(all[0].member).await;

    let sent = app.get("/v1/me/deliveries").with_bearer(&token).await.expect(200);

    let words: Vec<_> = sent["items"].as_array().unwrap().iter().map(|one| one["words"].clone()).collect();
    assert_eq!(
        words,
        [
            json!({ "title": "会员日", "lines": ["会员，周五全场八折。"] }),
            json!({ "title": "券到期提醒", "lines": ["满100减20券", "2026年03月31日", "到店出示会员码即可使用"] }),
            json!({ "title": null, "lines": ["【惠客会员】亲爱的会员，周五全场八折。"] }),
        ]
    );
}

#[tokio::test]
async fn past_words_have_the_name_that_was_sent_or_none() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 0\ncaps.per_calendar_day = 0").await;
    let member = app.members(1).await[0];
    let token = app.member_session(member).await;
    let rename = async |name: &str| {
        app.advance(chrono::Duration::minutes(1)).await;
        app.patch("/v1/me", json!({ "name": name })).with_bearer(&token).await.expect(200);
        app.advance(chrono::Duration::minutes(1)).await;
    };
    let send = async || {
        app.scheduled(Channel::Inbox, |draft| {
            draft.message.body = Some("{{name}}，周五全场八折。".to_owned())
        })
        .await;
        app.drain().await;
    };
    rename("林晓").await;
    send().await;
    // The same name again is no other.
    rename("林晓").await;
    let told = async || -> Vec<Value> {
        let sent = app.get("/v1/me/deliveries").with_bearer(&token).await.expect(200);
        let lines = |one: &Value| one["words"]["lines"][0].clone();
        sent["items"].as_array().unwrap().iter().map(lines).collect()
    };
    assert_eq!(told().await, ["林晓，周五全场八折。"]);

    rename("林晓月").await;
    send().await;

    assert_eq!(told().await, ["林晓月，周五全场八折。", "会员，周五全场八折。"]);
    app.patch("/v1/me", json!({ "name": null })).with_bearer(&token).await.expect(200);
    assert_eq!(told().await, ["会员，周五全场八折。", "会员，周五全场八折。"], "an erased name is nowhere");
}

#[tokio::test]
async fn the_first_look_opens_a_message_and_only_the_first() {
    let app = TestApp::with_platforms().await;
    let (member, token, path) = told(&app, |_| {}).await;
    let read = format!("{path}/read");
    let reading = (0..3).map(|_| app.post(&read, Value::Null).with_bearer(&token).into_future());
    join_all(reading).await.iter().for_each(|answer| assert_eq!(answer.status.as_u16(), 204));
    let opened = |row: &entity::delivery::Model| row.member_id == member && row.opened_at.is_some();
    let before: Vec<_> = deliveries(&app).await.into_iter().filter(opened).collect();
    assert_eq!(before.len(), 1);
    app.advance(chrono::Duration::hours(1)).await;
    app.post(&read, Value::Null).with_bearer(&token).await.expect(204);
    assert_eq!(deliveries(&app).await[0].opened_at, before[0].opened_at);
}

async fn deliveries(app: &TestApp) -> Vec<entity::delivery::Model> {
    entity::delivery::Entity::find().all(app.ctx.db.read()).await.unwrap()
}

#[test]
fn every_trait_and_basis_has_a_code_of_its_own_and_words() {
    let traits = Trait::ALL.iter().map(|one| (one.code(), one.chinese(), one.english()));
    let bases = Basis::ALL.iter().map(|one| (one.code(), one.chinese(), one.english()));
    for words in [traits.collect::<Vec<_>>(), bases.collect()] {
        let codes: std::collections::BTreeSet<_> = words.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), words.len());
        assert!(words.iter().all(|(_, chinese, english)| !chinese.is_empty() && !english.is_empty()));
    }
    assert_eq!(traits_of(&Rule::All(Vec::new())), [Trait::Everybody]);
}
