//! Stamp cards of two records that become one: every sheet goes on as a round of its own, and refunds still find their stamps.

use entity::stamp_sheet;
use sea_orm::{EntityTrait, QueryOrder};
use service::purchase::{Asked, RefundPurchase, refund_purchase};

use super::purchase::{buy, card};
use crate::coupon::shop::Shop;

async fn sheets(shop: &Shop) -> Vec<(i32, i32, bool)> {
    let rows = stamp_sheet::Entity::find().order_by_asc(stamp_sheet::Column::Round);
    let rows = rows.all(shop.ctx().db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.round, row.stamps, row.completed_at.is_some())).collect()
}

#[tokio::test]
async fn no_stamp_is_lost_and_the_first_sheet_with_room_is_filled_first() {
    let shop = Shop::open().await;
    let template = card(&shop, |_| {}).await;
    let [elder, younger] = shop.two_records().await;
    buy(&shop, &elder, "O1", &[("茶", 4_000)]).await;
    let bought = buy(&shop, &younger, "O2", &[("茶", 4_000)]).await;

    shop.merge(elder.id, younger.id).await;
    assert_eq!(sheets(&shop).await, [(1, 2, false), (2, 2, false)]);

    buy(&shop, &younger, "O3", &[("茶", 4_000)]).await;
    assert_eq!(sheets(&shop).await, [(1, 3, true), (2, 3, true)]);
    let copies = shop.copies_of(template).await;
    assert_eq!(copies.len(), 2);
    assert!(copies.iter().all(|copy| copy.member_id == elder.id));

    let whole = RefundPurchase {
        purchase_id: bought.purchase.id,
        refund_no: "R1".to_owned(),
        asked: Asked::Amount(4_000),
        reason: None,
    };
    refund_purchase(shop.ctx(), &shop.cashier, whole).await.unwrap();
    assert_eq!(sheets(&shop).await, [(1, 3, true), (2, 1, false)]);
}
