//! Claims: alone, repeated, all at once, from several processes, after the end.

use chrono::Duration;
use entity::member;
use futures_util::future::join_all;
use serde_json::json;
use service::clock::Clock;
use service::coupon::template::{Moment, TemplateForm, TemplatePatch, change_template, withdraw_template};
use service::coupon::{HeldCoupon, claim};
use service::ids::CouponTemplateId;
use service::states::CouponState;
use service::{Context, Error, Refusal};

use super::shop::{Shop, money_off};

fn refusal(outcome: &Result<HeldCoupon, Error>) -> Option<Refusal> {
    match outcome {
        Err(Error::Refused(refusal)) => Some(*refusal),
        _ => None,
    }
}

async fn claim_all(
    processes: &[Context],
    members: &[member::Model],
    template: CouponTemplateId,
) -> Vec<Result<HeldCoupon, Error>> {
    let claims = members
        .iter()
        .enumerate()
        .map(|(number, member)| claim(&processes[number % processes.len()], member, template));
    join_all(claims).await
}

#[tokio::test]
async fn a_claim_gives_a_coupon_that_is_listed_and_takes_stock() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(money_off()).await;
    let token = shop.token_of(member.id).await;

    let path = format!("/v1/coupon-templates/{template}/claims");
    let coupon = shop.app.post(&path, json!({})).with_bearer(&token).await.expect(201);

    assert_eq!(coupon["state"], "issued");
    assert_eq!(coupon["code"].as_str().unwrap().len(), 12);
    assert_eq!(coupon["valid_until"], "2026-04-01T15:59:59Z");
    let listed = shop.app.get("/v1/me/coupons?state=usable").with_bearer(&token).await.expect(200);
    assert_eq!(listed["items"][0]["id"], coupon["id"]);
    let offers = shop.app.get("/v1/coupon-templates").with_bearer(&token).await.expect(200);
    assert_eq!((&offers["items"][0]["left"], &offers["items"][0]["held"]), (&json!(999), &json!(1)));
    let open = shop.app.get("/v1/coupon-templates").await.expect(200);
    assert!(open["items"][0]["held"].is_null());
    assert_eq!(shop.read_template(template).await.taken, 1);
    let id = coupon["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(shop.moves_of(id).await, [CouponState::Issued]);
}

#[tokio::test]
async fn a_coupon_of_another_member_is_not_found() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(money_off()).await;
    let stranger = shop.member().await;
    let token = shop.token_of(stranger.id).await;

    let path = format!("/v1/me/coupons/{}", held.coupon.id);

    shop.app.get(&path).with_bearer(&token).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_second_claim_is_refused_and_with_the_same_key_answered_again() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(money_off()).await;
    let token = shop.token_of(member.id).await;
    let path = format!("/v1/coupon-templates/{template}/claims");
    let claim = || shop.app.post(&path, json!({})).with_bearer(&token);

    let first = claim().with_key("a").await.expect(201);
    let again = claim().with_key("a").await.expect(201);
    claim().await.expect_refusal("coupon_limit_reached");

    assert_eq!(first, again);
    assert_eq!(shop.read_template(template).await.taken, 1);
}

#[tokio::test]
async fn a_thousand_claims_at_once_on_a_stock_of_a_hundred_give_exactly_a_hundred() {
    let shop = Shop::open().await;
    let members = shop.members(1_000).await;
    let template = shop.template(TemplateForm { stock: 100, ..money_off() }).await;

    let outcomes = claim_all(std::slice::from_ref(shop.ctx()), &members, template).await;

    let refused = outcomes.iter().filter(|one| refusal(one) == Some(Refusal::CouponSoldOut)).count();
    assert_eq!((outcomes.iter().filter(|one| one.is_ok()).count(), refused), (100, 900));
    assert_eq!(shop.copies_of(template).await.len(), 100);
    assert_eq!(shop.read_template(template).await.taken, 100);
}

/// Each has a connection at hand, so that they race for the template and not for the pool.
async fn connect(processes: &[Context]) {
    let opened = join_all(processes.iter().map(|process| process.db.ping())).await;
    assert!(opened.iter().all(Result::is_ok));
}

#[tokio::test]
async fn three_processes_together_sell_no_more_than_the_stock() {
    let shop = Shop::open().await;
    let members = shop.members(600).await;
    let template = shop.template(TemplateForm { stock: 100, ..money_off() }).await;
    let processes = [shop.ctx().clone(), shop.another_process(), shop.another_process()];

    connect(&processes).await;
    let outcomes = claim_all(&processes, &members, template).await;

    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 100);
    assert_eq!(shop.copies_of(template).await.len(), 100);
    assert_eq!(shop.read_template(template).await.taken, 100);
}

