//! Editing: each change is a version, and what was sent before keeps its own.

use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::campaign::{self, CampaignRow};
use service::delivery;
use service::ids::CampaignId;
use tests::{Answer, TestApp};

/// The campaign's own words as a body, with some of them changed.
fn body(row: &CampaignRow, change: Value) -> Value {
    let mut body = json!({
        "name": row.name, "segment_id": row.segment_id, "channel": row.channel, "class": row.class,
        "topic": row.topic, "message": row.message, "offer_ends_at": row.offer_ends_at,
        "rate_per_second": row.rate_per_second, "holdout_percent": row.holdout_percent, "on_cap": row.on_cap,
        "lane": row.lane, "weight": row.weight, "priority": row.priority, "fallback": row.fallback,
        "variants": row.variants, "experiment": row.experiment, "budget_fen": row.budget_fen,
        "recurrence": row.recurrence, "attribution_days": row.attribution_days,
        "coupon_template_id": row.coupon_template_id,
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

struct Desk {
    app: TestApp,
    staff: String,
    id: CampaignId,
}

impl Desk {
    async fn with(members: usize, channel: Channel) -> Self {
        let app = TestApp::with_platforms().await;
        match channel {
            Channel::Inbox => drop(app.members(members).await),
            _ => drop(app.reachable(members, 1).await),
        }
        let staff = app.staff_session(StaffRole::Marketer).await;
        let id = app.scheduled(channel, |_| {}).await;
        Self { app, staff, id }
    }

    /// Resolved and paused before anything was sent.
    async fn paused(members: usize, channel: Channel) -> Self {
        let desk = Self::with(members, channel).await;
        campaign::start_due(&desk.app.ctx).await.unwrap();
        campaign::resolve(&desk.app.ctx, desk.id).await.unwrap();
        desk.step("pause").await.expect(200);
        desk.app.drain().await;
        desk
    }

    async fn step(&self, action: &str) -> Answer {
        let path = format!("/v1/console/campaigns/{}/{action}", self.id);
        self.app.post(&path, json!({})).with_bearer(&self.staff).await
    }

    async fn change(&self, change: Value) -> Answer {
        self.change_of("", change).await
    }

    async fn change_of(&self, query: &str, change: Value) -> Answer {
        let row = self.app.campaign_row(self.id).await;
        let path = format!("/v1/console/campaigns/{}{query}", self.id);
        self.app.put(&path, body(&row, change)).with_bearer(&self.staff).await
    }

    async fn versions(&self) -> Value {
        let path = format!("/v1/console/campaigns/{}/versions", self.id);
        self.app.get(&path).with_bearer(&self.staff).await.expect(200)["items"].clone()
    }
}

fn words(body: &str) -> Value {
    json!({ "message": { "title": "会员日", "body": body } })
}

#[tokio::test]
async fn what_was_sent_keeps_its_version_and_the_rest_goes_out_with_the_new_words() {
    let desk = Desk::paused(6, Channel::Inbox).await;
    let Desk { app, id, .. } = &desk;
    // Three go out with the first version.
    desk.step("resume").await.expect(200);
    let rows = app.deliveries_of(*id).await;
    delivery::dispatch(&app.ctx).await.unwrap();
    let first: Vec<_> = rows[..3].iter().map(|row| row.id).collect();
    let stop = tokio_util::sync::CancellationToken::new();
    let batch = delivery::Batch { id: None, campaign_id: *id, deliveries: &first };
    delivery::send(&app.ctx, batch, &stop).await.unwrap();
    desk.change(words("现在改")).await.expect_refusal("campaign_must_be_paused");
    desk.step("pause").await.expect(200);
    app.drain().await;

    let changed = desk.change(words("明天见")).await.expect(200);
    assert_eq!((&changed["version"], &changed["state"]), (&json!(2), &json!("paused")));
    desk.step("resume").await.expect(200);
    app.drain().await;

    for row in app.deliveries_of(*id).await {
        let version = if first.contains(&row.id) { 1 } else { 2 };
        assert_eq!((row.state, row.version), (DeliveryState::Sent, version));
    }
    let versions = desk.versions().await;
    let told: Vec<_> = versions.as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(told, [2, 1]);
    assert_eq!(versions[0]["content"]["message"]["body"], "明天见");
    assert!(versions[0]["edited_by"].is_string() && versions[0]["created_at"].is_string());
    desk.change(words("晚了")).await.expect_refusal("campaign_state_conflict");
}

#[tokio::test]
async fn the_same_words_again_make_no_version_and_two_editors_do_not_overwrite_each_other() {
    let desk = Desk::with(1, Channel::Inbox).await;
    assert_eq!(desk.change(words("一")).await.expect(200)["version"], 2);
    assert_eq!(desk.change(words("一")).await.expect(200)["version"], 2);
    let editing = ["二", "三", "四"].map(|text| desk.change_of("?version=2", words(text)));
    let answers = join_all(editing).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_refusal("campaign_version_changed");
    }
    assert_eq!(desk.versions().await.as_array().unwrap().len(), 3);
    let page = format!("/v1/console/campaigns/{}/versions?limit=2", desk.id);
    let first = desk.app.get(&page).with_bearer(&desk.staff).await.expect(200);
    let rest = format!("{page}&cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = desk.app.get(&rest).with_bearer(&desk.staff).await.expect(200);
    assert_eq!((rest["items"][0]["version"].clone(), rest["next_cursor"].clone()), (json!(1), Value::Null));
    desk.app.get(&format!("{page}&cursor=x")).with_bearer(&desk.staff).await.expect_invalid("cursor");
    desk.app.drain().await;
}

#[tokio::test]
async fn once_it_has_started_the_audience_and_the_split_stand() {
    let desk = Desk::paused(2, Channel::Inbox).await;
    let other = desk.app.segment(service::audience::Rule::Any(Vec::new())).await;
    for (field, value) in [
        ("segment_id", json!(other)),
        ("topic", json!("news")),
        ("class", json!("transactional")),
        ("holdout_percent", json!(10)),
        ("attribution_days", json!(3)),
        ("lane", json!("journey")),
    ] {
        desk.change(json!({ field: value })).await.expect_invalid(field);
    }
    let may = json!({
        "name": "新名", "rate_per_second": 50, "budget_fen": 10_000, "on_cap": "defer", "weight": 2, "priority": 9,
        "offer_ends_at": desk.app.ctx.now() + chrono::Duration::days(2),
    });
    let changed = desk.change(may).await.expect(200);
    assert_eq!(
        (&changed["version"], &changed["priority"], &changed["state"]),
        (&json!(2), &json!(9), &json!("paused"))
    );
    desk.step("resume").await.expect(200);
    desk.app.drain().await;
    assert_eq!(desk.app.counts(desk.id).await, [(DeliveryState::Sent, 2)]);
}

#[tokio::test]
async fn a_template_is_not_changed_under_a_message_that_is_on_its_way() {
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let desk = Desk::paused(2, Channel::WechatSubscribe).await;
    let template = tests::platforms::COUPON_ARRIVAL;
    let parameters =
        json!({ "thing1": "券", "amount2": "20元", "date3": "2026年12月31日", "thing4": "到店出示" });
    let other = json!({ "message": { "template_id": template, "parameters": parameters } });
    desk.step("resume").await.expect(200);
    delivery::dispatch(&desk.app.ctx).await.unwrap();
    desk.step("pause").await.expect(200);
    let claimed = entity::delivery::Entity::update_many()
        .col_expr(entity::delivery::Column::State, Expr::value(DeliveryState::Sending))
        .col_expr(entity::delivery::Column::ClaimedAt, Expr::value(desk.app.ctx.now()))
        .filter(entity::delivery::Column::CampaignId.eq(desk.id));
    claimed.exec(desk.app.ctx.db.writer()).await.unwrap();
    desk.change(other.clone()).await.expect_refusal("campaign_in_flight");
    desk.app.advance(chrono::Duration::seconds(121)).await;
    delivery::recover(&desk.app.ctx).await.unwrap();
    assert_eq!(desk.change(other).await.expect(200)["version"], 2);
    assert_eq!(desk.app.campaign_row(desk.id).await.state, CampaignState::Paused);
}
