//! Redemptions: after a scan, once, by the right member at the right store in time.

use chrono::Duration;
use entity::states::CouponState;
use entity::{coupon_template, notice, outbox};
use futures_util::future::join_all;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::{Value, json};
use service::coupon::template::{Moment, TemplateForm};
use service::coupon::{
    Basket, Conditions, Proof, RedeemCoupon, Redeemed, Window, claim, redeem_coupon, void_coupon,
};
use service::ids::{CouponId, RedemptionId, ScanId};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

fn refusal(outcome: Result<Redeemed, Error>) -> Refusal {
    match outcome {
        Err(error) => error.refusal().unwrap_or_else(|| panic!("not refused: {error:?}")),
        Ok(done) => panic!("not refused: {done:?}"),
    }
}

#[tokio::test]
async fn a_coupon_is_scanned_quoted_redeemed_once_and_listed() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let (mine, till) = (shop.token_of(member.id).await, shop.cashier_token().await);

    let code = shop.app.get("/v1/me/card/code").with_bearer(&mine).await.expect(200)["code"].clone();
    let scan = json!({ "code": code, "store_id": shop.store });
    let scan = shop.app.post("/v1/staff/scans", scan).with_bearer(&till).await.expect(201);
    assert_eq!(scan["member"]["masked_name"], "王**");
    assert_eq!(scan["usable_coupons"][0]["id"], json!(held.coupon.id));
    let quote = json!({ "store_id": shop.store, "scan_id": scan["scan_id"], "amount_fen": 12_345 });
    let quote = shop.app.post("/v1/staff/quotes", quote).with_bearer(&till).await.expect(200);
    assert_eq!(quote["best_coupon_id"], json!(held.coupon.id));
    assert_eq!(quote["applicable"][0]["payable_fen"], 10_345);
    let body = json!({
        "store_id": shop.store, "scan_id": scan["scan_id"], "coupon_id": held.coupon.id, "request_no": "R1",
        "order_no": "O1", "amount_fen": 12_345,
    });
    let redeem = |body: Value| shop.app.post("/v1/staff/redemptions", body).with_bearer(&till);

    let receipt = redeem(body.clone()).await.expect(201);
    let again = redeem(body.clone()).await.expect(200);
    let mut other = body;
    other["amount_fen"] = json!(99_999);
    redeem(other).await.expect_refusal("request_number_reused");

    assert_eq!((&receipt["discount_fen"], &receipt["payable_fen"]), (&json!(2_000), &json!(10_345)));
    assert_eq!(receipt["redemption_id"], again["redemption_id"]);
    let today = format!("/v1/staff/redemptions?store_id={}", shop.store);
    let listed = shop.app.get(&today).with_bearer(&till).await.expect(200);
    assert_eq!(listed["items"][0]["redemption_id"], receipt["redemption_id"]);
    let used = shop.app.get("/v1/me/coupons?state=used").with_bearer(&mine).await.expect(200);
    assert_eq!(used["items"][0]["state"], "used");
    assert_eq!(shop.moves_of(held.coupon.id).await, [CouponState::Issued, CouponState::Used]);
}

#[tokio::test]
async fn two_tills_at_once_redeem_a_coupon_exactly_once() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;

    let tries = (0..12).map(|number| {
        let command = shop.redemption(scan, held.coupon.id, &format!("R{number}"));
        redeem_coupon(shop.ctx(), &shop.cashier, command)
    });
    let (done, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);

    assert_eq!((done.len(), refused.len()), (1, 11));
    for one in refused {
        assert_eq!(refusal(one), Refusal::CouponAlreadyRedeemed);
    }
    assert_eq!(shop.live_redemptions(held.coupon.id).await, 1);
}

#[tokio::test]
async fn the_same_request_many_times_at_once_is_one_redemption_and_one_answer() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;

    let tries = (0..12)
        .map(|_| redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")));
    let answers: Vec<Redeemed> = join_all(tries).await.into_iter().map(Result::unwrap).collect();

    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(answers.iter().all(|answer| answer.receipt.redemption.id == answers[0].receipt.redemption.id));
}

#[tokio::test]
async fn one_request_number_for_two_coupons_at_once_redeems_one_of_them() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { limit_per_member: 2, ..money_off() }).await;
    let one = claim(shop.ctx(), &member, template).await.unwrap().coupon.id;
    let two = claim(shop.ctx(), &member, template).await.unwrap().coupon.id;
    let scan = shop.scan(&member).await;

    let tries = [one, two]
        .map(|coupon| redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, coupon, "R1")));
    let (done, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);

    assert_eq!(done.len(), 1);
    assert_eq!(refusal(refused.into_iter().next().unwrap()), Refusal::RequestNumberReused);
    let states = [shop.read_coupon(one).await.state, shop.read_coupon(two).await.state];
    assert!(states.contains(&CouponState::Used) && states.contains(&CouponState::Issued));
}

