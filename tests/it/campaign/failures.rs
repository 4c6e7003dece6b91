//! Failed deliveries by cause, and putting them back: what surely had no effect once more, what may have arrived never.

use chrono::Duration;
use entity::audit_entry;
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use service::consent;
use service::ids::CampaignId;
use tests::builders::Reachable;
use tests::{Answer, TestApp};

const SEND: &str = "/cgi-bin/message/subscribe/send";

struct Desk {
    app: TestApp,
    staff: String,
    all: Vec<Reachable>,
    id: CampaignId,
}

impl Desk {
    /// Three members whose messages the platform has answered with `errcode`, or not at all.
    async fn failed(faults: Value, offer_ends_in: Option<Duration>) -> Self {
        let app = TestApp::with_platforms().await;
        let all = app.reachable(3, 1).await;
        let staff = app.staff_session(StaffRole::Marketer).await;
        app.set_fault(SEND, faults).await;
        let end = offer_ends_in.map(|wait| app.ctx.now() + wait);
        let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.offer_ends_at = end).await;
        app.drain().await;
        app.clear_faults().await;
        Self { app, staff, all, id }
    }

    async fn refused() -> Self {
        Self::failed(json!({ "error_rate": 1.0, "errcode": 43116 }), None).await
    }

    async fn list(&self) -> Value {
        let path = format!("/v1/console/campaigns/{}/failures", self.id);
        self.app.get(&path).with_bearer(&self.staff).await.expect(200)["items"].clone()
    }

    async fn replay(&self, body: Value) -> Answer {
        let path = format!("/v1/console/campaigns/{}/failures/replay", self.id);
        self.app.post(&path, body).with_bearer(&self.staff).await
    }

    async fn acts(&self, action: &str) -> usize {
        let acts = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq(action));
        acts.all(self.app.ctx.db.read()).await.unwrap().len()
    }
}

fn refused() -> Value {
    json!({ "reason": "platform_refused" })
}

#[tokio::test]
async fn what_failed_is_told_by_cause_and_goes_out_once_the_cause_is_mended() {
    let desk = Desk::refused().await;
    let Desk { app, id, .. } = &desk;
    assert_eq!(app.campaign_row(*id).await.state, CampaignState::Completed);
    let listed = desk.list().await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let one = &listed[0];
    assert_eq!(
        (&one["state"], &one["reason"], &one["code"], &one["deliveries"], &one["can_be_replayed"]),
        (&json!("failed"), &json!("platform_refused"), &json!("43116"), &json!(3), &json!(true))
    );
    assert!(one["chinese"].is_string() && one["english"].is_string());

    let replayed = desk.replay(json!({ "reason": "platform_refused", "code": "43116" })).await.expect(200);
    assert_eq!(replayed, json!({ "deliveries": 3, "state": "sending" }));
    app.drain().await;
    assert_eq!(app.counts(*id).await, [(DeliveryState::Delivered, 3)]);
    assert_eq!(app.campaign_row(*id).await.state, CampaignState::Completed);
    assert_eq!(app.messages_received(), 3);
    assert_eq!((desk.acts("campaign.reopen").await, desk.acts("campaign.replay_failures").await), (1, 1));
    assert_eq!(desk.list().await, json!([]));
}

#[tokio::test]
async fn replaying_twice_or_at_once_sends_once() {
    let desk = Desk::refused().await;
    let answers = join_all((0..4).map(|_| desk.replay(refused()))).await;
    let moved: Vec<u64> =
        answers.iter().map(|answer| answer.expect(200)["deliveries"].as_u64().unwrap()).collect();
    assert_eq!(moved.iter().sum::<u64>(), 3, "{moved:?}");
    desk.app.drain().await;
    assert_eq!(desk.replay(refused()).await.expect(200), json!({ "deliveries": 0, "state": "completed" }));
    assert_eq!(desk.app.messages_received(), 3);
    assert_eq!(desk.acts("campaign.reopen").await, 1);
}

