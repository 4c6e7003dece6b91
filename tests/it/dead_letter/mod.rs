//! Dead letters: by cause, replayed once however often it is asked, mended, discarded.

use entity::states::{Channel, DeadLetterState, DeliveryState, StaffRole};
use entity::{dead_letter, outbox};
use futures_util::future::join_all;
use proptest::prelude::*;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use service::dead_letter::{DeadLetter, normalised, record};
use service::ids::CampaignId;
use service::{campaign, delivery};
use tests::{Answer, TestApp};

const PATH: &str = "/v1/console/dead-letters";

struct Desk {
    app: TestApp,
    owner: String,
}

impl Desk {
    async fn open() -> Self {
        let app = TestApp::with_platforms().await;
        let owner = app.staff_session(StaffRole::Owner).await;
        Self { app, owner }
    }

    async fn bury(&self, message_id: &str, body: &[u8], reason: &str) {
        let queue = "campaign.run";
        record(&self.app.ctx, DeadLetter { queue, message_id, body, reason, attempts: 6 }).await.unwrap();
    }

    /// As many letters of one cause as there are campaigns.
    async fn bury_resolutions(&self, campaigns: &[CampaignId]) {
        for id in campaigns {
            let body = json!({ "job": "resolve_audience", "campaign_id": id });
            let reason = format!("internal error: {id} took 31s");
            self.bury(&id.to_string(), body.to_string().as_bytes(), &reason).await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.app.get(&format!("{PATH}{path}")).with_bearer(&self.owner).await.expect(200)
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.app.post(&format!("{PATH}{path}"), body).with_bearer(&self.owner).await
    }

    async fn only(&self) -> dead_letter::Model {
        dead_letter::Entity::find().one(self.app.ctx.db.read()).await.unwrap().unwrap()
    }

    async fn jobs(&self) -> Vec<Value> {
        let rows = outbox::Entity::find().all(self.app.ctx.db.read()).await.unwrap();
        rows.into_iter().map(|row| row.body).collect()
    }
}

#[tokio::test]
async fn they_are_told_by_cause_with_what_to_fix_and_the_letters_behind() {
    let desk = Desk::open().await;
    let ids: Vec<CampaignId> = (0..5).map(|_| desk.app.ctx.new_id()).collect();
    desk.bury_resolutions(&ids).await;
    desk.bury_resolutions(&ids[..1]).await;
    desk.app.advance(chrono::Duration::seconds(1)).await;
    desk.bury("odd", b"\xff{", "undecodable").await;
    let causes = desk.get("").await["items"].clone();
    let told: Vec<_> =
        causes.as_array().unwrap().iter().map(|one| (one["job"].clone(), one["letters"].clone())).collect();
    assert_eq!(told, [(json!("unknown"), json!(1)), (json!("resolve_audience"), json!(5))]);
    assert_eq!(causes[1]["problem"], "internal error: * took *");
    assert!(causes[1]["remedy"]["chinese"].is_string() && causes[1]["remedy"]["english"].is_string());
    assert_ne!(causes[0]["remedy"], causes[1]["remedy"]);

    let behind = format!("/causes/{}", causes[1]["cause"].as_str().unwrap());
    let first = desk.get(&format!("{behind}?limit=3")).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let rest = format!("{behind}?limit=3&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(desk.get(&rest).await["items"].as_array().unwrap().len(), 2);
    let one = desk.get(&format!("/{}", first["items"][0]["id"].as_str().unwrap())).await;
    assert_eq!((&one["state"], &one["attempts"]), (&json!("open"), &json!(6)));
    assert_eq!(desk.get(&format!("{behind}?state=replayed")).await["items"], json!([]));
}

#[tokio::test]
async fn a_replayed_letter_does_its_work_once_whoever_asks_and_however_often() {
    let desk = Desk::open().await;
    desk.app.members(2).await;
    let id = desk.app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&desk.app.ctx).await.unwrap();
    outbox::Entity::delete_many().exec(desk.app.ctx.db.writer()).await.unwrap();
    desk.bury_resolutions(&[id]).await;
    let path = format!("/{}/replay", desk.only().await.id);
    for answer in join_all((0..5).map(|_| desk.post(&path, json!({})))).await {
        assert_eq!(answer.expect(200)["state"], "replayed");
    }
    desk.post(&path, json!({})).await.expect(200);
    assert_eq!(desk.jobs().await, [json!({ "job": "resolve_audience", "campaign_id": id })]);
    desk.app.drain().await;
    assert_eq!(desk.app.counts(id).await, [(DeliveryState::Sent, 2)]);
    let letter = desk.only().await;
    assert!(letter.handled_by.is_some() && letter.handled_at.is_some() && letter.replayed_at.is_some());
    let discard = format!("/{}/discard", letter.id);
    desk.post(&discard, json!({ "reason": "late" })).await.expect_refusal("dead_letter_replayed");
    assert_eq!(desk.get("").await["items"], json!([]));
}

#[tokio::test]
async fn a_whole_cause_is_replayed_once_by_two_at_once() {
    let desk = Desk::open().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(desk.app.campaign(Channel::Inbox, |_| {}).await.id);
    }
    desk.bury_resolutions(&ids).await;
    let cause = json!({ "cause": desk.only().await.cause });
    let answers = join_all((0..3).map(|_| desk.post("/replay", cause.clone()))).await;
    let replayed: u64 = answers.iter().map(|answer| answer.expect(200)["replayed"].as_u64().unwrap()).sum();
    assert_eq!(replayed, 4);
    assert_eq!(desk.post("/replay", cause).await.expect(200), json!({ "replayed": 0, "undecodable": 0 }));
    assert_eq!(desk.jobs().await.len(), 4);
    desk.app.drain().await;
}

