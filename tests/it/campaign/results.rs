//! From sent to purchased: each stage counts a member once, in the window of their own message.

use chrono::Duration;
use entity::states::Channel;
use entity::{coupon, purchase, redemption};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
use service::campaign::{Split, Variant};
use service::ids::{CampaignId, CouponTemplateId, MemberId, StoreId};
use tests::TestApp;
use tests::builders::message;

struct Shop {
    app: TestApp,
    owner: String,
    store: StoreId,
    members: Vec<MemberId>,
}

impl Shop {
    async fn open(members: usize) -> Self {
        let app = TestApp::with_platforms().await;
        let owner = app.owner().await;
        let store = app.store(&owner, "S1").await;
        let members = app.members(members).await;
        Self { app, owner, store, members }
    }

    async fn buys(&self, member: MemberId, total_fen: i64) {
        let (app, now) = (&self.app, self.app.ctx.now());
        let row = purchase::Model {
            id: app.ctx.new_id(),
            store_id: self.store,
            order_no: app.ctx.new_id::<StoreId>().to_string(),
            member_id: member,
            staff_id: None,
            total_fen,
            quantity: 1,
            purchased_at: now,
            source: "till".to_owned(),
            created_at: now,
            refunded_fen: 0,
        };
        self.insert(row.into_active_model()).await;
    }

    /// The coupon that came with the campaign is used; `reversed` also taken back.
    async fn redeems(&self, member: MemberId, template: CouponTemplateId, reversed: bool) {
        let (app, now) = (&self.app, self.app.ctx.now());
        let held = coupon::Entity::find()
            .filter(coupon::Column::MemberId.eq(member))
            .filter(coupon::Column::TemplateId.eq(template))
            .one(app.ctx.db.read())
            .await
            .unwrap()
            .unwrap();
        let row = redemption::Model {
            id: app.ctx.new_id(),
            coupon_id: held.id,
            member_id: member,
            store_id: self.store,
            staff_id: app.ctx.new_id(),
            request_no: app.ctx.new_id::<StoreId>().to_string(),
            request_hash: String::new(),
            order_no: None,
            amount_fen: 10_000,
            discount_fen: 2_000,
            redeemed_at: now,
            reversed_at: reversed.then_some(now),
            reversed_by: None,
            reversal_reason: None,
            part: 0,
            shares: serde_json::json!([]),
            source: "till".to_owned(),
        };
        self.insert(row.into_active_model()).await;
    }

    async fn insert<A: ActiveModelTrait + Send>(&self, row: A) {
        let txn = self.app.ctx.db.begin().await.unwrap();
        A::Entity::insert(row.reset_all()).exec_without_returning(&txn).await.unwrap();
        txn.commit().await.unwrap();
    }

    async fn template(&self) -> CouponTemplateId {
        let body = json!({
            "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
            "validity": "relative", "valid_days": 30, "all_stores": true, "stock": 1000, "limit_per_member": 1,
            "claimable": false,
        });
        let made =
            self.app.post("/v1/console/coupon-templates", body).with_bearer(&self.owner).await.expect(201);
        let id = made["id"].as_str().unwrap();
        let publish = format!("/v1/console/coupon-templates/{id}/publish");
        self.app.post(&publish, Value::Null).with_bearer(&self.owner).await.expect(200);
        id.parse().unwrap()
    }

    async fn results(&self, id: CampaignId) -> Value {
        let path = format!("/v1/console/campaigns/{id}/results");
        self.app.get(&path).with_bearer(&self.owner).await.expect(200)
    }

    /// The members of the hold-out and the others.
    async fn split(&self, id: CampaignId) -> (Vec<MemberId>, Vec<MemberId>) {
        let split = Split::of(&self.app.campaign_row(id).await).unwrap();
        self.members.iter().partition(|member| split.holds_out(**member))
    }
}

#[tokio::test]
async fn every_stage_counts_a_member_once_within_the_window_and_reversals_are_netted() {
    let shop = Shop::open(40).await;
    let app = &shop.app;
    let offer = shop.template().await;
    shop.buys(shop.members[0], 99).await;
    app.advance(Duration::hours(1)).await;
    let id = app
        .scheduled(Channel::Inbox, |draft| {
            draft.holdout_percent = 40;
            draft.coupon_template_id = Some(offer);
            draft.attribution_days = 3;
        })
        .await;
    app.drain().await;
    let (held, sent) = shop.split(id).await;
    let (first, second, third) = (sent[0], sent[1], sent[2]);
    let token = app.member_session(first).await;
    let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
    let read = format!("/v1/me/inbox/{}/read", inbox["items"][0]["id"].as_str().unwrap());
    app.post(&read, Value::Null).with_bearer(&token).await.expect(204);
    app.advance(Duration::hours(1)).await;
    shop.redeems(first, offer, false).await;
    shop.redeems(second, offer, true).await;
    shop.buys(first, 1000).await;
    shop.buys(first, 500).await;
    shop.buys(held[0], 300).await;
    assert_eq!(shop.results(id).await["is_final"], false);
    app.advance(Duration::days(3)).await;
    shop.buys(third, 7000).await;

    let told = shop.results(id).await;
    let funnel = &told["total"]["funnel"];
    let everybody = sent.len();
    assert_eq!(
        *funnel,
        json!({
            "members": everybody, "sent": everybody, "delivered": everybody, "opened": 1, "claimed": everybody,
            "redeemed": 1, "purchased": 1, "sales_fen": 1500,
        })
    );
    assert_eq!(
        told["holdout"],
        json!({
            "members": held.len(), "sent": 0, "delivered": 0, "opened": 0, "claimed": 0, "redeemed": 0,
            "purchased": 1, "sales_fen": 300,
        })
    );
    assert_eq!((&told["is_final"], &told["attribution_days"]), (&json!(true), &json!(3)));
    let rate = &told["total"]["lift"]["purchase_rate"];
    #[allow(clippy::cast_precision_loss, reason = "a few members")]
    let expected = 1.0 / sent.len() as f64 - 1.0 / held.len() as f64;
    assert!((rate["value"].as_f64().unwrap() - expected).abs() < 1e-9, "{told}");
    assert!(rate["low"].as_f64().unwrap() < expected && expected < rate["high"].as_f64().unwrap());
}

#[tokio::test]
async fn variants_are_counted_apart_and_without_a_hold_out_there_is_no_lift() {
    let shop = Shop::open(30).await;
    let app = &shop.app;
    let variant = |name: &str| Variant { name: name.to_owned(), weight: 1, message: message(Channel::Inbox) };
    let id = app.scheduled(Channel::Inbox, |draft| draft.variants = vec![variant("甲"), variant("乙")]).await;
    assert_eq!(shop.results(id).await["groups"], json!([]));
    app.drain().await;
    let buyer =
        app.deliveries_of(id).await.into_iter().find(|row| row.variant.as_deref() == Some("乙")).unwrap();
    shop.buys(buyer.member_id, 1000).await;
    let told = shop.results(id).await;
    let groups = told["groups"].as_array().unwrap();
    let of = |name: &str| groups.iter().find(|group| group["variant"] == name).unwrap()["funnel"].clone();
    assert_eq!((of("甲")["purchased"].clone(), of("乙")["purchased"].clone()), (json!(0), json!(1)));
    let members = |name: &str| of(name)["members"].as_u64().unwrap();
    assert_eq!(members("甲") + members("乙"), 30);
    assert!(told["holdout"].is_null() && told["total"]["lift"].is_null());
    assert!(told["total"]["funnel"]["claimed"].is_null());
}
