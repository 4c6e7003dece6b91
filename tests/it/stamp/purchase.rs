//! Stamps of purchases: a full sheet gives its coupon once, a refund takes stamps and an unused reward back.

use entity::states::{CouponState, PublicationState};
use entity::{member, stamp_sheet};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use service::coupon::template::TemplateForm;
use service::ids::{CouponId, CouponTemplateId};
use service::purchase::{
    Asked, Customer, NewLine, RecordPurchase, RecordedPurchase, RefundPurchase, record_purchase,
    refund_purchase,
};
use service::stamp::{CardForm, save_card};

use crate::coupon::shop::{Shop, money_off};

/// Three stamps of 20 yuan each, two at most from one purchase.
pub async fn card(shop: &Shop, change: impl FnOnce(&mut CardForm)) -> CouponTemplateId {
    let template = shop.template(TemplateForm { limit_per_member: 10, ..money_off() }).await;
    let mut form = CardForm {
        name: "集三章".to_owned(),
        stamps: 3,
        least_fen: 2_000,
        per_purchase: 2,
        per_day: None,
        rounds: None,
        store_ids: Vec::new(),
        categories: Vec::new(),
        reward_template_id: template,
        state: PublicationState::Published,
        open_from: None,
        open_until: None,
    };
    change(&mut form);
    save_card(shop.ctx(), &shop.owner, None, form).await.unwrap();
    template
}

pub async fn buy(
    shop: &Shop,
    member: &member::Model,
    order_no: &str,
    lines: &[(&str, i64)],
) -> RecordedPurchase {
    let line = |(category, price_fen): &(&str, i64)| NewLine {
        product_code: None,
        name: (*category).to_owned(),
        category: Some((*category).to_owned()),
        quantity: 1,
        price_fen: *price_fen,
        cost_fen: None,
    };
    let order = RecordPurchase {
        store_id: shop.store,
        customer: Customer::CardNumber(member.card_number.clone()),
        order_no: order_no.to_owned(),
        total_fen: lines.iter().map(|(_, fen)| fen).sum(),
        purchased_at: None,
        lines: lines.iter().map(line).collect(),
    };
    record_purchase(shop.ctx(), &shop.cashier, order).await.unwrap()
}

async fn refund(shop: &Shop, bought: &RecordedPurchase) {
    let command = RefundPurchase {
        purchase_id: bought.purchase.id,
        refund_no: bought.purchase.order_no.clone(),
        asked: Asked::All,
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, command).await.unwrap();
}

async fn sheets(shop: &Shop) -> Vec<(i32, bool)> {
    let rows =
        stamp_sheet::Entity::find().order_by_asc(stamp_sheet::Column::Round).all(shop.ctx().db.read()).await;
    rows.unwrap().into_iter().map(|row| (row.stamps, row.completed_at.is_some())).collect()
}

#[tokio::test]
async fn a_full_sheet_gives_its_coupon_and_the_rest_begins_the_next_round() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let member = shop.member().await;
    buy(&shop, &member, "O1", &[("茶", 1_999)]).await;
    buy(&shop, &member, "O2", &[("茶", 9_000)]).await;
    assert_eq!(sheets(&shop).await, [(2, false)]);

    buy(&shop, &member, "O3", &[("茶", 4_000)]).await;
    buy(&shop, &member, "O3", &[("茶", 4_000)]).await;

    assert_eq!(sheets(&shop).await, [(3, true), (1, false)]);
    let copies = shop.copies_of(template).await;
    assert_eq!((copies.len(), copies[0].source.as_str()), (1, "stamp"));
    let token = shop.token_of(member.id).await;
    let mine = shop.app.get("/v1/me/stamp-cards").with_bearer(&token).await.expect(200);
    assert_eq!(
        (mine["items"][0]["sheets"][1]["stamps"].clone(), mine["items"][0]["stamps"].clone()),
        (json!(1), json!(3))
    );
    assert_eq!(mine["items"][0]["sheets"][0]["coupon_id"], json!(copies[0].id));
}

#[tokio::test]
async fn many_purchases_at_once_give_each_stamp_and_each_reward_once() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let member = shop.member().await;

    let orders: Vec<String> = (0..7).map(|number| format!("O{number}")).collect();
    join_all(orders.iter().map(|order_no| buy(&shop, &member, order_no, &[("茶", 2_000)]))).await;

    assert_eq!(sheets(&shop).await, [(3, true), (3, true), (1, false)]);
    assert_eq!(shop.copies_of(template).await.len(), 2);
}

