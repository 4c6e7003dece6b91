//! Every outcome has a reason, read by the explanation of one member.

use chrono::Duration;
use entity::states::{Channel, OnCap, StaffRole};
use serde_json::json;
use service::audience::Rule;
use service::campaign::Split;
use service::ids::{CampaignId, MemberId};
use service::preference::{self, OptOut, Preferences};
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

const SEND: &str = "/cgi-bin/message/subscribe/send";

struct Reader {
    app: TestApp,
    owner: String,
}

impl Reader {
    async fn start(overrides: &str) -> Self {
        let app = TestApp::with_platforms_and(overrides).await;
        let owner = app.staff_session(StaffRole::Owner).await;
        Self { app, owner }
    }

    /// State and reason as the explanation of one member tells them; the reason has words.
    async fn told(&self, id: CampaignId, member: MemberId) -> (String, String) {
        let told = self.app.explanation(&self.owner, id, member).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let reason = &told["reason"];
        assert!(!text(&reason["chinese"]).is_empty() && !text(&reason["english"]).is_empty(), "{told}");
        assert_eq!(told["gates"].as_array().unwrap().len(), 9);
        (text(&told["delivery"]["state"]), text(&reason["code"]))
    }

    async fn expect(&self, id: CampaignId, member: MemberId, (state, reason): (&str, &str)) {
        assert_eq!(self.told(id, member).await, (state.to_owned(), reason.to_owned()));
    }

    async fn wish(&self, member: MemberId, change: impl FnOnce(&mut Preferences)) {
        let mut wishes = preference::read(&self.app.ctx, member).await.unwrap();
        change(&mut wishes);
        preference::save(&self.app.ctx, member, wishes).await.unwrap();
    }
}

#[tokio::test]
async fn the_members_side_is_told() {
    let reader = Reader::start("").await;
    let app = &reader.app;
    let all = app.reachable(5, 1).await;
    let nowhere = app.members(1).await[0];
    reader
        .wish(all[0].member, |wishes| {
            wishes.opt_outs = vec![OptOut { channel: "all".to_owned(), topic: "all".to_owned() }];
        })
        .await;
    let until = app.ctx.now() + Duration::hours(1);
    reader.wish(all[1].member, |wishes| wishes.paused_until = Some(until)).await;
    reader.wish(all[2].member, |wishes| wishes.personalised = false).await;
    app.cancel_subscription(&all[3].person, COUPON_EXPIRY).await;
    let disable = format!("/v1/console/members/{}/disable", all[4].member);
    let picked = app.segment(Rule::All(vec![Rule::NeverBought(true)])).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.segment_id = picked).await;
    // In the audience, and disabled while queued.
    service::campaign::start_due(&app.ctx).await.unwrap();
    service::campaign::resolve(&app.ctx, id).await.unwrap();
    app.post(&disable, json!({})).with_bearer(&reader.owner).await.expect(200);
    app.drain().await;

    reader.expect(id, all[0].member, ("suppressed", "opted_out")).await;
    reader.expect(id, all[1].member, ("deferred", "paused_by_member")).await;
    reader.expect(id, all[2].member, ("suppressed", "not_personalised")).await;
    reader.expect(id, all[3].member, ("suppressed", "no_consent")).await;
    reader.expect(id, all[4].member, ("suppressed", "member_inactive")).await;
    reader.expect(id, nowhere, ("suppressed", "no_address")).await;
}

