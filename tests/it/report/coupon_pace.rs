//! How fast a coupon template goes.

use chrono::{Duration, TimeZone, Utc};
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{claim, redeem_coupon};
use service::report::gone_at;

use crate::coupon::shop::{Shop, money_off};

#[test]
fn what_is_left_goes_at_the_pace_of_the_last_days() {
    let now = Utc.with_ymd_and_hms(2026, 3, 2, 4, 0, 0).unwrap();
    for (left, pace, days) in [
        (70, (70, 7), Some(7)),
        (10, (10, 1), Some(1)),
        (0, (70, 7), None),
        (70, (0, 7), None),
        (i64::MAX, (1, 7), None),
    ] {
        assert_eq!(gone_at(left, pace, now), days.map(|days| now + Duration::days(days)), "{left} {pace:?}");
    }
}

#[tokio::test]
async fn copies_are_counted_by_the_day_they_were_taken_and_redeemed() {
    let shop = Shop::open().await;
    let template = shop.template(TemplateForm { stock: 30, ..money_off() }).await;
    let members = shop.members(4).await;
    let first = claim(shop.ctx(), &members[0], template).await.unwrap();
    shop.app.clock.advance(Duration::days(9));
    for member in &members[1..] {
        claim(shop.ctx(), member, template).await.unwrap();
    }
    let scan = shop.scan(&members[0]).await;
    let command = shop.redemption(scan, first.coupon.id, "R1");
    redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap();

    let token = shop.app.owner().await;
    let path = format!("/v1/console/coupon-templates/{template}/pace");
    let pace = shop.app.get(&path).with_bearer(&token).await.expect(200);

    let days = pace["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    let figures = |at: usize| (days[at]["taken"].clone(), days[at]["redeemed"].clone());
    assert_eq!(figures(29), (json!(3), json!(1)));
    assert_eq!(figures(20), (json!(1), json!(0)));
    assert_eq!(figures(19), (json!(0), json!(0)));
    assert_eq!((&pace["left"], &pace["recent"], &pace["recent_days"]), (&json!(26), &json!(3), &json!(7)));
    // 26 copies at three in seven days: 60 days and 16 hours.
    let gone = service::calendar::local_date(
        shop.ctx().now() + Duration::hours(60 * 24 + 16),
        shop.ctx().settings.timezone,
    );
    assert_eq!(pace["gone_on"], json!(gone));
}
