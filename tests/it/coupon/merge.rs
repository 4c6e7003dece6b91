//! Coupons of two records that become one: nothing is used twice, and the limit counts what both held.

use chrono::Duration;
use entity::states::CouponState;
use entity::{coupon, coupon_transfer, redemption};
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;
use service::coupon::template::TemplateForm;
use service::coupon::{
    PackForm, PackItem, Proof, RedeemCoupon, accept_coupon, claim, claim_by_code, claim_pack, create_codes,
    create_pack, lock_coupon, offer_coupon, redeem_coupon,
};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

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
            shop.merge(member.id, elder.id),
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

fn money_off_named(number: usize) -> TemplateForm {
    TemplateForm { name: format!("券 {number}"), ..money_off() }
}

#[tokio::test]
async fn a_scan_from_before_the_merge_redeems_the_coupon_after_it() {
    let shop = Shop::open().await;
    let elder = shop.member().await;
    shop.app.clock.advance(Duration::seconds(1));
    let (member, held) = shop.holder_of(money_off()).await;
    let scan = shop.scan(&member).await;

    shop.merge(elder.id, member.id).await;
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

    shop.merge(members[0].id, members[1].id).await;

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
    let (claimed, kept) = tokio::join!(claims, shop.merge(members[0].id, members[1].id));

    for held in claimed {
        held.unwrap();
    }
    let copies = shop.copies_of(template).await;
    assert_eq!(copies.len(), 6);
    assert!(copies.iter().all(|copy| copy.member_id == kept));
}

#[tokio::test]
async fn a_token_of_a_merged_record_claims_for_the_member_who_stays() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    let template = shop.template(TemplateForm { limit_per_member: 5, ..money_off() }).await;
    let token = shop.token_of(younger.id).await;
    let path = format!("/v1/coupon-templates/{template}/claims");
    let claims =
        || join_all((0..3).map(|_| async { shop.app.post(&path, json!({})).with_bearer(&token).await }));

    let (during, kept) = tokio::join!(claims(), shop.merge(elder.id, younger.id));
    let after = shop.app.post(&path, json!({})).with_bearer(&token).await;

    for answer in during.iter().chain([&after]) {
        answer.expect(201);
    }
    assert_eq!(kept, elder.id);
    let copies = shop.copies_of(template).await;
    assert_eq!(copies.len(), 4);
    assert!(copies.iter().all(|copy| copy.member_id == elder.id));
}

#[tokio::test]
async fn a_copy_beyond_the_limit_stays_beyond_it_and_one_that_never_arrived_holds_no_slot() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    let template = shop.template(TemplateForm { limit_per_member: 2, ..money_off() }).await;
    let held = claim(shop.ctx(), &younger, template).await.unwrap();
    let beside = |slot: i32, code: &str| coupon::Model {
        id: shop.ctx().new_id(),
        slot,
        code: code.to_owned(),
        ..held.coupon.clone()
    };
    for row in [beside(3, "BEYOND"), beside(-7, "NEVER")] {
        row.into_active_model().reset_all().insert(shop.ctx().db.writer()).await.unwrap();
    }

    shop.merge(elder.id, younger.id).await;

    let mut slots: Vec<i32> = shop.copies_of(template).await.iter().map(|copy| copy.slot).collect();
    slots.sort_unstable();
    assert_eq!(slots, [-7, 1, 3]);
    claim(shop.ctx(), &elder, template).await.unwrap();
    assert_eq!(
        claim(shop.ctx(), &elder, template).await.unwrap_err().refusal(),
        Some(Refusal::CouponLimitReached)
    );
}

#[tokio::test]
async fn packs_codes_and_links_of_both_are_those_of_the_member_who_stays() {
    let shop = Shop::open().await;
    let [elder, younger] = shop.two_records().await;
    let friend = shop.member().await;
    let form = TemplateForm { limit_per_member: 5, transferable: true, ..money_off() };
    let template = shop.template(form).await;
    let pack = PackForm {
        name: "礼包".to_owned(),
        limit_per_member: 2,
        claimable: true,
        items: vec![PackItem { template_id: template, copies: 1 }],
    };
    let pack = create_pack(shop.ctx(), &shop.owner, pack).await.unwrap().pack.pack.id;
    for member in [&elder, &younger] {
        claim_pack(shop.ctx(), member, pack).await.unwrap();
    }
    let codes = create_codes(shop.ctx(), &shop.owner, template, ("春", 1)).await.unwrap();
    let by_code = claim_by_code(shop.ctx(), &younger, &codes[0]).await.unwrap();
    let link = offer_coupon(shop.ctx(), younger.id, by_code.coupon.id).await.unwrap();

    shop.merge(elder.id, younger.id).await;

    // Also as a request that was under way would name them.
    for member in [&elder, &younger] {
        let refused = claim_pack(shop.ctx(), member, pack).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(Refusal::CouponLimitReached), "the pack's limit counts both");
        let again = claim_by_code(shop.ctx(), member, &codes[0]).await.unwrap();
        assert_eq!(again.coupon.id, by_code.coupon.id);
        let own = accept_coupon(shop.ctx(), member.id, &link.token).await.unwrap_err();
        assert_eq!(own.refusal(), Some(Refusal::TransferOver), "one's own link is nobody's gift");
    }
    let taken = accept_coupon(shop.ctx(), friend.id, &link.token).await.unwrap();
    assert_eq!(taken.coupon.member_id, friend.id);
    let transfer = coupon_transfer::Entity::find().one(shop.ctx().db.read()).await.unwrap().unwrap();
    assert_eq!(transfer.from_member_id, elder.id);
}

#[tokio::test]
async fn a_lock_of_before_the_merge_is_used_by_its_order_after_it() {
    let shop = Shop::open().await;
    let elder = shop.member().await;
    shop.app.clock.advance(Duration::seconds(1));
    let (member, held) = shop.holder_of(money_off()).await;
    lock_coupon(shop.ctx(), member.id, held.coupon.id, "O1").await.unwrap();

    shop.merge(elder.id, member.id).await;
    let locked = lock_coupon(shop.ctx(), member.id, held.coupon.id, "O1").await.unwrap();
    let scan = shop.scan(&elder).await;
    let command = RedeemCoupon {
        proof: Proof::Lock,
        order_no: Some("O1".to_owned()),
        ..shop.redemption(scan, held.coupon.id, "R1")
    };
    let redeemed = redeem_coupon(shop.ctx(), &shop.cashier, command).await.unwrap();

    assert_eq!(locked.coupon.member_id, elder.id);
    assert_eq!(redeemed.receipt.redemption.member_id, elder.id);
}