#[tokio::test]
async fn every_gate_is_asked_again() {
    let desk = Desk::refused().await;
    let Desk { app, all, id, .. } = &desk;
    let txn = app.ctx.db.begin().await.unwrap();
    consent::opt_out(
        &app.ctx,
        &txn,
        all[0].member,
        ("all", "all"),
        service::consent::Said::by("member", serde_json::json!({})),
    )
    .await
    .unwrap();
    txn.commit().await.unwrap();
    app.cancel_subscription(&all[1].person, tests::platforms::COUPON_EXPIRY).await;
    desk.replay(refused()).await.expect(200);
    app.drain().await;
    assert_eq!(app.reasons(*id).await, [("no_consent".to_owned(), 1), ("opted_out".to_owned(), 1)]);
    assert_eq!(app.messages_received(), 1);
}

#[tokio::test]
async fn only_the_named_cause_goes_back() {
    let desk = Desk::refused().await;
    let other = desk.replay(json!({ "reason": "platform_refused", "code": "47003" })).await.expect(200);
    assert_eq!(other["deliveries"], 0);
    assert_eq!(desk.replay(json!({ "reason": "content_invalid" })).await.expect(200)["deliveries"], 0);
    desk.replay(json!({ "reason": "bad luck" })).await.expect_invalid("reason");
    assert_eq!(desk.app.campaign_row(desk.id).await.state, CampaignState::Completed);
}

#[tokio::test]
async fn what_may_have_arrived_is_never_sent_again() {
    let desk = Desk::failed(json!({ "reset_rate": 1.0 }), None).await;
    assert_eq!(desk.app.counts(desk.id).await, [(DeliveryState::Unknown, 3)]);
    let listed = desk.list().await;
    assert_eq!((&listed[0]["state"], &listed[0]["can_be_replayed"]), (&json!("unknown"), &json!(false)));
    desk.replay(json!({ "reason": "answer_never_heard" })).await.expect_refusal("unknown_not_replayed");
    assert_eq!(desk.app.counts(desk.id).await, [(DeliveryState::Unknown, 3)]);
}

#[tokio::test]
async fn nothing_goes_back_once_the_offer_is_over_or_the_campaign_is_cancelled() {
    let faults = json!({ "error_rate": 1.0, "errcode": 43116 });
    let desk = Desk::failed(faults, Some(Duration::hours(1))).await;
    desk.app.advance(Duration::hours(1)).await;
    desk.replay(refused()).await.expect_refusal("offer_over");
    let draft = desk.app.campaign(Channel::Inbox, |_| {}).await.id;
    let path = format!("/v1/console/campaigns/{draft}/failures/replay");
    let early = desk.app.post(&path, refused()).with_bearer(&desk.staff).await;
    early.expect_refusal("campaign_state_conflict");
}

#[tokio::test]
async fn a_coupon_that_came_back_is_issued_afresh() {
    let app = TestApp::with_platforms().await;
    app.reachable(2, 1).await;
    let staff = app.staff_session(StaffRole::Owner).await;
    let body = json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "relative", "valid_days": 30, "all_stores": true, "stock": 2, "limit_per_member": 1,
        "claimable": false,
    });
    let made = app.post("/v1/console/coupon-templates", body).with_bearer(&staff).await.expect(201);
    let offer = made["id"].as_str().unwrap();
    app.post(&format!("/v1/console/coupon-templates/{offer}/publish"), Value::Null)
        .with_bearer(&staff)
        .await
        .expect(200);
    let offer = offer.parse().unwrap();
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": 43116 })).await;
    let id = app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
    app.drain().await;
    app.clear_faults().await;
    let path = format!("/v1/console/campaigns/{id}/failures/replay");
    app.post(&path, refused()).with_bearer(&staff).await.expect(200);
    app.drain().await;
    let coupons: Vec<_> = entity::coupon::Entity::find().all(app.ctx.db.read()).await.unwrap();
    let issued = |row: &&entity::coupon::Model| row.state == entity::states::CouponState::Issued;
    let issued: Vec<_> = coupons.iter().filter(issued).map(|row| row.id).collect();
    assert_eq!(issued.len(), 2);
    for row in app.deliveries_of(id).await {
        assert_eq!(row.state, DeliveryState::Delivered);
        assert!(issued.contains(&row.coupon_id.unwrap()), "a message that brings a coupon that is good");
    }
}
