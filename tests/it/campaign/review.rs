//! Review by a second person, where the brand asks for it.

use entity::audit_entry;
use entity::states::{Channel, DeliveryState, StaffRole};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::{Answer, TestApp};

struct Office {
    app: TestApp,
    owner: String,
    marketer: String,
}

impl Office {
    /// Reviews are asked for over audiences of more than `above` members.
    async fn open(above: Option<u32>) -> Self {
        let app = TestApp::with_platforms().await;
        app.members(2).await;
        let owner = app.staff_session(StaffRole::Owner).await;
        let marketer = app.staff_session(StaffRole::Marketer).await;
        let path = "/v1/console/settings";
        let mut policy = app.get(path).with_bearer(&owner).await.expect(200);
        assert_eq!(policy["review_campaigns"], false);
        policy["review_campaigns"] = true.into();
        policy["review_above_members"] = json!(above);
        app.put(path, policy).with_bearer(&owner).await.expect(200);
        Self { app, owner, marketer }
    }

    async fn drafted_by(&self, staff: &str) -> Value {
        let segment =
            json!({ "name": self.app.ctx.new_id::<service::ids::SegmentId>(), "rule": { "all": [] } });
        let segment = self.app.post("/v1/console/segments", segment).with_bearer(staff).await.expect(201);
        let body = Self::words(&segment["id"], "会员日");
        self.app.post("/v1/console/campaigns", body).with_bearer(staff).await.expect(201)
    }

    fn words(segment: &Value, title: &str) -> Value {
        json!({
            "name": "会员日", "segment_id": segment, "channel": "inbox",
            "message": { "title": title, "body": "周五全场八折。" },
        })
    }

    async fn step(&self, staff: &str, campaign: &Value, action: &str, body: Value) -> Answer {
        let path = format!("/v1/console/campaigns/{}/{action}", campaign["id"].as_str().unwrap());
        self.app.post(&path, body).with_bearer(staff).await
    }

    async fn approve(&self, staff: &str, campaign: &Value, version: i32) -> Answer {
        self.step(staff, campaign, "approve", json!({ "version": version })).await
    }

    async fn change(&self, staff: &str, campaign: &Value, title: &str) -> Value {
        let path = format!("/v1/console/campaigns/{}", campaign["id"].as_str().unwrap());
        let body = Self::words(&campaign["segment_id"], title);
        self.app.put(&path, body).with_bearer(staff).await.expect(200)
    }

    async fn approvals(&self) -> usize {
        let acts = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq("campaign.approve"));
        acts.all(self.app.ctx.db.read()).await.unwrap().len()
    }
}

