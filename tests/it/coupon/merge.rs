//! Coupons of two records that become one: nothing is used twice, and the limit counts what both held.

use chrono::Duration;
use entity::redemption;
use entity::states::{CouponState, StaffRole};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use service::coupon::{claim, redeem_coupon};
use service::ids::MemberId;
use service::member::merge::{MergeMembers, merge_members};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

async fn merge(shop: &Shop, one: MemberId, other: MemberId) -> MemberId {
    let owner = shop.app.caller(StaffRole::Owner);
    let command = MergeMembers { member_id: one, other_id: other, reason: "the same person".to_owned() };
    merge_members(shop.ctx(), &owner, command).await.unwrap().id
}

#[tokio::test]
async fn a_merge_that_races_a_redemption_leaves_one_redemption_with_the_member_who_stays() {
    let shop = Shop::open().await;
    for round in 0..8 {
        let elder = shop.member().await;
        shop.app.clock.advance(Duration::seconds(1));
        let (member, held) = shop.holder_of(money_off_named(round)).await;
        let scan = shop.scan(&member).await;
        let command = || shop.redemption(scan, held.coupon.id, &format!("R{round}"));

        let (redeemed, again, kept) = tokio::join!(
            redeem_coupon(shop.ctx(), &shop.cashier, command()),
            redeem_coupon(shop.ctx(), &shop.cashier, command()),
            merge(&shop, member.id, elder.id),
        );

        assert_eq!(kept, elder.id);
        redeemed.unwrap();
        again.unwrap();
        let coupon = shop.read_coupon(held.coupon.id).await;
        assert_eq!((coupon.state, coupon.member_id), (CouponState::Used, elder.id));
        assert_eq!(shop.live_redemptions(coupon.id).await, 1);
        let redemption = redemption::Entity::find()
            .filter(redemption::Column::CouponId.eq(coupon.id))
            .one(shop.ctx().db.read())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(redemption.member_id, elder.id);
    }
}

fn money_off_named(number: usize) -> service::coupon::template::TemplateForm {
    service::coupon::template::TemplateForm { name: format!("券 {number}"), ..money_off() }
}

#[tokio::test]
async fn a_scan_from_before_the_merge_redeems_the_coupon_after_it() {
    let shop = Shop::open().await;
    let elder = shop.member().await;
    shop.app.clock.advance(Duration::seconds(1));
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;

    merge(&shop, elder.id, member.id).await;
    let redeemed =
        redeem_coupon(shop.ctx(), &shop.cashier, shop.redemption(scan, held.coupon.id, "R1")).await;

    assert_eq!(redeemed.unwrap().receipt.redemption.member_id, elder.id);
}

#[tokio::test]
async fn the_limit_counts_the_copies_of_both() {
    let shop = Shop::open().await;
    let mut form = money_off();
    form.limit_per_member = 2;
    let template = shop.template(form).await;
    let members = shop.members(2).await;
    for member in &members {
        claim(shop.ctx(), member, template).await.unwrap();
    }

    merge(&shop, members[0].id, members[1].id).await;

    let mut slots: Vec<i32> = shop.copies_of(template).await.iter().map(|copy| copy.slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, [1, 2]);
    // The second record, as a request that was under way would still name it, claims for the member who stays.
    for member in &members {
        let refused = claim(shop.ctx(), member, template).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::CouponLimitReached))), "{refused:?}");
    }
}

#[tokio::test]
async fn claims_under_way_while_two_are_merged_end_with_the_member_who_stays() {
    let shop = Shop::open().await;
    let members = shop.members(2).await;
    let mut form = money_off();
    form.limit_per_member = 10;
    let template = shop.template(form).await;

    let claims = futures_util::future::join_all((0..6).map(|_| claim(shop.ctx(), &members[1], template)));
    let (claimed, kept) = tokio::join!(claims, merge(&shop, members[0].id, members[1].id));

    for held in claimed {
        held.unwrap();
    }
    let copies = shop.copies_of(template).await;
    assert_eq!(copies.len(), 6);
    assert!(copies.iter().all(|copy| copy.member_id == kept));
}
