//! Money: what a message costs, and the ceilings that hold under any number of workers.

use chrono_tz::Asia::Shanghai;
use entity::states::{CampaignState, Channel, DeliveryState, StaffRole};
use entity::{budget, coupon_template, delivery};
use futures_util::future::join_all;
use proptest::prelude::*;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use service::budget::{Ceiling, Ceilings, Purse, segments};
use service::campaign;
use service::delivery::{FallbackStep, MessageDraft, sms_text};
use service::ids::{CampaignId, CouponTemplateId};
use tests::TestApp;
use tests::builders::message;

use super::facts::{recipient, terms};
use super::guarantee::{queued, send_all};

#[test]
fn seventy_characters_are_one_part_and_longer_texts_are_charged_by_sixty_seven() {
    for (characters, parts) in [(0, 1), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)] {
        assert_eq!(segments(&"回".repeat(characters)), parts, "{characters}");
    }
    assert_eq!(segments(&"😀".repeat(35)), 1);
    assert_eq!(segments(&"😀".repeat(36)), 2, "outside of the basic plane a character counts twice");
}

#[test]
fn the_text_is_the_suppliers_wording_with_its_places_filled_behind_the_signature() {
    let mut draft = message(Channel::Sms);
    let to = recipient(Shanghai);
    let text = |draft: &MessageDraft| {
        let rendered = draft.render(&service::delivery::Variables {
            name: Some("小王"),
            card_number: "1",
            brand: "茶",
            ..Default::default()
        });
        sms_text("回客", draft, &rendered)
    };
    assert_eq!(text(&draft), "【回客】小王", "without the wording only the parameters are known");
    for place in ["${name}", "{1}"] {
        draft.body = Some(format!("{place}，{{{{brand}}}}请你喝茶 拒收请回复R"));
        assert_eq!(text(&draft), "【回客】小王，茶请你喝茶 拒收请回复R");
    }
    draft.body = Some("字".repeat(67));
    let mut prices = terms(Channel::Sms).prices;
    prices.coupon_fen = 200;
    assert_eq!(prices.segments(Channel::Sms, &draft, &to), 2, "67 and the four of the signature");
    assert_eq!(prices.cost_fen(Channel::Sms, &draft, &to), 210);
    assert_eq!(prices.cost_fen(Channel::Inbox, &draft, &to), 200);
}

proptest! {
    #[test]
    fn a_purse_never_gives_more_than_any_ceiling_and_nothing_less_than_fits(
        campaign in proptest::option::of(0..500_i64), month in proptest::option::of(0..500_i64),
        brand in proptest::option::of(0..500_i64), taken in 0..200_i64,
        costs in proptest::collection::vec(0..60_i64, 0..60),
    ) {
        let ceilings = Ceilings { campaign_fen: campaign, month_fen: month, brand_fen: brand };
        let taken_before = Ceilings { campaign_fen: Some(taken), month_fen: Some(taken), brand_fen: None };
        let mut purse = Purse::new(ceilings, taken_before);
        let left = [campaign.map(|c| c - taken), month.map(|c| c - taken), brand];
        let mut spent = 0;
        for cost in costs {
            let fits = cost == 0 || left.iter().flatten().all(|left| spent + cost <= *left);
            prop_assert_eq!(purse.take(cost).is_ok(), fits);
            if fits {
                spent += cost;
            }
        }
        prop_assert_eq!(purse.taken_fen(), spent);
        prop_assert!(left.iter().flatten().all(|left| spent == 0 || spent <= *left));
    }
}

#[test]
fn the_narrowest_ceiling_is_named() {
    let ceilings = Ceilings { campaign_fen: None, month_fen: Some(4), brand_fen: Some(100) };
    let mut purse = Purse::new(ceilings, Ceilings::default());
    assert_eq!(purse.take(5), Err(Ceiling::Month));
    assert_eq!(Ceiling::Month.code(), "budget_month");
}

async fn taken(app: &TestApp) -> Vec<(String, i64)> {
    let rows = budget::Entity::find().all(app.ctx.db.read()).await.unwrap();
    let mut rows: Vec<_> =
        rows.into_iter().map(|row| (row.name.split(':').next().unwrap().to_owned(), row.taken_fen)).collect();
    rows.sort();
    rows
}

fn all_at(fen: i64) -> Vec<(String, i64)> {
    ["brand", "campaign", "month"].map(|name| (name.to_owned(), fen)).to_vec()
}

async fn resume(app: &TestApp, id: CampaignId) {
    let owner = app.caller(StaffRole::Owner);
    campaign::resume(&app.ctx, &owner, id).await.unwrap();
    app.drain().await;
}

async fn spent(app: &TestApp, id: CampaignId) -> i64 {
    app.deliveries_of(id).await.iter().map(|row| row.cost_fen).sum()
}

#[tokio::test]
async fn a_campaign_stops_exactly_at_its_ceiling_under_four_workers_and_goes_on_when_it_is_raised() {
    let app = TestApp::with_platforms_and("rates.sms_per_second = 5000").await;
    app.reachable(40, 0).await;
    let id = app.scheduled(Channel::Sms, |draft| draft.budget_fen = Some(62)).await;
    let ids = queued(&app, id).await;
    join_all(ids.chunks(10).map(|ids| send_all(&app, id, ids))).await;
    app.callbacks_settled().await;

    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 28), (DeliveryState::Delivered, 12)]);
    let row = app.campaign_row(id).await;
    assert_eq!((row.state, row.state_reason.as_deref()), (CampaignState::Paused, Some("budget_campaign")));
    assert_eq!(taken(&app).await, all_at(60));
    assert_eq!((spent(&app, id).await, app.messages_received()), (60, 12));

    resume(&app, id).await;
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Paused, "nothing is left for it");
    let raised = entity::campaign::ActiveModel { id: Set(id), budget_fen: Set(None), ..Default::default() };
    entity::campaign::Entity::update(raised).exec(app.ctx.db.writer()).await.unwrap();
    resume(&app, id).await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Delivered, 40)]);
    assert_eq!(taken(&app).await, all_at(200));
}