#[tokio::test]
async fn it_goes_out_once_a_second_person_has_approved_it() {
    let office = Office::open(None).await;
    let Office { app, owner, marketer } = &office;
    let drafted = office.drafted_by(marketer).await;
    office.step(marketer, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
    office.approve(marketer, &drafted, 1).await.expect_refusal("approval_by_editor");
    office.approve(owner, &drafted, 2).await.expect_refusal("campaign_version_changed");
    let manager = app.staff_session(StaffRole::StoreManager).await;
    office.approve(&manager, &drafted, 1).await.expect_problem(403, "forbidden");
    let approved = office.approve(owner, &drafted, 1).await.expect(200);
    assert_eq!(approved["approved_version"], 1);
    assert!(approved["approved_at"].is_string());
    office.step(marketer, &drafted, "schedule", json!({})).await.expect(200);
    app.drain().await;
    let id = drafted["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 2)]);
}

#[tokio::test]
async fn two_approvals_at_once_are_one_and_a_repeated_one_changes_nothing() {
    let office = Office::open(None).await;
    let Office { app, owner, marketer } = &office;
    let second = app.staff_session(StaffRole::Owner).await;
    let drafted = office.drafted_by(marketer).await;
    let approving = [owner, &second, owner, &second].map(|staff| office.approve(staff, &drafted, 1));
    let approved: Vec<Value> = join_all(approving).await.iter().map(|answer| answer.expect(200)).collect();
    assert!(approved.iter().all(|one| one["approved_by"] == approved[0]["approved_by"]));
    assert_eq!(
        office.approve(owner, &drafted, 1).await.expect(200)["approved_at"],
        approved[0]["approved_at"]
    );
    assert_eq!(office.approvals().await, 1);
}

#[tokio::test]
async fn an_edit_voids_the_approval_and_so_does_a_change_of_the_segment() {
    let office = Office::open(None).await;
    let Office { app, owner, marketer } = &office;
    let drafted = office.drafted_by(marketer).await;
    office.approve(owner, &drafted, 1).await.expect(200);
    let same = office.change(marketer, &drafted, "会员日").await;
    assert_eq!((&same["version"], &same["approved_version"]), (&json!(1), &json!(1)), "the same words");
    let changed = office.change(marketer, &drafted, "周末").await;
    assert_eq!((&changed["version"], &changed["approved_by"]), (&json!(2), &Value::Null));
    office.step(marketer, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
    // Who edited last was the marketer; the owner edits, and now it is the marketer's to approve.
    office.change(owner, &drafted, "周六").await;
    office.approve(owner, &drafted, 3).await.expect_refusal("approval_by_editor");
    office.approve(marketer, &drafted, 3).await.expect(200);

    let segment = format!("/v1/console/segments/{}", drafted["segment_id"].as_str().unwrap());
    let everybody = json!({ "name": "others", "rule": { "any": [{ "never_bought": true }] } });
    app.put(&segment, everybody).with_bearer(marketer).await.expect(200);
    office.step(owner, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
    office.approve(marketer, &drafted, 3).await.expect(200);
    office.step(owner, &drafted, "schedule", json!({})).await.expect(200);
    app.drain().await;
}

#[tokio::test]
async fn a_scheduled_one_that_is_edited_is_a_draft_again_and_a_paused_one_waits_for_its_approval() {
    let office = Office::open(None).await;
    let Office { app, owner, marketer } = &office;
    let drafted = office.drafted_by(marketer).await;
    office.approve(owner, &drafted, 1).await.expect(200);
    office.step(marketer, &drafted, "schedule", json!({})).await.expect(200);
    let changed = office.change(marketer, &drafted, "周末").await;
    assert_eq!((&changed["state"], &changed["scheduled_at"]), (&json!("draft"), &Value::Null));
    app.drain().await;

    office.approve(owner, &drafted, 2).await.expect(200);
    office.step(marketer, &drafted, "schedule", json!({})).await.expect(200);
    service::campaign::start_due(&app.ctx).await.unwrap();
    office.step(marketer, &drafted, "pause", json!({})).await.expect(200);
    app.drain().await;
    office.change(marketer, &drafted, "周日").await;
    office.step(marketer, &drafted, "resume", json!({})).await.expect_refusal("campaign_needs_approval");
    office.approve(owner, &drafted, 3).await.expect(200);
    office.step(marketer, &drafted, "resume", json!({})).await.expect(200);
    app.drain().await;
    let id = drafted["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 2)]);
}

#[tokio::test]
async fn a_small_audience_needs_none_where_the_policy_says_so() {
    let office = Office::open(Some(2)).await;
    let Office { app, marketer, .. } = &office;
    let drafted = office.drafted_by(marketer).await;
    office.step(marketer, &drafted, "schedule", json!({})).await.expect(200);
    app.drain().await;
    app.members(1).await;
    let drafted = office.drafted_by(marketer).await;
    office.step(marketer, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
}

#[tokio::test]
async fn an_owner_alone_is_told_what_to_do_and_may_turn_reviews_off() {
    let office = Office::open(None).await;
    let Office { app, owner, .. } = &office;
    let drafted = office.drafted_by(owner).await;
    office.step(owner, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
    let path = "/v1/console/settings";
    let mut policy = app.get(path).with_bearer(owner).await.expect(200);
    policy["review_campaigns"] = false.into();
    app.put(path, policy).with_bearer(owner).await.expect(200);
    office.step(owner, &drafted, "schedule", json!({})).await.expect(200);
    app.drain().await;
}

#[tokio::test]
async fn the_approval_of_a_recurring_campaign_covers_its_runs() {
    let office = Office::open(None).await;
    let Office { app, owner, marketer } = &office;
    let campaign = app
        .campaign(Channel::Inbox, |draft| {
            draft.recurrence = serde_json::from_value(json!({ "every": "day", "at": "12:00" })).unwrap();
        })
        .await;
    let drafted = json!({ "id": campaign.id, "segment_id": campaign.segment_id });
    office.step(marketer, &drafted, "schedule", json!({})).await.expect_refusal("campaign_needs_approval");
    office.approve(owner, &drafted, 1).await.expect(200);
    office.step(marketer, &drafted, "schedule", json!({})).await.expect(200);
    app.set_time(app.campaign_row(campaign.id).await.scheduled_at.unwrap()).await;
    app.drain().await;
    let run = entity::campaign::Entity::find().filter(entity::campaign::Column::ParentId.eq(campaign.id));
    let run = run.one(app.ctx.db.read()).await.unwrap().expect("it has run");
    assert_eq!((run.approved_version, app.deliveries_of(run.id).await.len()), (Some(1), 2));
}
