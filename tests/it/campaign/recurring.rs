//! Recurring campaigns: each occurrence is an ordinary campaign, made once whoever looks and however often.

use chrono::Duration;
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use entity::{audit_entry, campaign as campaign_table};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use service::campaign::{self, CampaignRow, Every, Recurrence};
use service::ids::CampaignId;
use tests::{Answer, TestApp};

/// Noon in Shanghai, two hours after the test clock's start.
fn every_noon() -> Recurrence {
    Recurrence { every: Every::Day, at: "12:00".to_owned(), weekdays: vec![], days: vec![], until: None }
}

async fn step(app: &TestApp, staff: &str, id: CampaignId, action: &str) -> Answer {
    app.post(&format!("/v1/console/campaigns/{id}/{action}"), json!({})).with_bearer(staff).await
}

/// At ten in the morning of a day, so that noon is to come.
async fn at_ten(app: &TestApp) {
    let zone = app.ctx.settings.timezone;
    let day = service::calendar::local_date(app.ctx.now(), zone) + Duration::days(1);
    app.set_time(service::calendar::instant(day.and_hms_opt(10, 0, 0).unwrap(), zone)).await;
}

async fn children(app: &TestApp, id: CampaignId) -> Vec<CampaignRow> {
    campaign_table::Entity::find()
        .filter(campaign_table::Column::ParentId.eq(id))
        .order_by_asc(campaign_table::Column::Id)
        .all(app.ctx.db.read())
        .await
        .unwrap()
}

async fn acts(app: &TestApp, action: &str) -> Vec<Value> {
    let rows = audit_entry::Entity::find().filter(audit_entry::Column::Action.eq(action));
    rows.all(app.ctx.db.read()).await.unwrap().into_iter().map(|act| act.detail).collect()
}

async fn recurring(app: &TestApp, recurrence: Recurrence) -> CampaignId {
    at_ten(app).await;
    app.scheduled(Channel::Inbox, |draft| draft.recurrence = Some(recurrence)).await
}

const OPEN: &str = "caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0";

#[tokio::test]
async fn each_day_runs_once_over_the_audience_of_that_day() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let id = recurring(&app, every_noon()).await;
    let path = format!("/v1/console/campaigns/{id}");
    let shown = app.get(&path).with_bearer(&staff).await.expect(200);
    assert_eq!(shown["state"], "recurring");
    let next: chrono::DateTime<chrono::Utc> = shown["next_run_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(next, app.ctx.now() + Duration::hours(2));
    app.drain().await;
    assert!(children(&app, id).await.is_empty());

    for (day, audience) in [(1, 2), (2, 3)] {
        app.advance(if day == 1 { Duration::hours(2) } else { Duration::days(1) }).await;
        app.drain().await;
        let made = children(&app, id).await;
        assert_eq!(made.len(), day);
        assert_eq!(app.counts(made[day - 1].id).await, [(DeliveryState::Sent, audience)]);
        assert_eq!(made[day - 1].state, CampaignState::Completed);
        assert_eq!(app.campaign_row(id).await.state, CampaignState::Recurring);
        app.drain().await;
        assert_eq!(children(&app, id).await.len(), day, "the same day again");
        app.members(1).await;
    }
    let shown = app.get(&format!("/v1/console/campaigns/{}", children(&app, id).await[0].id));
    let shown = shown.with_bearer(&staff).await.expect(200);
    assert_eq!(shown["parent_id"], id.to_string());
    let runs =
        app.get(&format!("/v1/console/campaigns?parent_id={id}")).with_bearer(&staff).await.expect(200);
    let runs: Vec<_> = runs["items"].as_array().unwrap().iter().map(|run| &run["id"]).collect();
    let latest_first: Vec<_> = children(&app, id).await.iter().rev().map(|run| json!(run.id)).collect();
    assert_eq!(runs, latest_first.iter().collect::<Vec<_>>());
    assert_eq!(acts(&app, "campaign.run_occurrence").await.len(), 2);
}

#[tokio::test]
async fn many_schedulers_at_once_run_a_day_once() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(1).await;
    let id = recurring(&app, every_noon()).await;
    app.advance(Duration::hours(2)).await;
    let ran = join_all((0..6).map(|_| campaign::run_due_occurrences(&app.ctx))).await;
    assert_eq!(ran.into_iter().map(Result::unwrap).sum::<u64>(), 1);
    app.drain().await;
    assert_eq!(children(&app, id).await.len(), 1);
}

