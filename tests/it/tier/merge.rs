//! Tiers of two records that become one: the higher stays, what both bought may earn a higher one, quotas count both.

use chrono::Duration;
use entity::states::TierMove;
use entity::{coupon, tier_change};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use service::Refusal;
use service::tier::{
    Per, Right, SetTier, TierPolicy, UseRight, list_right_uses, rights_of, set_tier, use_right,
};

use super::shop::{Ladder, forms};
use crate::coupon::shop::money_off;

async fn changes(ladder: &Ladder, member: &entity::member::Model) -> Vec<TierMove> {
    use sea_orm::QueryOrder;
    let mine = tier_change::Column::MemberId.eq(member.id);
    let rows = tier_change::Entity::find().filter(mine).order_by_asc(tier_change::Column::Id);
    rows.all(ladder.shop.ctx().db.read()).await.unwrap().into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn the_higher_tier_stays_and_its_coupons_are_not_given_again() {
    let mut tiers = forms();
    let ladder = Ladder::open().await;
    let template = ladder.shop.template(money_off()).await;
    tiers[1].coupon_template_ids = vec![template];
    for (form, id) in tiers.iter_mut().zip(&ladder.tiers) {
        form.id = Some(*id);
    }
    service::tier::save_tiers(ladder.shop.ctx(), &ladder.shop.owner, tiers).await.unwrap();
    let [elder, younger] = ladder.shop.two_records().await;
    ladder.buy(&younger, 100_000).await;
    assert_eq!((ladder.place(&elder).await, ladder.place(&younger).await), (0, 1));

    ladder.shop.merge(elder.id, younger.id).await;

    assert_eq!(ladder.place(&elder).await, 1);
    assert!(ladder.standing(&younger).await.is_none());
    assert_eq!(changes(&ladder, &elder).await, [TierMove::Upgrade, TierMove::Merge]);
    let copies = coupon::Entity::find().filter(coupon::Column::MemberId.eq(elder.id));
    assert_eq!(copies.count(ladder.shop.ctx().db.read()).await.unwrap(), 1);
}

#[tokio::test]
async fn what_both_bought_may_earn_a_higher_tier_than_either_had() {
    let ladder = Ladder::open().await;
    let [elder, younger] = ladder.shop.two_records().await;
    for record in [&elder, &younger] {
        ladder.buy(record, 60_000).await;
        assert_eq!(ladder.place(record).await, 0);
    }

    ladder.shop.merge(elder.id, younger.id).await;

    assert_eq!(ladder.place(&elder).await, 1);
    assert_eq!(changes(&ladder, &elder).await, [TierMove::Upgrade]);
}

#[tokio::test]
async fn a_tier_that_was_given_by_hand_stays_frozen_whichever_record_had_it() {
    let ladder = Ladder::open().await;
    for by_elder in [true, false] {
        let [elder, younger] = ladder.shop.two_records().await;
        let until = ladder.shop.ctx().now() + Duration::days(90);
        let command = SetTier {
            member_id: if by_elder { elder.id } else { younger.id },
            tier_id: ladder.tiers[2],
            frozen_until: Some(until),
            reason: "VIP".to_owned(),
        };
        set_tier(ladder.shop.ctx(), &ladder.shop.owner, command).await.unwrap();
        let other = if by_elder { &younger } else { &elder };
        ladder.buy(other, 500_000).await;
        assert_eq!(ladder.place(other).await, 2);

        ladder.shop.merge(elder.id, younger.id).await;

        let standing = ladder.standing(&elder).await.unwrap();
        assert_eq!((standing.tier_id, standing.frozen_until), (ladder.tiers[2], Some(until)));
    }
}

#[tokio::test]
async fn the_quota_of_a_right_counts_what_both_used() {
    let mut tiers = forms();
    tiers[0].rights =
        vec![Right { code: "tea".to_owned(), name: "免费茶".to_owned(), quota: Some(3), per: Per::Month }];
    let ladder = Ladder::with(tiers, TierPolicy::default(), 0).await;
    let shop = &ladder.shop;
    let [elder, younger] = shop.two_records().await;
    let drink = |scan_id, request_no: &str| {
        let command = UseRight {
            store_id: shop.store,
            scan_id,
            right_code: "tea".to_owned(),
            request_no: request_no.to_owned(),
        };
        async move { use_right(shop.ctx(), &shop.cashier, command).await }
    };
    let first = shop.scan(&elder).await;
    drink(first, "U1").await.unwrap();
    let second = shop.scan(&younger).await;
    drink(second, "U2").await.unwrap();

    shop.merge(elder.id, younger.id).await;

    let left = rights_of(shop.ctx(), shop.ctx().db.read(), elder.id).await.unwrap();
    assert_eq!(left[0].left, Some(1));
    // The scan of the record that is gone is good for who stays.
    drink(second, "U3").await.unwrap();
    assert_eq!(drink(first, "U4").await.unwrap_err().refusal(), Some(Refusal::RightUsedUp));
    assert_eq!(drink(second, "U2").await.unwrap().member_id, elder.id, "the same request, the same answer");
    let page = service::page::PageRequest::default();
    let log = list_right_uses(shop.ctx(), &shop.owner, younger.id, &page).await.unwrap();
    let mut numbers: Vec<i32> = log.items.iter().map(|one| one.seq).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
}