#[tokio::test]
async fn a_request_number_stands_for_one_scan_and_one_order_of_one_store() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let (other, another) = shop.holder_of(money_off()).await;
    let elsewhere = shop.add_store("S2").await;
    let there = shop.cashier_of(elsewhere);
    let first = shop.redemption(shop.scan(&member).await, held.coupon.id, "R1");
    redeem_coupon(shop.ctx(), &shop.cashier, first.clone()).await.unwrap();

    let of_another_order = RedeemCoupon { order_no: Some("O2".to_owned()), ..first.clone() };
    let of_another_order = redeem_coupon(shop.ctx(), &shop.cashier, of_another_order).await;
    let of_another_scan = RedeemCoupon { proof: Proof::Scan(shop.scan(&member).await), ..first };
    let of_another_scan = redeem_coupon(shop.ctx(), &shop.cashier, of_another_scan).await;
    let at_another_store = async |member, coupon_id| {
        let scan = shop.scan_at(member, elsewhere, &there).await;
        let command = RedeemCoupon { store_id: elsewhere, ..shop.redemption(scan, coupon_id, "R1") };
        redeem_coupon(shop.ctx(), &there, command).await
    };
    let used_up = at_another_store(&member, held.coupon.id).await;
    let good = at_another_store(&other, another.coupon.id).await.unwrap();

    assert_eq!(refusal(of_another_order), Refusal::RequestNumberReused);
    assert_eq!(refusal(of_another_scan), Refusal::RequestNumberReused);
    assert_eq!(refusal(used_up), Refusal::CouponAlreadyRedeemed);
    assert!(!good.repeated);
}

/// Members with a copy each of one template, and a scan of each.
async fn holders_of(shop: &Shop, count: usize) -> Vec<(CouponId, ScanId)> {
    let template = shop.template(money_off()).await;
    let members = shop.members(count).await;
    let held = join_all(members.iter().map(|member| claim(shop.ctx(), member, template))).await;
    let mut holders = Vec::new();
    for (member, held) in members.iter().zip(held) {
        holders.push((held.unwrap().coupon.id, shop.scan(member).await));
    }
    holders
}

#[tokio::test]
async fn what_many_tills_redeem_at_once_is_done_and_told_once_each() {
    let shop = Shop::open().await;
    let holders = holders_of(&shop, 15).await;
    let (stranger, _) = shop.holder_of(money_off()).await;
    let strangers = shop.scan(&stranger).await;
    let mut commands: Vec<RedeemCoupon> =
        holders.iter().map(|(coupon, scan)| shop.redemption(*scan, *coupon, &format!("R{coupon}"))).collect();
    let twice = shop.redemption(holders[3].1, holders[3].0, "R again");
    let not_theirs = shop.redemption(strangers, holders[4].0, "R of a stranger");
    commands.extend([twice, not_theirs]);

    let tries = commands.into_iter().map(|command| redeem_coupon(shop.ctx(), &shop.cashier, command));
    let (done, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);

    assert_eq!(done.len(), 15);
    let refusals: Vec<Refusal> = refused.into_iter().map(refusal).collect();
    assert!(refusals.contains(&Refusal::CouponNotOwned), "{refusals:?}");
    assert!(refusals.contains(&Refusal::CouponAlreadyRedeemed), "{refusals:?}");
    for (coupon, _) in &holders {
        assert_eq!(shop.live_redemptions(*coupon).await, 1);
        assert_eq!(shop.moves_of(*coupon).await, [CouponState::Issued, CouponState::Used]);
    }
    let receipts: Vec<RedemptionId> =
        done.into_iter().map(|one| one.unwrap().receipt.redemption.id).collect();
    let mut told = told_of(&shop).await;
    let mut keys: Vec<String> = receipts.iter().map(|id| format!("redemption_receipt:{id}")).collect();
    told.sort_unstable();
    keys.sort_unstable();
    assert_eq!(told, keys);
}

/// The keys of the notices that a worker will be asked to send, as often as it will be asked.
async fn told_of(shop: &Shop) -> Vec<String> {
    let notices = notice::Entity::find().all(shop.ctx().db.read()).await.unwrap();
    let jobs = outbox::Entity::find().all(shop.ctx().db.read()).await.unwrap();
    let asked = jobs.iter().filter_map(|job| job.body["notice_ids"].as_array()).flatten();
    asked
        .filter_map(|id| notices.iter().find(|notice| json!(notice.id) == *id))
        .map(|notice| notice.business_key.clone())
        .collect()
}