#[tokio::test]
async fn a_member_who_claims_in_many_processes_at_once_gets_no_more_than_the_limit() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { limit_per_member: 2, ..money_off() }).await;
    let processes = [shop.ctx().clone(), shop.another_process(), shop.another_process()];
    let taps = vec![member; 30];

    connect(&processes).await;
    let outcomes = claim_all(&processes, &taps, template).await;

    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 2);
    let limited = outcomes.iter().filter(|one| refusal(one) == Some(Refusal::CouponLimitReached)).count();
    assert_eq!(limited, 28);
    assert_eq!(shop.read_template(template).await.taken, 2);
}

#[tokio::test]
async fn after_the_end_a_claim_is_refused_without_the_database() {
    let shop = Shop::open().await;
    let members = shop.members(2).await;
    let template = shop.template(TemplateForm { stock: 1, ..money_off() }).await;
    claim_all(std::slice::from_ref(shop.ctx()), &members, template).await;

    shop.ctx().db.clone().close().await;
    let late = claim(shop.ctx(), &members[1], template).await;

    assert_eq!(refusal(&late), Some(Refusal::CouponSoldOut));
}

#[tokio::test]
async fn a_refusal_that_is_known_at_once_keeps_the_connection() {
    let shop = Shop::open().await;
    let members = shop.members(2).await;
    let template = shop.template(TemplateForm { stock: 1, ..money_off() }).await;
    claim_all(std::slice::from_ref(shop.ctx()), &members, template).await;
    let token = shop.token_of(members[1].id).await;

    let path = format!("/v1/coupon-templates/{template}/claims");
    let late = shop.app.post(&path, json!({})).with_bearer(&token).await;

    late.expect_refusal("coupon_sold_out");
    assert_eq!(late.header("connection"), None);
}

#[tokio::test]
async fn more_stock_is_seen_at_once_here_and_soon_elsewhere() {
    let shop = Shop::open().await;
    let members = shop.members(5).await;
    let template = shop.template(TemplateForm { stock: 1, ..money_off() }).await;
    let elsewhere = shop.another_process();
    claim_all(&[shop.ctx().clone(), elsewhere.clone()], &members[..3], template).await;
    claim(&elsewhere, &members[3], template).await.expect_err("sold out");

    let more = TemplatePatch { stock: Some(3), ..TemplatePatch::default() };
    change_template(shop.ctx(), &shop.owner, template, more).await.unwrap();

    assert!(claim(shop.ctx(), &members[3], template).await.is_ok());
    assert_eq!(refusal(&claim(&elsewhere, &members[4], template).await), Some(Refusal::CouponSoldOut));
    shop.app.clock.advance(Duration::seconds(2));
    assert!(claim(&elsewhere, &members[4], template).await.is_ok());
}

#[tokio::test]
async fn outside_of_its_window_or_withdrawn_a_template_can_not_be_claimed() {
    let shop = Shop::open().await;
    let now = shop.app.clock.now();
    let member = shop.member().await;
    let (from, until) = (Moment::At(now + Duration::hours(1)), Moment::At(now + Duration::hours(2)));
    let window = TemplateForm { claim_from: Some(from), claim_until: Some(until), ..money_off() };
    let template = shop.template(TemplateForm { limit_per_member: 5, ..window }).await;

    let early = claim(shop.ctx(), &member, template).await;
    shop.app.clock.advance(Duration::hours(1));
    let in_time = claim(shop.ctx(), &member, template).await;
    withdraw_template(shop.ctx(), &shop.owner, template).await.unwrap();
    let withdrawn = claim(shop.ctx(), &member, template).await;

    assert_eq!(refusal(&early), Some(Refusal::CouponNotClaimable));
    assert!(in_time.is_ok());
    assert_eq!(refusal(&withdrawn), Some(Refusal::CouponNotClaimable));
}

#[tokio::test]
async fn a_disabled_member_can_not_claim_and_an_unknown_template_is_not_found() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(money_off()).await;
    shop.disable(&member).await;

    let disabled = claim(shop.ctx(), &member, template).await;
    let unknown = claim(shop.ctx(), &member, shop.ctx().new_id()).await;

    assert_eq!(refusal(&disabled), Some(Refusal::MemberDisabled));
    assert!(matches!(unknown, Err(Error::NotFound(_))));
    assert_eq!(shop.read_template(template).await.taken, 0);
}