#[tokio::test]
async fn one_that_cannot_be_decoded_is_mended_and_replayed() {
    let desk = Desk::open().await;
    desk.bury("odd", b"{\"job\":\"expire\"}", "undecodable").await;
    let letter = desk.only().await;
    let path = format!("/{}/replay", letter.id);
    desk.post(&path, json!({})).await.expect_refusal("dead_letter_undecodable");
    desk.post(&path, json!({ "body": { "job": "expire" } })).await.expect_invalid("body");
    let cause = json!({ "cause": letter.cause });
    assert_eq!(desk.post("/replay", cause).await.expect(200), json!({ "replayed": 0, "undecodable": 1 }));
    assert_eq!(desk.only().await.state, DeadLetterState::Open);
    let mended = desk.post(&path, json!({ "body": { "job": "expire_coupons" } })).await.expect(200);
    assert_eq!(mended["state"], "replayed");
    assert_eq!(desk.jobs().await, [json!({ "job": "expire_coupons" })]);
    desk.app.drain().await;
}

#[tokio::test]
async fn a_discarded_letter_stays_so() {
    let desk = Desk::open().await;
    desk.bury_resolutions(&[desk.app.ctx.new_id()]).await;
    let id = desk.only().await.id;
    let path = format!("/{id}/discard");
    desk.post(&path, json!({ "reason": " " })).await.expect_invalid("reason");
    for answer in join_all((0..3).map(|_| desk.post(&path, json!({ "reason": "a test" })))).await {
        assert_eq!(answer.expect(200)["state"], "discarded");
    }
    desk.post(&format!("/{id}/replay"), json!({})).await.expect_refusal("dead_letter_discarded");
    let acts = entity::audit_entry::Entity::find().all(desk.app.ctx.db.read()).await.unwrap();
    let discards: Vec<_> = acts.iter().filter(|act| act.action == "dead_letter.discard").collect();
    assert_eq!(discards.len(), 1);
    assert_eq!(discards[0].detail["reason"], "a test");
    assert!(desk.jobs().await.is_empty());
}

#[tokio::test]
async fn a_replayed_batch_passes_every_gate_again() {
    let desk = Desk::open().await;
    let Desk { app, .. } = &desk;
    let all = app.reachable(2, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    delivery::dispatch(&app.ctx).await.unwrap();
    let batch = desk.jobs().await.into_iter().find(|job| job["job"] == "send_deliveries").unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    desk.bury("batch", batch.to_string().as_bytes(), "database is unavailable: pool timed out").await;
    let txn = app.ctx.db.begin().await.unwrap();
    service::consent::opt_out(
        &app.ctx,
        &txn,
        all[0].member,
        ("all", "all"),
        service::consent::Said::by("member", serde_json::json!({})),
    )
    .await
    .unwrap();
    txn.commit().await.unwrap();
    desk.post(&format!("/{}/replay", desk.only().await.id), json!({})).await.expect(200);
    app.drain().await;
    assert_eq!(app.messages_received(), 1);
    assert_eq!(app.reasons(id).await, [("opted_out".to_owned(), 1)]);
}

#[test]
fn what_differs_from_letter_to_letter_is_left_out_of_the_reason() {
    for (reason, expected) in [
        ("undecodable", "undecodable"),
        ("internal error: row 0190a000-0000-7000-8000-000000000000 is gone", "internal error: row * is gone"),
        (
            "database is unavailable: connect 10.0.0.7:5432 (os error 111)",
            "database is unavailable: connect * (os error *)",
        ),
        ("came back  unsettled too often", "came back unsettled too often"),
    ] {
        assert_eq!(normalised(reason), expected);
    }
}

proptest! {
    #[test]
    fn a_normalised_reason_has_no_digits_is_short_and_stays(reason in "\\PC{0,300}") {
        let once = normalised(&reason);
        prop_assert!(!once.chars().any(|c| c.is_ascii_digit()));
        prop_assert!(once.chars().count() <= 200);
        prop_assert_eq!(normalised(&once), once);
    }
}