#[tokio::test]
async fn the_months_and_the_brands_ceilings_hold_over_campaigns_and_a_month_begins_anew() {
    let app =
        TestApp::with_platforms_and("caps.per_24_hours = 0\ncaps.per_7_days = 0\ncaps.per_calendar_day = 0")
            .await;
    app.reachable(4, 0).await;
    let owner = app.staff_session(StaffRole::Owner).await;
    let budgets = |month: Value, brand: Value| {
        json!({
            "caps": { "per_24_hours": 0, "per_7_days": 0, "per_calendar_day": 0 },
            "quiet_hours": { "start": "00:00", "end": "00:00" }, "sms_segment_fen": 4,
            "budgets": { "month_fen": month, "brand_fen": brand },
        })
    };
    let put = |body: Value| app.put("/v1/console/settings", body).with_bearer(&owner);
    put(budgets(json!(24), json!(40))).await.expect(200);
    let first = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    let second = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    assert_eq!((spent(&app, first).await, spent(&app, second).await), (16, 8));
    assert_eq!(app.campaign_row(second).await.state_reason.as_deref(), Some("budget_month"));

    app.advance(chrono::Duration::days(31)).await;
    resume(&app, second).await;
    assert_eq!(spent(&app, second).await, 16);
    let third = app.scheduled(Channel::Sms, |_| {}).await;
    app.drain().await;
    assert_eq!(spent(&app, third).await, 8);
    assert_eq!(app.campaign_row(third).await.state_reason.as_deref(), Some("budget_brand"));
}

#[tokio::test]
async fn what_was_surely_not_sent_costs_nothing() {
    let app = TestApp::with_platforms().await;
    app.reachable(3, 1).await;
    let offer = coupon(&app, 150).await;
    let refuse = |errcode: i64| json!({ "error_rate": 1.0, "errcode": errcode });
    for (errcode, state) in [(-1, DeliveryState::Pending), (47003, DeliveryState::Failed)] {
        app.set_fault("/cgi-bin/message/subscribe/send", refuse(errcode)).await;
        let id =
            app.scheduled(Channel::WechatSubscribe, |draft| draft.coupon_template_id = Some(offer)).await;
        app.drain().await;
        assert_eq!(app.counts(id).await, [(state, 3)], "{errcode}");
        assert_eq!(spent(&app, id).await, 0, "{errcode}");
        assert!(taken(&app).await.iter().all(|(_, fen)| *fen == 0), "{errcode}");
        campaign::cancel(&app.ctx, &app.caller(StaffRole::Owner), id).await.ok();
    }
}

#[tokio::test]
async fn where_the_money_ends_a_channel_that_costs_nothing_is_taken_and_the_campaign_goes_on() {
    let app = TestApp::with_platforms().await;
    app.reachable(5, 0).await;
    let id = app
        .scheduled(Channel::Sms, |draft| {
            draft.budget_fen = Some(10);
            draft.fallback = vec![FallbackStep { channel: Channel::Inbox, message: message(Channel::Inbox) }];
        })
        .await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Sent, 3), (DeliveryState::Delivered, 2)]);
    assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
    assert_eq!(spent(&app, id).await, 10);
}

/// A published template whose copies cost `cost_fen`.
async fn coupon(app: &TestApp, cost_fen: i64) -> CouponTemplateId {
    let owner = app.staff_session(StaffRole::Owner).await;
    let body = json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "relative", "valid_days": 30, "all_stores": true, "stock": 100, "limit_per_member": 1,
        "claimable": false, "cost_fen": cost_fen,
    });
    let made = app.post("/v1/console/coupon-templates", body).with_bearer(&owner).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let publish = format!("/v1/console/coupon-templates/{id}/publish");
    app.post(&publish, Value::Null).with_bearer(&owner).await.expect(200);
    id.parse().unwrap()
}

#[tokio::test]
async fn a_coupon_that_cannot_be_paid_for_is_not_issued() {
    let app = TestApp::with_platforms().await;
    app.members(5).await;
    let offer = coupon(&app, 150).await;
    let id = app
        .scheduled(Channel::Inbox, |draft| {
            draft.coupon_template_id = Some(offer);
            draft.budget_fen = Some(300);
        })
        .await;
    app.drain().await;
    assert_eq!(app.counts(id).await, [(DeliveryState::Pending, 3), (DeliveryState::Sent, 2)]);
    let template = coupon_template::Entity::find_by_id(offer).one(app.ctx.db.read()).await.unwrap().unwrap();
    assert_eq!(template.taken, 2, "the copies of the others went back to the stock");
    assert_eq!(app.reasons(id).await, [("budget".to_owned(), 3)]);
    let rows: Vec<delivery::Model> = app.deliveries_of(id).await;
    assert!(rows.iter().all(|row| (row.cost_fen == 150) == (row.state == DeliveryState::Sent)));
}
