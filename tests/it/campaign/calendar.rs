//! The calendar: what ran, what will, and whom several campaigns of one day would reach.

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, MessageClass, StaffRole};
use entity::{campaign, member};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use service::audience::{Rule, rule::Range};
use service::campaign::{self as campaigns, CampaignDraft, Every, Recurrence};
use service::ids::{CampaignId, MemberId};
use tests::TestApp;

const ZONE: chrono_tz::Tz = chrono_tz::Asia::Shanghai;

async fn at(app: &TestApp, when: DateTime<Utc>, change: impl FnOnce(&mut CampaignDraft)) -> CampaignId {
    let id = app.campaign(Channel::Inbox, change).await.id;
    campaigns::schedule(&app.ctx, &app.caller(StaffRole::Owner), id, Some(when)).await.unwrap();
    id
}

async fn shown(app: &TestApp, (from, until): (DateTime<Utc>, DateTime<Utc>)) -> Value {
    let marketer = app.staff_session(StaffRole::Marketer).await;
    let day = |at: DateTime<Utc>| at.with_timezone(&ZONE).date_naive();
    let path = format!("/v1/console/calendar?from={}&until={}", day(from), day(until));
    app.get(&path).with_bearer(&marketer).await.expect(200)
}

async fn has_bought(app: &TestApp, id: MemberId, count: i64) {
    let row = member::Entity::find_by_id(id).one(app.ctx.db.read()).await.unwrap().unwrap();
    let mut row = row.into_active_model();
    row.purchase_count = Set(count);
    row.update(app.ctx.db.writer()).await.unwrap();
}

fn bought(least: i64) -> Rule {
    Rule::PurchaseCount(Range { at_least: Some(least), at_most: None })
}

#[tokio::test]
async fn what_ran_stands_on_its_day_with_its_audience_and_what_waits_with_those_whom_it_picks_now() {
    let app = TestApp::with_platforms().await;
    app.members(3).await;
    let now = app.ctx.now();
    let ran = app.scheduled(Channel::Inbox, |draft| draft.name = "今天".to_owned()).await;
    app.drain().await;
    app.members(2).await;
    let waits = at(&app, now + Duration::days(2), |draft| draft.name = "后天".to_owned()).await;
    app.campaign(Channel::Inbox, |draft| draft.name = "草稿".to_owned()).await;
    let cancelled = at(&app, now + Duration::days(1), |_| {}).await;
    campaigns::cancel(&app.ctx, &app.caller(StaffRole::Owner), cancelled).await.unwrap();
    at(&app, now + Duration::days(9), |_| {}).await;

    let shown = shown(&app, (now, now + Duration::days(3))).await;

    let items = shown["items"].as_array().unwrap();
    let said: Vec<_> = items
        .iter()
        .map(|one| (one["campaign_id"].clone(), one["state"].clone(), one["members"].clone()))
        .collect();
    assert_eq!(
        said,
        [(json!(ran), json!("completed"), json!(3)), (json!(waits), json!("scheduled"), json!(5)),]
    );
    let day = (now + Duration::days(2)).with_timezone(&ZONE).date_naive();
    assert_eq!((&items[1]["day"], &items[1]["at"]), (&json!(day), &json!(now + Duration::days(2))));
    assert_eq!((&shown["zone"], &shown["days"]), (&json!("Asia/Shanghai"), &json!([])));
}

#[tokio::test]
async fn a_recurring_campaign_stands_on_each_of_its_days_to_come_until_it_ends() {
    let app = TestApp::with_platforms().await;
    app.members(1).await;
    let now = app.ctx.now();
    let today = now.with_timezone(&ZONE).date_naive();
    let recurrence = Recurrence {
        every: Every::Day,
        at: "10:00".to_owned(),
        weekdays: Vec::new(),
        days: Vec::new(),
        until: Some(today + Duration::days(4)),
    };
    let parent = app.campaign(Channel::Inbox, |draft| draft.recurrence = Some(recurrence)).await.id;
    campaigns::schedule(&app.ctx, &app.caller(StaffRole::Owner), parent, None).await.unwrap();
    let row = campaign::Entity::find_by_id(parent).one(app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(row.state, CampaignState::Recurring);
    let first = row.scheduled_at.unwrap();

    let shown = shown(&app, (now, now + Duration::days(30))).await;

    let items = shown["items"].as_array().unwrap();
    let times: Vec<DateTime<Utc>> =
        items.iter().map(|one| one["at"].as_str().unwrap().parse().unwrap()).collect();
    let last = today + Duration::days(4);
    let runs = (last - first.with_timezone(&ZONE).date_naive()).num_days() + 1;
    let due: Vec<DateTime<Utc>> = (0..runs).map(|day| first + Duration::days(day)).collect();
    assert_eq!(times, due);
    assert!(
        items.iter().all(|one| one["is_planned_occurrence"] == true && one["campaign_id"] == json!(parent))
    );
}

#[tokio::test]
async fn members_in_several_audiences_of_a_day_are_counted_once_by_how_many() {
    let app = TestApp::with_platforms().await;
    let members = app.members(10).await;
    for (index, id) in members.iter().enumerate() {
        has_bought(&app, *id, index as i64).await;
    }
    let day = app.ctx.now() + Duration::days(3);
    let all = app.segment(Rule::All(Vec::new())).await;
    let (six, three) = (app.segment(bought(4)).await, app.segment(bought(7)).await);
    at(&app, day, |draft| draft.segment_id = all).await;
    at(&app, day, |draft| draft.segment_id = six).await;
    at(&app, day + Duration::minutes(5), |draft| draft.segment_id = three).await;
    at(&app, day, |draft| draft.class = MessageClass::Transactional).await;
    at(&app, day + Duration::days(2), |_| {}).await;

    let shown = shown(&app, (day, day + Duration::days(4))).await;

    let crowded = json!([{ "messages": 2, "members": 3 }, { "messages": 3, "members": 3 }]);
    let date = day.with_timezone(&ZONE).date_naive();
    assert_eq!(shown["days"], json!([{ "day": date, "crowded": crowded }]));
    assert_eq!(shown["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn days_that_make_no_span_are_refused() {
    let app = TestApp::start().await;
    let marketer = app.staff_session(StaffRole::Marketer).await;
    let ask = |query: &str| app.get(&format!("/v1/console/calendar?{query}")).with_bearer(&marketer);

    ask("from=2026-03-02&until=2026-03-01").await.expect_invalid("until");
    ask("from=2026-03-02&until=2026-05-16").await.expect_invalid("until");
    ask("from=2026-03-02&until=2026-05-15").await.expect(200);
    ask("from=2026-03-02&until=2026-03-02").await.expect(200);
}
