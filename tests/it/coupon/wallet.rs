//! What a member sees of their coupons and of what can be claimed, before the tap.

use chrono::{DateTime, Duration, Utc};
use entity::coupon_template;
use entity::states::CouponState;
use serde_json::{Value, json};
use service::Refusal;
use service::coupon::rules::{Had, check_more};
use service::coupon::template::TemplateForm;
use service::coupon::{
    Wallet, call_back_coupon, claim, claim_pack, lock_coupon, offer_coupon, redeem_coupon, reverse_redemption,
};
use service::ids::{self, MemberId};

use super::shop::{Shop, money_off};

impl Shop {
    async fn seen_by(&self, member: MemberId, path: &str) -> Value {
        self.app.get(path).with_bearer(&self.token_of(member).await).await.expect(200)
    }
}

fn ids_of(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_used_coupon_names_its_store_until_its_use_is_reversed() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let path = format!("/v1/me/coupons/{}", held.coupon.id);
    let scan = shop.scan(&member).await;
    let order = shop.redemption(scan, held.coupon.id, "R1");
    let used = redeem_coupon(shop.ctx(), &shop.cashier, order).await.unwrap();

    let while_used = shop.seen_by(member.id, &path).await;
    reverse_redemption(shop.ctx(), &shop.cashier, used.receipt.redemption.id, "a mistake").await.unwrap();
    let afterwards = shop.seen_by(member.id, &path).await;

    assert_eq!(
        (&while_used["used_store_id"], &while_used["used_store_name"]),
        (&json!(shop.store), &json!("S1 店"))
    );
    assert_eq!((&afterwards["used_store_id"], &afterwards["used_store_name"]), (&Value::Null, &Value::Null));
    assert_eq!(afterwards["state"], "issued");
}

#[tokio::test]
async fn a_coupon_that_is_offered_to_a_friend_says_until_when() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(TemplateForm { transferable: true, ..money_off() }).await;
    let transfer = async || shop.seen_by(member.id, "/v1/me/coupons").await["items"][0]["transfer"].clone();
    let offer = async || offer_coupon(shop.ctx(), member.id, held.coupon.id).await.unwrap();

    assert_eq!(transfer().await, Value::Null);
    let link = offer().await;
    assert_eq!(transfer().await, json!({ "expires_at": link.expires_at }));
    call_back_coupon(shop.ctx(), member.id, held.coupon.id).await.unwrap();
    assert_eq!(transfer().await, Value::Null);
    offer().await;
    shop.app.clock.advance(Duration::days(1));
    assert_eq!(transfer().await, Value::Null, "nobody may take it any more");
    offer().await;
    lock_coupon(shop.ctx(), member.id, held.coupon.id, "O1").await.unwrap();
    assert_eq!(transfer().await, Value::Null, "it is kept for an order");
}

#[tokio::test]
async fn what_ends_first_stands_on_top_over_all_pages() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    for days in [30, 10, 20, 10, 5] {
        let template = shop.template(TemplateForm { valid_days: Some(days), ..money_off() }).await;
        claim(shop.ctx(), &member, template).await.unwrap();
    }
    let mut ends: Vec<(DateTime<Utc>, String)> = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/me/coupons?state=usable&order=ends_first&limit=2{cursor}");
        let page = shop.seen_by(member.id, &path).await;
        for one in page["items"].as_array().unwrap() {
            let end = one["valid_until"].as_str().unwrap().parse().unwrap();
            ends.push((end, one["id"].as_str().unwrap().to_owned()));
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(ends.len(), 5);
    assert!(ends.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{ends:?}");
    ends.sort();
    ends.dedup();
    assert_eq!(ends.len(), 5, "one stands on two pages");
}

#[tokio::test]
async fn another_members_coupon_is_no_cursor() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;
    let stranger = shop.token_of(shop.member().await.id).await;

    let path = format!("/v1/me/coupons?order=ends_first&cursor={}", held.coupon.id);
    shop.app.get(&path).with_bearer(&stranger).await.expect_invalid("cursor");
}

