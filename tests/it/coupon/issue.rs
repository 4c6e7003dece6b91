//! Copies made and taken back for campaigns, within their transactions.

use entity::states::CouponState;
use service::coupon::template::TemplateForm;
use service::coupon::{IssueOrder, Issued, claim, issue, void, void_coupon};
use service::ids::{CouponId, CouponTemplateId, MemberId};
use service::{Error, Refusal};
use uuid::Uuid;

use super::shop::{Shop, money_off};

async fn give(shop: &Shop, template: CouponTemplateId, to: &[MemberId], campaign: Uuid) -> Vec<Issued> {
    let order =
        IssueOrder { template_id: template, member_ids: to, source: "campaign", source_id: Some(campaign) };
    let txn = shop.ctx().db.begin().await.unwrap();
    let issued = issue(shop.ctx(), &txn, order).await.unwrap();
    txn.commit().await.unwrap();
    issued
}

async fn take_back(shop: &Shop, ids: &[CouponId], return_stock: bool) -> u64 {
    let txn = shop.ctx().db.begin().await.unwrap();
    let voided = void(shop.ctx(), &txn, ids, "send failed", return_stock).await.unwrap();
    txn.commit().await.unwrap();
    voided
}

fn outcomes(issued: &[Issued]) -> Vec<Option<Refusal>> {
    issued.iter().map(|one| one.outcome.err()).collect()
}

#[tokio::test]
async fn what_one_member_is_refused_does_not_touch_the_others() {
    let shop = Shop::open().await;
    let members = shop.members(5).await;
    let template = shop.template(TemplateForm { stock: 3, ..money_off() }).await;
    claim(shop.ctx(), &members[0], template).await.unwrap();
    shop.disable(&members[1]).await;
    let ids: Vec<_> = members.iter().map(|member| member.id).collect();

    let issued = give(&shop, template, &ids, Uuid::from_u128(1)).await;

    assert_eq!(
        outcomes(&issued),
        [
            Some(Refusal::CouponLimitReached),
            Some(Refusal::MemberDisabled),
            None,
            None,
            Some(Refusal::CouponSoldOut),
        ]
    );
    assert_eq!(shop.read_template(template).await.taken, 3);
    assert_eq!(shop.copies_of(template).await.len(), 3);
}

#[tokio::test]
async fn the_same_campaign_gives_a_member_the_same_copy_again() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { limit_per_member: 3, ..money_off() }).await;

    let first = give(&shop, template, &[member.id], Uuid::from_u128(1)).await;
    let again = give(&shop, template, &[member.id], Uuid::from_u128(1)).await;
    let other = give(&shop, template, &[member.id], Uuid::from_u128(2)).await;

    assert_eq!(first[0].outcome, again[0].outcome);
    assert_ne!(first[0].outcome, other[0].outcome);
    assert_eq!(shop.read_template(template).await.taken, 2);
}

#[tokio::test]
async fn a_copy_that_never_reached_its_member_frees_stock_and_slot_once() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let template = shop.template(TemplateForm { stock: 1, ..money_off() }).await;

    for campaign in 1..=3 {
        let issued = give(&shop, template, &[member.id], Uuid::from_u128(campaign)).await;
        let id = issued[0].outcome.unwrap();
        assert_eq!(take_back(&shop, &[id], true).await, 1);
        assert_eq!(take_back(&shop, &[id], true).await, 0);
    }

    assert_eq!(shop.read_template(template).await.taken, 0);
    let copies = shop.copies_of(template).await;
    assert!(copies.len() == 3 && copies.iter().all(|copy| copy.state == CouponState::Voided));
}

#[tokio::test]
async fn voiding_what_a_member_holds_never_reopens_stock() {
    let shop = Shop::open().await;
    let (_, held) = shop.holder_of(TemplateForm { stock: 1, ..money_off() }).await;
    let stranger = shop.member().await;

    void_coupon(shop.ctx(), &shop.owner, held.coupon.id, "错发").await.unwrap();
    void_coupon(shop.ctx(), &shop.owner, held.coupon.id, "错发").await.unwrap();
    let late = claim(shop.ctx(), &stranger, held.coupon.template_id).await;

    assert!(matches!(late, Err(Error::Refused(Refusal::CouponSoldOut))));
    assert_eq!(shop.read_template(held.coupon.template_id).await.taken, 1);
    assert_eq!(shop.moves_of(held.coupon.id).await, [CouponState::Issued, CouponState::Voided]);
}