#[tokio::test]
async fn in_two_processes_who_loses_a_race_takes_nobody_along() {
    let shop = Shop::open().await;
    let holders = holders_of(&shop, 8).await;
    let processes = [shop.ctx().clone(), shop.another_process()];
    let tries = holders.iter().enumerate().flat_map(|(place, (coupon, scan))| {
        // Of every second coupon both processes are asked; the others each have one that wants it.
        let of = |process: usize| {
            let command = shop.redemption(*scan, *coupon, &format!("{process} {coupon}"));
            redeem_coupon(&processes[process], &shop.cashier, command)
        };
        if place.is_multiple_of(2) { vec![of(0), of(1)] } else { vec![of(place / 2 % 2)] }
    });

    let (done, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);

    assert_eq!((done.len(), refused.len()), (8, 4));
    for one in refused {
        assert_eq!(refusal(one), Refusal::CouponAlreadyRedeemed);
    }
    for (coupon, _) in holders {
        assert_eq!(shop.live_redemptions(coupon).await, 1);
    }
}

#[tokio::test]
async fn something_that_is_wrong_with_one_keeps_none_of_the_others() {
    let shop = Shop::open().await;
    let mut holders = holders_of(&shop, 4).await;
    let (unlucky, held) = shop.holder_of(money_off()).await;
    holders.push((held.coupon.id, shop.scan(&unlucky).await));
    let broken = coupon_template::ActiveModel {
        id: Unchanged(held.offer.template.id),
        conditions: Set(json!("no conditions")),
        ..Default::default()
    };
    broken.update(shop.ctx().db.writer()).await.unwrap();

    let tries = holders.iter().map(|(coupon, scan)| {
        redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(*scan, *coupon, &format!("R{coupon}")))
    });
    let mut outcomes = join_all(tries).await;

    assert!(matches!(outcomes.pop(), Some(Err(Error::Internal(_)))));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

#[tokio::test]
async fn two_coupons_of_one_member_at_two_tills_at_once_are_both_redeemed() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { limit_per_member: 2, ..money_off() }).await;
    let one = claim(shop.ctx(), &member, template).await.unwrap().coupon.id;
    let two = claim(shop.ctx(), &member, template).await.unwrap().coupon.id;
    let scan = shop.scan(&member).await;

    let tries = [(one, "R1"), (two, "R2")].map(|(coupon, number)| {
        redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, coupon, number))
    });
    let done = join_all(tries).await;

    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

#[tokio::test]
async fn the_coupon_must_belong_to_the_member_who_was_scanned() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;
    let stranger = shop.member().await;
    let scan = shop.scan(&stranger).await;

    let tried = redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")).await;

    assert_eq!(refusal(tried), Refusal::CouponNotOwned);
    assert_eq!(shop.read_coupon(held.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn a_scan_is_good_at_its_store_alone_and_for_ten_minutes() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let elsewhere = shop.add_store("S2").await;
    let scan = shop.scan(&member).await;
    let command = shop.redemption(scan, held.coupon.id, "R1");

    let there = RedeemCoupon { store_id: elsewhere, ..command.clone() };
    let not_permitted = redeem_coupon(shop.ctx(), &shop.cashier, there.clone()).await;
    let wrong_store = redeem_coupon(shop.ctx(), &shop.cashier_of(elsewhere), there).await;
    shop.app.clock.advance(Duration::seconds(600));
    let late = redeem_coupon(shop.ctx(), &shop.cashier, command).await;

    assert_eq!(refusal(not_permitted), Refusal::StoreNotPermitted);
    assert!(matches!(wrong_store, Err(Error::NotFound("scan"))));
    assert_eq!(refusal(late), Refusal::ScanExpired);
}

#[tokio::test]
async fn an_answer_is_repeated_even_when_the_scan_has_expired() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    let command = shop.redemption(scan, held.coupon.id, "R1");
    redeem_coupon(shop.ctx(), &shop.cashier, command.clone()).await.unwrap();

    shop.app.clock.advance(Duration::days(1));
    let again = redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap();

    assert!(again.repeated);
}

#[tokio::test]
async fn an_end_given_as_a_date_is_the_last_second_of_the_shops_day_though_no_job_has_run() {
    let shop = Shop::open().await;
    let day = |text: &str| Some(Moment::try_from(text.to_owned()).unwrap());
    let fixed = TemplateForm {
        validity: entity::states::Validity::Fixed,
        valid_from: day("2026-03-02"),
        valid_until: day("2026-03-31"),
        limit_per_member: 2,
        ..money_off()
    };
    let (member, first) = shop.holder_of(fixed).await;
    let second = claim(shop.ctx(), &member, first.coupon.template_id).await.unwrap();

    shop.app.clock.set("2026-03-31T15:59:29Z".parse().unwrap());
    let scan = shop.scan(&member).await;
    redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, first.coupon.id, "R1")).await.unwrap();
    shop.app.clock.set("2026-03-31T16:00:00Z".parse().unwrap());
    let late = redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, second.coupon.id, "R2")).await;

    assert_eq!(refusal(late), Refusal::CouponExpired);
    assert_eq!(shop.read_coupon(second.coupon.id).await.state, CouponState::Issued);
}