#[tokio::test]
async fn the_summary_counts_what_the_lists_show() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    for days in [1, 5, 7, 8, 30] {
        let template = shop.template(TemplateForm { valid_days: Some(days), ..money_off() }).await;
        let held = claim(shop.ctx(), &member, template).await.unwrap();
        if days == 30 {
            let scan = shop.scan(&member).await;
            redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1"))
                .await
                .unwrap();
        }
    }
    shop.app.clock.advance(Duration::days(2));

    let summary = shop.seen_by(member.id, "/v1/me/coupons/summary").await;
    let usable = shop.seen_by(member.id, "/v1/me/coupons?state=usable&order=ends_first").await;
    let count = async |state: &str| {
        let path = format!("/v1/me/coupons?state={state}");
        json!(ids_of(&shop.seen_by(member.id, &path).await).len())
    };

    assert_eq!(
        summary,
        json!({
            "usable": 3, "expiring_soon": 3, "used": 1, "expired": 1,
            "next_expiry": usable["items"][0]["valid_until"],
        })
    );
    assert_eq!(count("usable").await, summary["usable"]);
    assert_eq!(count("used").await, summary["used"]);
    assert_eq!(count("expired").await, summary["expired"]);
}

#[test]
fn the_last_second_still_counts_and_a_week_is_soon() {
    let now: DateTime<Utc> = "2026-03-02T02:00:00Z".parse().unwrap();
    let at = |seconds| now + Duration::seconds(seconds);
    let week = 7 * 86_400;
    let cases = [
        (CouponState::Issued, at(0), (1, 1, 0, 0)),
        (CouponState::Issued, at(-1), (0, 0, 0, 1)),
        (CouponState::Issued, at(week), (1, 1, 0, 0)),
        (CouponState::Issued, at(week + 1), (1, 0, 0, 0)),
        (CouponState::Locked, at(10), (1, 1, 0, 0)),
        (CouponState::Locked, at(-10), (0, 0, 0, 0)),
        (CouponState::Used, at(-10), (0, 0, 1, 0)),
        (CouponState::Expired, at(-10), (0, 0, 0, 1)),
        (CouponState::Voided, at(10), (0, 0, 0, 0)),
    ];
    for (state, end, due) in cases {
        let Wallet { usable, expiring_soon, used, expired, next_expiry } = Wallet::of([(state, end)], now);
        assert_eq!((usable, expiring_soon, used, expired), due, "{state:?} {end}");
        assert_eq!(next_expiry, (usable == 1).then_some(end), "{state:?} {end}");
    }
}

#[tokio::test]
async fn an_offer_tells_before_the_tap_what_the_tap_would_be_refused() {
    let shop = Shop::open().await;
    let (member, other) = (shop.member().await, shop.member().await);
    let forms = [
        money_off(),
        TemplateForm { limit_per_member: 5, limit_per_day: Some(1), ..money_off() },
        TemplateForm { stock: 1, limit_per_member: 2, ..money_off() },
        TemplateForm { daily_stock: Some(1), limit_per_member: 2, ..money_off() },
    ];
    let told =
        ["coupon_limit_reached", "coupon_daily_limit_reached", "coupon_sold_out", "coupon_sold_out_today"];
    let mut templates = Vec::new();
    for form in forms {
        templates.push(shop.template(form).await);
    }
    let refusals = async |member: MemberId| {
        let offers = shop.seen_by(member, "/v1/coupon-templates").await;
        let of = |id| {
            offers["items"].as_array().unwrap().iter().find(|one| one["id"] == json!(id)).unwrap()["refusal"]
                .clone()
        };
        templates.iter().map(of).collect::<Vec<_>>()
    };

    assert_eq!(refusals(member.id).await, vec![Value::Null; 4]);
    for template in &templates {
        claim(shop.ctx(), &member, *template).await.unwrap();
    }
    assert_eq!(refusals(member.id).await, told);
    for (template, due) in templates.iter().zip(told) {
        let refused = claim(shop.ctx(), &member, *template).await.unwrap_err();
        assert_eq!(refused.refusal().unwrap().code(), due);
    }
    assert_eq!(refusals(other.id).await, [Value::Null, Value::Null, json!(told[2]), json!(told[3])]);
    let anybody = shop.app.get("/v1/coupon-templates").await.expect(200);
    let sold_out =
        anybody["items"].as_array().unwrap().iter().filter(|one| one["refusal"] == told[2]).count();
    assert_eq!(sold_out, 1);
}