#[tokio::test]
async fn the_brands_side_is_told() {
    let reader = Reader::start("caps.per_24_hours = 1").await;
    let app = &reader.app;
    let one = app.reachable(1, 4).await.remove(0).member;
    let held = app.scheduled(Channel::WechatSubscribe, |draft| draft.holdout_percent = 50).await;
    app.drain().await;
    if Split::of(&app.campaign_row(held).await).unwrap().holds_out(one) {
        reader.expect(held, one, ("suppressed", "holdout")).await;
        app.scheduled(Channel::WechatSubscribe, |_| {}).await;
        app.drain().await;
    }
    let capped = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let waits = app.scheduled(Channel::WechatSubscribe, |draft| draft.on_cap = OnCap::Defer).await;
    let soon = app.ctx.now() + Duration::minutes(1);
    let ended = app.scheduled(Channel::WechatSubscribe, |draft| draft.offer_ends_at = Some(soon)).await;
    service::campaign::start_due(&app.ctx).await.unwrap();
    app.advance(Duration::minutes(2)).await;
    app.drain().await;
    reader.expect(capped, one, ("suppressed", "frequency_cap")).await;
    reader.expect(waits, one, ("deferred", "frequency_cap")).await;
    reader.expect(ended, one, ("suppressed", "offer_ended")).await;
    // 23:00 in Shanghai.
    app.advance(Duration::hours(13)).await;
    let night = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    reader.expect(night, one, ("deferred", "quiet_hours")).await;
    let cancel = format!("/v1/console/campaigns/{night}/cancel");
    app.post(&cancel, json!({})).with_bearer(&reader.owner).await.expect(200);
    reader.expect(night, one, ("suppressed", "campaign_cancelled")).await;
}

#[tokio::test]
async fn the_platforms_side_is_told_with_every_attempt() {
    let reader = Reader::start("caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0").await;
    let app = &reader.app;
    let one = app.reachable(1, 3).await.remove(0).member;
    for (errcode, state, reason) in [
        (47003, "failed", "content_invalid"),
        (40003, "failed", "no_address"),
        (43116, "failed", "platform_refused"),
        (-1, "pending", "platform_busy"),
        (45011, "pending", "platform_throttled"),
    ] {
        app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": errcode })).await;
        let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
        app.drain().await;
        reader.expect(id, one, (state, reason)).await;
        let told = app.explanation(&reader.owner, id, one).await;
        assert_eq!(told["attempts"][0]["code"], errcode.to_string());
    }
}

#[tokio::test]
async fn marketing_by_sms_without_a_yes_is_told() {
    let reader = Reader::start("").await;
    let app = &reader.app;
    let one = app.reachable(1, 0).await.remove(0).member;
    let txn = app.ctx.db.begin().await.unwrap();
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    entity::member::Entity::update_many()
        .col_expr(entity::member::Column::MarketingConsent, false.into())
        .filter(entity::member::Column::Id.eq(one))
        .exec(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();
    let id = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    reader.expect(id, one, ("suppressed", "no_marketing_consent")).await;
}

#[tokio::test]
async fn somebody_outside_of_the_audience_is_told_so_and_a_stranger_is_not_found() {
    let reader = Reader::start("").await;
    let app = &reader.app;
    let one = app.members(1).await[0];
    let nobody = app.segment(Rule::Any(Vec::new())).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.segment_id = nobody).await;
    app.drain().await;
    let told = app.explanation(&reader.owner, id, one).await;
    assert!(told["delivery"].is_null() && told["reason"].is_null());
    let stranger: MemberId = app.ctx.new_id();
    let path = format!("/v1/console/campaigns/{id}/members/{stranger}/explanation");
    app.get(&path).with_bearer(&reader.owner).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn what_the_gates_saw_is_kept_beside_what_they_see_now() {
    let reader = Reader::start("").await;
    let app = &reader.app;
    let one = app.reachable(1, 1).await.remove(0);
    let until = app.ctx.now() + Duration::days(2);
    reader.wish(one.member, |wishes| wishes.paused_until = Some(until)).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    reader.wish(one.member, |wishes| wishes.paused_until = None).await;

    let told = app.explanation(&reader.owner, id, one.member).await;
    let decided = told["decided"]["gates"].as_array().unwrap().last().unwrap();
    assert_eq!((&decided["name"], &decided["passes"]), (&json!("pause"), &json!(false)));
    let now = told["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == "pause").unwrap();
    assert_eq!((&now["passes"], &now["channel"]), (&json!(true), &json!("wechat_subscribe")));
    assert_eq!((&told["held_out"], &told["delivery"]["version"]), (&json!(false), &json!(1)));
    app.callbacks_settled().await;
}