#[tokio::test]
async fn hours_are_those_of_the_shop() {
    let shop = Shop::open().await;
    let friday = Window { weekdays: vec![5], from: "18:00".to_owned(), until: "02:00".to_owned() };
    let conditions = Conditions { windows: vec![friday], ..Conditions::default() };
    let (member, held) = shop.holder_of(TemplateForm { conditions, ..money_off() }).await;
    shop.app.clock.set("2026-03-06T17:59:00+08:00".parse().unwrap());
    let command = shop.redemption(shop.scan(&member).await, held.coupon.id, "R1");

    let early = redeem_coupon(shop.ctx(), &shop.cashier, command.clone()).await;
    shop.app.clock.set("2026-03-06T18:00:00+08:00".parse().unwrap());
    let in_time = redeem_coupon(shop.ctx(), &shop.cashier, command).await;

    assert_eq!(refusal(early), Refusal::CouponOutsideHours);
    assert!(in_time.is_ok());
}

#[tokio::test]
async fn the_wrong_store_a_small_order_a_voided_coupon_and_a_closed_store_are_refused() {
    let shop = Shop::open().await;
    let elsewhere = shop.add_store("S2").await;
    let limited = TemplateForm { all_stores: false, store_ids: vec![elsewhere], ..money_off() };
    let (member, here) = shop.holder_of(money_off()).await;
    let there = shop.template(limited).await;
    let there = claim(shop.ctx(), &member, there).await.unwrap();
    let scan = shop.scan(&member).await;
    let redeem = |command| redeem_coupon(shop.ctx(), &shop.cashier, command);

    let wrong_store = redeem(shop.redemption(scan, there.coupon.id, "R1")).await;
    let small =
        RedeemCoupon { basket: Basket::of_amount(9_999), ..shop.redemption(scan, here.coupon.id, "R2") };
    let small = redeem(small).await;
    void_coupon(shop.ctx(), &shop.owner, here.coupon.id, "错发").await.unwrap();
    let voided = redeem(shop.redemption(scan, here.coupon.id, "R3")).await;
    shop.close_store().await;
    let closed = redeem(shop.redemption(scan, here.coupon.id, "R4")).await;

    assert_eq!(refusal(wrong_store), Refusal::CouponWrongStore);
    assert_eq!(refusal(small), Refusal::CouponThresholdNotMet);
    assert_eq!(refusal(voided), Refusal::CouponVoided);
    assert_eq!(refusal(closed), Refusal::StoreClosed);
}

#[tokio::test]
async fn a_quote_picks_what_takes_off_most_and_says_why_the_others_do_not_apply() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let half = TemplateForm {
        kind: entity::states::CouponKind::Percentage,
        pay_percent: Some(50),
        discount_ceiling_fen: Some(3_000),
        threshold_fen: 0,
        ..money_off()
    };
    let dear = TemplateForm { threshold_fen: 50_000, discount_fen: Some(20_000), ..money_off() };
    let mut coupons = Vec::new();
    for form in [money_off(), half, dear] {
        let template = shop.template(form).await;
        coupons.push(claim(shop.ctx(), &member, template).await.unwrap().coupon.id);
    }
    let scan = shop.scan(&member).await;
    let till = shop.cashier_token().await;

    let body = json!({ "store_id": shop.store, "scan_id": scan, "amount_fen": 12_000 });
    let quote = shop.app.post("/v1/staff/quotes", body).with_bearer(&till).await.expect(200);

    assert_eq!(quote["best_coupon_id"], json!(coupons[1]));
    assert_eq!(quote["applicable"].as_array().unwrap().len(), 2);
    assert_eq!(quote["unusable"][0]["coupon"]["id"], json!(coupons[2]));
    assert_eq!(quote["unusable"][0]["reason"], "coupon_threshold_not_met");
}

#[tokio::test]
async fn a_request_with_bad_fields_names_each() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;
    let till = shop.cashier_token().await;

    let body = json!({
        "store_id": shop.store, "scan_id": scan, "coupon_id": held.coupon.id, "request_no": " ", "amount_fen": -1,
    });
    let answer = shop.app.post("/v1/staff/redemptions", body).with_bearer(&till).await;

    answer.expect_invalid("request_no");
    answer.expect_invalid("amount_fen");

    let control = json!({
        "store_id": shop.store, "scan_id": scan, "coupon_id": held.coupon.id, "request_no": "R1",
        "order_no": "O\u{0}1", "amount_fen": 20_000,
    });
    shop.app.post("/v1/staff/redemptions", control).with_bearer(&till).await.expect_invalid("order_no");
}
