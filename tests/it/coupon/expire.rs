//! Expiry in pages, twice and side by side.

use chrono::Duration;
use entity::coupon_event;
use entity::states::CouponState;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use service::coupon::template::TemplateForm;
use service::coupon::{IssueOrder, claim, expire, issue};

use super::shop::{Shop, money_off};

#[tokio::test]
async fn past_coupons_expire_once_though_two_jobs_run_at_once_and_again() {
    let shop = Shop::open().await;
    let members = shop.members(1_203).await;
    let ids: Vec<_> = members.iter().map(|member| member.id).collect();
    let template = shop.template(TemplateForm { stock: 5_000, ..money_off() }).await;
    let order = IssueOrder { template_id: template, member_ids: &ids, source: "import", source_id: None };
    let txn = shop.ctx().db.begin().await.unwrap();
    issue(shop.ctx(), &txn, order).await.unwrap();
    txn.commit().await.unwrap();
    shop.app.clock.advance(Duration::days(40));
    let late = shop.member().await;
    let fresh = claim(shop.ctx(), &late, template).await.unwrap();

    let (one, two) = tokio::join!(expire(shop.ctx()), expire(shop.ctx()));
    let first_run = one.unwrap() + two.unwrap();
    let second_run = expire(shop.ctx()).await.unwrap();

    assert_eq!((first_run, second_run), (1_203, 0));
    assert_eq!(shop.read_coupon(fresh.coupon.id).await.state, CouponState::Issued);
    let events = coupon_event::Entity::find()
        .filter(coupon_event::Column::ToState.eq(CouponState::Expired))
        .count(shop.ctx().db.read())
        .await
        .unwrap();
    assert_eq!(events, 1_203);
    assert_eq!(shop.read_template(template).await.taken, 1_204);
}

#[tokio::test]
async fn a_past_coupon_is_listed_as_expired_before_any_job_has_run() {
    let shop = Shop::open().await;
    let (member, held) = shop.holder_of(money_off()).await;
    shop.app.clock.advance(Duration::days(31));
    let token = shop.token_of(member.id).await;

    let list = |state: &str| shop.app.get(&format!("/v1/me/coupons?state={state}")).with_bearer(&token);
    let (usable, expired) = (list("usable").await.expect(200), list("expired").await.expect(200));

    assert!(usable["items"].as_array().unwrap().is_empty());
    assert_eq!(expired["items"][0]["id"], serde_json::json!(held.coupon.id));
    list("lost").await.expect_invalid("state");
}