#[tokio::test]
async fn a_refund_takes_the_stamps_back_and_voids_a_reward_that_was_not_used() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let member = shop.member().await;
    let first = buy(&shop, &member, "O1", &[("茶", 4_000)]).await;
    buy(&shop, &member, "O2", &[("茶", 2_000)]).await;
    assert_eq!(shop.copies_of(template).await[0].state, CouponState::Issued);

    refund(&shop, &first).await;

    assert_eq!(sheets(&shop).await, [(1, false)]);
    assert_eq!(shop.copies_of(template).await[0].state, CouponState::Voided);
    buy(&shop, &member, "O3", &[("茶", 4_000)]).await;
    assert_eq!(sheets(&shop).await, [(3, true)]);
    let states: Vec<_> = shop.copies_of(template).await.into_iter().map(|copy| copy.state).collect();
    assert!(states.contains(&CouponState::Issued) && states.len() == 2);
}

/// Two purchases that fill the card: the first, and the reward.
async fn full_card(
    shop: &Shop,
    member: &member::Model,
    template: CouponTemplateId,
) -> (RecordedPurchase, CouponId) {
    let first = buy(shop, member, "O1", &[("茶", 4_000)]).await;
    buy(shop, member, "O2", &[("茶", 2_000)]).await;
    (first, shop.copies_of(template).await[0].id)
}

#[tokio::test]
async fn a_reward_that_was_used_stays_and_so_does_its_sheet() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let member = shop.member().await;
    let (first, reward) = full_card(&shop, &member, template).await;
    let scan = shop.scan(&member).await;
    service::coupon::redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, reward, "Q1"))
        .await
        .unwrap();

    refund(&shop, &first).await;

    assert_eq!(sheets(&shop).await, [(3, true)]);
    assert_eq!(shop.read_coupon(reward).await.state, CouponState::Used);
}

#[tokio::test]
async fn a_reward_that_is_locked_for_an_order_is_taken_out_of_it() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let member = shop.member().await;
    let (first, reward) = full_card(&shop, &member, template).await;
    service::coupon::lock_coupon(shop.ctx(), member.id, reward, "W1").await.unwrap();

    refund(&shop, &first).await;

    assert_eq!(sheets(&shop).await, [(1, false)]);
    assert_eq!(shop.read_coupon(reward).await.state, CouponState::Voided);
}

#[tokio::test]
async fn the_days_limit_ends_at_midnight_of_the_shop_and_what_is_taken_back_does_not_count() {
    let shop = Shop::open().await;
    card(&shop, |form| (form.stamps, form.per_day) = (9, Some(1))).await;
    let member = shop.member().await;
    let mut filled = Vec::new();
    for (number, at) in
        ["2026-03-02T23:59:59+08:00", "2026-03-03T00:00:00+08:00", "2026-03-03T08:00:00+08:00"]
            .iter()
            .enumerate()
    {
        shop.app.clock.set(at.parse().unwrap());
        let bought = buy(&shop, &member, &format!("O{number}"), &[("茶", 2_000)]).await;
        filled.push((sheets(&shop).await[0].0, bought));
    }
    assert_eq!(filled.iter().map(|(stamps, _)| *stamps).collect::<Vec<_>>(), [1, 2, 2]);

    refund(&shop, &filled[1].1).await;
    buy(&shop, &member, "O9", &[("茶", 2_000)]).await;

    assert_eq!(sheets(&shop).await, [(2, false)]);
}

#[tokio::test]
async fn only_the_cards_stores_and_categories_count() {
    let shop = Shop::open().await;
    let elsewhere = shop.add_store("S2").await;
    card(&shop, |form| form.categories = vec!["茶".to_owned()]).await;
    card(&shop, |form| form.store_ids = vec![elsewhere]).await;
    let member = shop.member().await;

    buy(&shop, &member, "O1", &[("茶", 2_500), ("饼", 9_000)]).await;
    buy(&shop, &member, "O2", &[("饼", 9_000)]).await;

    assert_eq!(sheets(&shop).await, [(1, false)]);
}

#[tokio::test]
async fn a_card_that_was_stamped_keeps_its_number_of_stamps() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let owner = shop.owner_token().await;
    let listed = shop.app.get("/v1/console/stamp-cards").with_bearer(&owner).await.expect(200);
    let path = format!("/v1/console/stamp-cards/{}", listed["items"][0]["id"].as_str().unwrap());
    let body = |stamps: i32| -> Value {
        json!({ "name": "集章", "stamps": stamps, "least_fen": 2_000, "reward_template_id": template, "state": "published" })
    };
    let put = |stamps| shop.app.put(&path, body(stamps)).with_bearer(&owner);
    put(0).await.expect_invalid("stamps");
    put(4).await.expect(200);
    buy(&shop, &shop.member().await, "O1", &[("茶", 2_000)]).await;

    put(5).await.expect_refusal("stamp_card_in_use");
    assert_eq!(put(4).await.expect(200)["per_purchase"], 1);
}
