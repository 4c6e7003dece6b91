//! The redemptions of a day by the hours of the shop's zone.

use chrono::Timelike;
use entity::states::StaffRole;
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{Basket, Proof, RedeemCoupon, redeem_coupon, reverse_redemption};
use service::ids::{CouponId, RedemptionId, StoreId};
use service::report::{RedemptionDay, RedemptionSums, watch_redemptions};
use service::staff::{StaffCaller, StoreScope};
use tests::builders::staff_token;

use super::trade::{at, day};
use crate::coupon::shop::{Shop, money_off};

impl Shop {
    /// An order of 200 yuan with so many coupons of 20 yuan, by a member of its own.
    async fn redeem_at(&self, store: StoreId, time: &str, copies: usize) -> RedemptionId {
        self.app.clock.set(at(time) - chrono::Duration::seconds(30));
        let member = self.member().await;
        let mut coupon_ids: Vec<CouponId> = Vec::new();
        for number in 0..copies {
            let form = TemplateForm { stacking_group: Some(format!("{number}")), ..money_off() };
            let template = self.template(form).await;
            coupon_ids.push(service::coupon::claim(self.ctx(), &member, template).await.unwrap().coupon.id);
        }
        let cashier = self.cashier_of(store);
        // Moves the clock to the time that was asked for.
        let scan = self.scan_at(&member, store, &cashier).await;
        let order = RedeemCoupon {
            store_id: store,
            proof: Proof::Scan(scan),
            coupon_ids,
            request_no: time.to_owned(),
            order_no: None,
            basket: Basket::of_amount(20_000),
            quoted_fen: None,
        };
        redeem_coupon(self.ctx(), &cashier, order).await.unwrap().receipt.redemption.id
    }

    async fn watched(&self, staff: &StaffCaller, date: &str) -> RedemptionDay {
        watch_redemptions(self.ctx(), staff, Some(day(date))).await.unwrap()
    }
}

fn sums(redemptions: i64, discount_fen: i64, sales_fen: i64, reversed: i64) -> RedemptionSums {
    RedemptionSums { redemptions, discount_fen, sales_fen, reversed }
}

#[tokio::test]
async fn hours_are_those_of_the_shops_day_and_an_order_counts_once() {
    let shop = Shop::open().await;
    let second = shop.add_store("S2").await;
    shop.redeem_at(shop.store, "2026-05-09T15:59:59Z", 1).await;
    shop.redeem_at(shop.store, "2026-05-09T16:00:00Z", 1).await;
    shop.redeem_at(second, "2026-05-10T01:59:59Z", 2).await;
    let undone = shop.redeem_at(second, "2026-05-10T02:00:00Z", 1).await;
    reverse_redemption(shop.ctx(), &shop.owner, undone, "按错了").await.unwrap();
    shop.redeem_at(second, "2026-05-10T16:00:00Z", 1).await;

    let watched = shop.watched(&shop.owner, "2026-05-10").await;

    assert_eq!(watched.total, sums(3, 6_000, 40_000, 1));
    assert_eq!(watched.hours.len(), 24);
    assert_eq!(watched.hours[0], (at("2026-05-09T16:00:00Z"), sums(1, 2_000, 20_000, 0)));
    assert_eq!(watched.hours[9].1, sums(2, 4_000, 20_000, 0));
    assert_eq!(watched.hours[10].1, sums(0, 0, 0, 1));
    let stores: Vec<_> = watched.stores.iter().map(|line| (line.code.as_str(), line.total)).collect();
    assert_eq!(stores, [("S2", sums(2, 4_000, 20_000, 1)), ("S1", sums(1, 2_000, 20_000, 0))]);
    assert_eq!(watched.stores[0].hours.keys().copied().collect::<Vec<_>>(), [9, 10]);
}

#[tokio::test]
async fn a_day_on_which_clocks_change_has_the_hours_that_it_has() {
    for (date, time, hours, hour, shown) in [
        // Two o'clock is three; half past three is the day's third hour.
        ("2026-03-08", "2026-03-08T07:30:00Z", 23, 2, 3),
        // One o'clock comes twice.
        ("2026-11-01", "2026-11-01T06:30:00Z", 25, 2, 1),
    ] {
        let shop = Shop::with_settings("timezone = \"America/New_York\"").await;
        shop.redeem_at(shop.store, time, 1).await;

        let watched = shop.watched(&shop.owner, date).await;

        assert_eq!(watched.hours.len(), hours, "{date}");
        let (from, sums) = watched.hours[hour];
        assert_eq!((sums.redemptions, from.with_timezone(&watched.zone).hour()), (1, shown), "{date}");
    }
}

#[tokio::test]
async fn who_is_limited_to_stores_watches_these_alone() {
    let shop = Shop::open().await;
    let second = shop.add_store("S2").await;
    shop.redeem_at(shop.store, "2026-05-10T02:00:00Z", 1).await;
    shop.redeem_at(second, "2026-05-10T03:00:00Z", 1).await;
    let manager = StaffCaller {
        role: StaffRole::StoreManager,
        stores: StoreScope::Only(vec![shop.store]),
        ..shop.owner.clone()
    };

    let watched = shop.watched(&manager, "2026-05-10").await;

    assert_eq!(watched.total, sums(1, 2_000, 20_000, 0));
    assert_eq!(watched.stores.iter().map(|line| line.code.as_str()).collect::<Vec<_>>(), ["S1"]);
}

#[tokio::test]
async fn the_day_is_today_unless_told() {
    let shop = Shop::open().await;
    shop.redeem_at(shop.store, "2026-05-09T17:00:00Z", 1).await;
    let token = staff_token(shop.ctx(), StaffRole::Owner).await;

    let body = shop.app.get("/v1/console/reports/redemptions").with_bearer(&token).await.expect(200);

    assert_eq!((&body["day"], &body["zone"]), (&json!("2026-05-10"), &json!("Asia/Shanghai")));
    assert_eq!(body["total"]["redemptions"], json!(1));
    assert_eq!(
        body["stores"][0]["hours"],
        json!([
            { "hour": 1, "redemptions": 1, "discount_fen": 2_000, "sales_fen": 20_000, "reversed": 0 },
        ])
    );
}
