//! Somebody at the till is enrolled by the phone they tell, and is that member when they sign in.

use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tests::{Answer, Phones};

use crate::coupon::shop::Shop;

const PHONE: &str = "13900139000";

struct Till {
    shop: Shop,
    cashier: String,
}

impl Till {
    async fn open(overrides: &str) -> Self {
        let shop = Shop::with_settings(overrides).await;
        let cashier = shop.cashier_token().await;
        Self { shop, cashier }
    }

    async fn enrol(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let mut body =
            json!({ "store_id": self.shop.store, "phone": PHONE, "name": "林晓雨", "agreed": true });
        change(&mut body);
        self.shop.app.post("/v1/staff/enrolments", body).with_bearer(&self.cashier).await
    }

    async fn members(&self) -> u64 {
        entity::member::Entity::find().count(self.shop.ctx().db.read()).await.unwrap()
    }
}

#[tokio::test]
async fn who_is_enrolled_has_a_card_to_buy_with_and_no_advertising_that_was_not_asked_for() {
    let till = Till::open("").await;

    let enrolled = till.enrol(|_| {}).await.expect(201);

    assert_eq!((enrolled["enrolled"].clone(), enrolled["masked_name"].clone()), (json!(true), json!("林**")));
    assert_eq!(enrolled["masked_phone"], "139****9000");
    let order = json!({
        "store_id": till.shop.store, "card_number": enrolled["card_number"], "order_no": "O1", "total_fen": 4_200,
    });
    let bought =
        till.shop.app.post("/v1/staff/purchases", order).with_bearer(&till.cashier).await.expect(201);
    assert_eq!(bought["member_id"], enrolled["member_id"]);
    let owner = till.shop.owner_token().await;
    let path = format!("/v1/console/members/{}", enrolled["member_id"].as_str().unwrap());
    let member = till.shop.app.get(&path).with_bearer(&owner).await.expect(200);
    assert_eq!(
        (member["source"].clone(), member["marketing_consent"].clone()),
        (json!("staff"), json!(false))
    );
    assert_eq!(member["home_store_id"], json!(till.shop.store));
    let audit =
        till.shop.app.get("/v1/console/audit?action=member.enrol").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"][0]["subject_id"], enrolled["member_id"]);
}

#[tokio::test]
async fn a_phone_is_one_member_however_often_and_by_however_many_tills_it_is_told() {
    let till = Till::open("").await;

    let answers = join_all((0..8).map(|_| till.enrol(|_| {}))).await;
    let again = till.enrol(|body| body["name"] = json!("别名")).await.expect(200);

    let made = answers.iter().filter(|answer| answer.status.as_u16() == 201).count();
    assert_eq!((made, till.members().await), (1, 1));
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 201)));
    assert_eq!((again["enrolled"].clone(), again["masked_name"].clone()), (json!(false), json!("林**")));
}

#[tokio::test]
async fn what_is_wrong_is_told_and_makes_nobody_a_member() {
    let till = Till::open("").await;
    let elsewhere = till.shop.add_store("S2").await;

    till.enrol(|body| body["phone"] = json!("1390013900")).await.expect_invalid("phone");
    till.enrol(|body| body["name"] = json!("林".repeat(41))).await.expect_invalid("name");
    till.enrol(|body| body["agreed"] = json!(false)).await.expect_invalid("agreed");
    till.enrol(|body| body["store_id"] = json!(elsewhere)).await.expect_refusal("store_not_permitted");
    till.shop.close_store().await;
    till.enrol(|_| {}).await.expect_refusal("store_closed");

    assert_eq!(till.members().await, 0);
}

#[tokio::test]
async fn a_disabled_member_stays_disabled() {
    let till = Till::open("").await;
    till.enrol(|_| {}).await.expect(201);
    let member = entity::member::Entity::find().one(till.shop.ctx().db.read()).await.unwrap().unwrap();
    till.shop.disable(&member).await;

    till.enrol(|_| {}).await.expect_refusal("member_disabled");
}

#[tokio::test]
async fn nobody_tries_out_phone_numbers() {
    let till = Till::open("[till]\nenrolments_per_hour = 2").await;
    till.enrol(|body| body["phone"] = json!("13900139001")).await.expect(201);
    till.enrol(|body| body["phone"] = json!("13900139001")).await.expect(200);

    till.enrol(|body| body["phone"] = json!("13900139002")).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn whoever_signs_in_with_the_phone_is_that_member() {
    let phones = Phones::start().await;
    let owner = phones.app.owner().await;
    let store = json!({ "code": "S1", "name": "南京路店" });
    let store = phones.app.post("/v1/console/stores", store).with_bearer(&owner).await.expect(201);
    let body = json!({ "store_id": store["id"], "phone": PHONE, "agreed": true });
    let enrolled = phones.app.post("/v1/staff/enrolments", body).with_bearer(&owner).await.expect(201);

    let person = phones.person(PHONE).await;
    let body = json!({ "phone": PHONE, "code": phones.sms_code(&person).await });
    let signed_in = phones.app.post("/v1/auth/sms", body).await.expect(200);

    assert_eq!(signed_in["member"]["id"], enrolled["member_id"]);
    assert_eq!(signed_in["enrolled"], false);
}
