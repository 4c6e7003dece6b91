//! Segments by what members did and hold.

use chrono::{Duration, NaiveDate};
use chrono_tz::Asia::Shanghai;
use entity::states::{ConsentKind, CouponState};
use entity::{consent, coupon, member, member_event, purchase, purchase_line, store};
use sea_orm::{ActiveModelBehavior, ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use service::audience::Rule;
use service::calendar;
use service::coupon::template::{TemplateForm, create_template};
use service::ids::{CouponTemplateId, MemberId, PurchaseId, StoreId};
use service::staff::{StaffCaller, StoreScope};
use tests::TestApp;

struct Town {
    app: TestApp,
    people: [MemberId; 4],
}

impl Town {
    async fn settle() -> Self {
        let app = TestApp::start().await;
        let mut people = Vec::new();
        for number in 0..4 {
            people.push(app.member(&format!("1380013800{number}")).await);
        }
        Self { app, people: people.try_into().unwrap() }
    }

    async fn put<M>(&self, row: M)
    where
        M: IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + sea_orm::ModelTrait,
        <M::Entity as EntityTrait>::ActiveModel: ActiveModelBehavior + Send,
    {
        let row = row.into_active_model().reset_all();
        M::Entity::insert(row).exec_without_returning(self.app.ctx.db.writer()).await.unwrap();
    }

    /// The places of those whom the rule picks.
    async fn picked(&self, rule: Value) -> Vec<usize> {
        let ctx = &self.app.ctx;
        let rule: Rule = serde_json::from_value(rule).unwrap();
        rule.validate().unwrap();
        let rows = member::Entity::find()
            .filter(rule.condition(ctx.now(), Shanghai, ctx.db.backend()))
            .order_by_asc(member::Column::Id)
            .all(ctx.db.read())
            .await
            .unwrap();
        let place = |row: &member::Model| self.people.iter().position(|id| *id == row.id).unwrap();
        rows.iter().map(place).collect()
    }

    /// A moment of the day so many days ago.
    fn ago(&self, days: i64) -> chrono::DateTime<chrono::Utc> {
        let today: NaiveDate = calendar::local_date(self.app.ctx.now(), Shanghai);
        calendar::start_of_day(today - chrono::Days::new(days.unsigned_abs()), Shanghai)
    }
}

#[tokio::test]
async fn coupons_that_are_held_used_and_run_out_are_told_apart_by_template_and_time() {
    let town = Town::settle().await;
    let owner = StaffCaller {
        id: town.app.ctx.new_id(),
        session_id: town.app.ctx.new_id(),
        role: entity::states::StaffRole::Owner,
        stores: StoreScope::All,
    };
    let mut templates = Vec::new();
    for name in ["满100减20", "生日礼"] {
        let form = TemplateForm {
            discount_fen: Some(2_000),
            ..TemplateForm::new(name, entity::states::CouponKind::MoneyOff)
        };
        templates.push(create_template(&town.app.ctx, &owner, form).await.unwrap().template.id);
    }
    let now = town.app.ctx.now();
    let copy = |place: usize, template: CouponTemplateId, state| coupon::Model {
        id: town.app.ctx.new_id(),
        template_id: template,
        member_id: town.people[place],
        slot: 1,
        code: format!("{place}{template}"),
        state,
        valid_from: town.ago(40),
        valid_until: now + Duration::days(10),
        source: "claim".to_owned(),
        source_id: None,
        claimed_at: town.ago(40),
        used_at: None,
        updated_at: now,
        locked_until: None,
        locked_order_no: None,
    };
    let ending = now + Duration::days(2);
    town.put(coupon::Model { valid_until: ending, ..copy(0, templates[0], CouponState::Issued) }).await;
    town.put(copy(1, templates[1], CouponState::Issued)).await;
    let used_at = Some(town.ago(7));
    town.put(coupon::Model { used_at, ..copy(2, templates[0], CouponState::Used) }).await;
    // Past, though no job has looked yet.
    town.put(coupon::Model { valid_until: town.ago(3), ..copy(3, templates[0], CouponState::Issued) }).await;

    let holds = |test: Value| town.picked(json!({ "coupon": test }));
    assert_eq!(holds(json!({ "has": "unused" })).await, [0, 1]);
    assert_eq!(holds(json!({ "has": "unused", "template_id": templates[1] })).await, [1]);
    assert_eq!(holds(json!({ "has": "unused", "within_days": 2 })).await, [0]);
    assert!(holds(json!({ "has": "unused", "within_days": 1 })).await.is_empty());
    assert_eq!(holds(json!({ "has": "used", "within_days": 7 })).await, [2]);
    assert!(holds(json!({ "has": "used", "within_days": 6 })).await.is_empty());
    assert_eq!(holds(json!({ "has": "expired" })).await, [3]);
    assert_eq!(holds(json!({ "has": "expired", "within_days": 3 })).await, [3]);
    assert!(holds(json!({ "has": "expired", "within_days": 2 })).await.is_empty());
    assert_eq!(town.picked(json!({ "none": [{ "coupon": { "has": "unused" } }] })).await, [2, 3]);
}

#[tokio::test]
async fn what_was_bought_counts_by_goods_store_and_day_unless_all_was_given_back() {
    let town = Town::settle().await;
    let stores: [StoreId; 2] = [town.app.ctx.new_id(), town.app.ctx.new_id()];
    for (code, id) in ["S1", "S2"].into_iter().zip(stores) {
        town.put(store::Model {
            id,
            code: code.to_owned(),
            name: code.to_owned(),
            zone: None,
            address: None,
            state: entity::states::StoreState::Open,
            created_at: town.ago(100),
        })
        .await;
    }
    for (place, (days, store, category, refunded_fen)) in
        [(5, 0, "茶", 0), (40, 1, "咖啡", 400), (2, 0, "咖啡", 1_000)].into_iter().enumerate()
    {
        let id: PurchaseId = town.app.ctx.new_id();
        town.put(purchase::Model {
            id,
            store_id: stores[store],
            order_no: format!("O{place}"),
            member_id: town.people[place],
            staff_id: None,
            total_fen: 1_000,
            quantity: 1,
            purchased_at: town.ago(days),
            source: "import".to_owned(),
            created_at: town.ago(days),
            refunded_fen,
        })
        .await;
        town.put(purchase_line::Model {
            id: town.app.ctx.new_id(),
            purchase_id: id,
            product_code: Some(format!("P{place}")),
            name: category.to_owned(),
            category: Some(category.to_owned()),
            quantity: 1,
            price_fen: 1_000,
            cost_fen: None,
        })
        .await;
    }

    let bought = |test: Value| town.picked(json!({ "bought": test }));
    assert_eq!(bought(json!({})).await, [0, 1]);
    assert_eq!(bought(json!({ "category": "咖啡" })).await, [1]);
    assert_eq!(bought(json!({ "product_code": "P0" })).await, [0]);
    assert!(bought(json!({ "product_code": "P0", "category": "咖啡" })).await.is_empty());
    assert_eq!(bought(json!({ "store_id": stores[1] })).await, [1]);
    assert_eq!(bought(json!({ "within_days": 5 })).await, [0]);
    assert!(bought(json!({ "within_days": 4 })).await.is_empty());
}

#[tokio::test]
async fn what_was_looked_at_counts_how_often_and_on_which_page() {
    let town = Town::settle().await;
    for (number, (place, page, days)) in
        [(0, "/mall", 1), (0, "/mall", 3), (1, "/mall", 1), (2, "/card", 1)].into_iter().enumerate()
    {
        town.put(member_event::Model {
            id: town.app.ctx.new_id(),
            member_id: town.people[place],
            client_id: number.to_string(),
            name: "page_view".to_owned(),
            page: Some(page.to_owned()),
            at: town.ago(days),
            duration_ms: None,
            detail: None,
            received_at: town.ago(days),
        })
        .await;
    }

    let did = |test: Value| town.picked(json!({ "behaviour": test }));
    assert_eq!(did(json!({ "name": "page_view" })).await, [0, 1, 2]);
    assert_eq!(did(json!({ "name": "page_view", "page": "/mall" })).await, [0, 1]);
    assert_eq!(did(json!({ "name": "page_view", "page": "/mall", "at_least": 2 })).await, [0]);
    let lately = json!({ "name": "page_view", "page": "/mall", "at_least": 2, "within_days": 2 });
    assert!(did(lately).await.is_empty());
}

#[tokio::test]
async fn who_subscribed_is_picked_while_there_is_something_left_to_send() {
    let town = Town::settle().await;
    for (place, available) in [(0, 1), (1, 0)] {
        town.put(consent::Model {
            id: town.app.ctx.new_id(),
            member_id: town.people[place],
            template_id: "T1".to_owned(),
            kind: ConsentKind::OneTime,
            available,
            reserved: 0,
            updated_at: town.ago(1),
        })
        .await;
    }

    assert_eq!(town.picked(json!({ "subscribed": "T1" })).await, [0]);
    assert!(town.picked(json!({ "subscribed": "T2" })).await.is_empty());
}

#[test]
fn a_test_that_makes_no_sense_names_its_field() {
    for (rule, field) in [
        (json!({ "bought": { "category": " " } }), "rule.category"),
        (json!({ "bought": { "within_days": 9_999 } }), "rule.within_days"),
        (json!({ "behaviour": { "name": "" } }), "rule.name"),
        (json!({ "behaviour": { "name": "page_view", "at_least": 0 } }), "rule.at_least"),
        (json!({ "coupon": { "has": "unused", "within_days": 4_000 } }), "rule.within_days"),
        (json!({ "subscribed": "" }), "rule"),
    ] {
        let parsed: Rule = serde_json::from_value(rule).unwrap();
        let Err(service::Error::Invalid(errors)) = parsed.validate() else { panic!("{parsed:?} is taken") };
        assert_eq!(errors[0].field, field);
    }
}