#[test]
fn more_copies_than_are_left_are_refused_by_what_is_short() {
    let now: DateTime<Utc> = "2026-03-02T02:00:00Z".parse().unwrap();
    let template = money_off().into_offer(ids::next(now), now, chrono_tz::Asia::Shanghai).unwrap().template;
    let today = now.date_naive();
    let had = |slots: &[i32], taken_today| Had { slots: slots.to_vec(), taken_today };
    let of = |limit: i32, per_day: Option<i32>| coupon_template::Model {
        limit_per_member: limit,
        limit_per_day: per_day,
        ..template.clone()
    };
    let cases = [
        (of(2, None), had(&[1], 0), 1, Ok(())),
        (of(2, None), had(&[1], 0), 2, Err(Refusal::CouponLimitReached)),
        (of(2, None), had(&[-1, 1], 0), 1, Ok(())),
        (of(5, Some(2)), had(&[1], 1), 2, Err(Refusal::CouponDailyLimitReached)),
        (coupon_template::Model { stock: 1, ..of(5, None) }, had(&[], 0), 2, Err(Refusal::CouponSoldOut)),
        (
            coupon_template::Model { daily_stock: Some(1), ..of(5, None) },
            had(&[], 0),
            2,
            Err(Refusal::CouponSoldOutToday),
        ),
    ];
    for (template, had, copies, due) in cases {
        assert_eq!(check_more(&template, &had, (copies, today)), due, "{had:?} {copies}");
    }
}

#[tokio::test]
async fn a_pack_tells_what_is_in_it_how_often_it_was_claimed_and_what_stands_against_it() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let template = shop
        .template(TemplateForm { stock: 3, limit_per_member: 9, valid_days: Some(14), ..money_off() })
        .await;
    let body = json!({
        "name": "新人礼包", "limit_per_member": 2, "items": [{ "template_id": template, "copies": 2 }],
    });
    let mut made = shop.app.post("/v1/console/coupon-packs", body).with_bearer(&owner).await.expect(201);
    let pack = made["id"].as_str().unwrap().parse().unwrap();
    let (member, other) = (shop.member().await, shop.member().await);
    let seen = async |member: MemberId| {
        let packs = shop.seen_by(member, "/v1/coupon-packs").await;
        (packs["items"][0]["held"].clone(), packs["items"][0]["refusal"].clone())
    };

    assert_eq!(seen(member.id).await, (json!(0), Value::Null));
    claim_pack(shop.ctx(), &member, pack).await.unwrap();
    assert_eq!(seen(member.id).await, (json!(1), json!("coupon_sold_out")), "one copy is left of the two");
    assert_eq!(seen(other.id).await, (json!(0), json!("coupon_sold_out")));
    let packs = shop.seen_by(other.id, "/v1/coupon-packs").await;
    let item = &packs["items"][0]["items"][0];
    assert_eq!((&item["copies"], &item["valid_days"]), (&json!(2), &json!(14)));
    assert_eq!(
        (&item["rules"]["name"], &item["rules"]["discount_fen"]),
        (&json!("满100减20"), &json!(2_000))
    );
    let listed = shop.app.get("/v1/console/coupon-packs").with_bearer(&owner).await.expect(200);
    assert_eq!((&made["taken"], &made["held"]), (&json!(0), &Value::Null));
    made["taken"] = json!(1);
    assert_eq!(made, listed["items"][0]);
}

#[tokio::test]
async fn a_pack_that_was_claimed_as_often_as_allowed_says_so() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let template = shop.template(TemplateForm { limit_per_member: 9, ..money_off() }).await;
    let body = json!({ "name": "礼包", "items": [{ "template_id": template }] });
    let made = shop.app.post("/v1/console/coupon-packs", body).with_bearer(&owner).await.expect(201);
    let member = shop.member().await;
    claim_pack(shop.ctx(), &member, made["id"].as_str().unwrap().parse().unwrap()).await.unwrap();

    let packs = shop.seen_by(member.id, "/v1/coupon-packs").await;

    assert_eq!(packs["items"][0]["refusal"], "coupon_limit_reached");
}