#[tokio::test]
async fn a_day_that_has_run_does_not_run_again_when_it_is_scheduled_anew() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(1).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let id = recurring(&app, every_noon()).await;
    app.advance(Duration::hours(2)).await;
    app.drain().await;
    let row = app.campaign_row(id).await;
    let later = json!({
        "name": "晚间", "segment_id": row.segment_id, "channel": "inbox", "message": row.message,
        "recurrence": { "every": "day", "at": "18:00" },
    });
    let changed =
        app.put(&format!("/v1/console/campaigns/{id}"), later).with_bearer(&staff).await.expect(200);
    assert_eq!((&changed["state"], &changed["version"]), (&json!("recurring"), &json!(2)));
    app.advance(Duration::hours(6)).await;
    app.drain().await;
    assert_eq!(children(&app, id).await.len(), 1);
    app.advance(Duration::days(1)).await;
    app.drain().await;
    let made = children(&app, id).await;
    assert_eq!(made.iter().map(|child| child.version).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn what_was_missed_while_everything_was_down_runs_once_or_is_recorded_as_left_out() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(1).await;
    let id = recurring(&app, every_noon()).await;
    // Three noons later, five hours too late.
    app.advance(Duration::hours(2 + 48 + 5)).await;
    app.drain().await;
    let made = children(&app, id).await;
    assert_eq!(made.len(), 1);
    let skipped = acts(&app, "campaign.skip_occurrences").await;
    assert_eq!(skipped[0]["days"].as_array().unwrap().len(), 2);
    // The next one is missed by more than the limit.
    app.advance(Duration::hours(24 + 2)).await;
    app.drain().await;
    assert_eq!(children(&app, id).await.len(), 1);
    assert_eq!(acts(&app, "campaign.skip_occurrences").await.len(), 2);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Recurring);
}

#[tokio::test]
async fn it_ends_after_its_last_day_or_with_its_offer() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(1).await;
    at_ten(&app).await;
    let today = service::calendar::local_date(app.ctx.now(), app.ctx.settings.timezone);
    let until = Recurrence { until: Some(today + Duration::days(1)), ..every_noon() };
    let id = app.scheduled(Channel::Inbox, |draft| draft.recurrence = Some(until)).await;
    let offer = app
        .scheduled(Channel::Inbox, |draft| {
            draft.recurrence = Some(every_noon());
            draft.offer_ends_at = Some(app.ctx.now() + Duration::hours(3));
        })
        .await;
    app.advance(Duration::hours(2)).await;
    app.drain().await;
    assert_eq!(app.campaign_row(offer).await.state, CampaignState::Completed);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Recurring);
    app.advance(Duration::days(1)).await;
    app.drain().await;
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
    assert_eq!((children(&app, id).await.len(), children(&app, offer).await.len()), (2, 1));
}

#[tokio::test]
async fn a_pause_leaves_days_out_and_a_cancel_tells_of_the_runs_that_go_on() {
    let app = TestApp::with_platforms_and(OPEN).await;
    app.members(2).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let id = recurring(&app, every_noon()).await;
    step(&app, &staff, id, "pause").await.expect(200);
    step(&app, &staff, id, "pause").await.expect_refusal("campaign_state_conflict");
    app.advance(Duration::hours(4)).await;
    app.drain().await;
    let resumed = join_all((0..4).map(|_| step(&app, &staff, id, "resume"))).await;
    assert_eq!(resumed.iter().filter(|answer| answer.status == 200).count(), 1);
    app.drain().await;
    assert!(children(&app, id).await.is_empty(), "noon was in the pause");
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Recurring);

    app.advance(Duration::hours(22)).await;
    campaign::run_due_occurrences(&app.ctx).await.unwrap();
    let cancelled = step(&app, &staff, id, "cancel").await.expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["impact"]["running_children"], 1);
    app.drain().await;
    let made = children(&app, id).await;
    assert_eq!(app.counts(made[0].id).await, [(DeliveryState::Sent, 2)]);
    app.advance(Duration::days(2)).await;
    app.drain().await;
    assert_eq!(children(&app, id).await.len(), 1);
}

#[tokio::test]
async fn a_recurrence_that_leaves_no_day_is_refused_and_a_scheduled_one_keeps_its_kind() {
    let app = TestApp::with_platforms().await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    at_ten(&app).await;
    let past = service::calendar::local_date(app.ctx.now(), app.ctx.settings.timezone) - Duration::days(1);
    let over = Recurrence { until: Some(past), ..every_noon() };
    let id = app.campaign(Channel::Inbox, |draft| draft.recurrence = Some(over)).await.id;
    step(&app, &staff, id, "schedule").await.expect_invalid("recurrence");
    let id = app.scheduled(Channel::Inbox, |draft| draft.recurrence = Some(every_noon())).await;
    let row = app.campaign_row(id).await;
    let once = json!({
        "name": "once", "segment_id": row.segment_id, "channel": "inbox", "message": row.message,
    });
    let path = format!("/v1/console/campaigns/{id}");
    app.put(&path, once).with_bearer(&staff).await.expect_invalid("recurrence");
}
