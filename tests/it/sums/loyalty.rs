//! Points, money, the mall, stamps, tiers and rights, computed anew from the events.

use std::collections::HashMap;

use chrono::Duration;
use entity::states::{CouponState, ExchangeState, MemberState, PointsKind};
use entity::{
    mall_item, member, points_earning, points_entry, refund, refund_line, right_use, stamp, stamp_sheet,
};
use sea_orm::EntityTrait;
use service::ids::{PurchaseId, StampSheetId};
use service::points::check_points;
use service::tier::place_of;

use super::world::{RETURN_DAYS, SILVER_FEN, World};
use crate::points::ledger;

pub async fn audit(world: &World) {
    let ctx = world.shop.ctx();
    // What is due by now is done, so that tiers can be told from the purchases alone.
    service::purchase::end_return_periods(ctx).await.unwrap();
    ledger::audit(ctx).await;
    ledger::audit_money(ctx).await;
    assert_eq!(check_points(ctx).await.unwrap().differences, []);
    audit_points_of_purchases(world).await;
    audit_mall(world).await;
    audit_stamps(world).await;
    audit_tiers(world).await;
    audit_rights(world).await;
}

/// By kind and business id what an entry moved, pending points included.
async fn entries(world: &World) -> HashMap<(PointsKind, String), i64> {
    let all = points_entry::Entity::find().all(world.shop.ctx().db.read()).await.unwrap();
    all.into_iter().map(|row| ((row.kind, row.business_id), row.points + row.pending)).collect()
}

/// What each purchase earned, by its lines, is what its entry says, and refunds never took back more.
async fn audit_points_of_purchases(world: &World) {
    let db = world.shop.ctx().db.read();
    let mut earned: HashMap<PurchaseId, i64> = HashMap::new();
    for row in points_earning::Entity::find().all(db).await.unwrap() {
        *earned.entry(row.purchase_id).or_default() += row.points;
    }
    let entries = entries(world).await;
    for (id, points) in &earned {
        let told = entries.get(&(PointsKind::Purchase, id.to_string())).copied().unwrap_or_default();
        assert_eq!(told, *points, "what {id} earned");
    }
    let refunds = refund::Entity::find().all(db).await.unwrap();
    let lines = refund_line::Entity::find().all(db).await.unwrap();
    assert!(!refunds.is_empty());
    let mut back: HashMap<PurchaseId, i64> = HashMap::new();
    for row in &refunds {
        let of_lines: i64 =
            lines.iter().filter(|line| line.refund_id == row.id).map(|line| line.amount_fen).sum();
        assert_eq!(of_lines, row.amount_fen, "the lines of {row:?}");
        let points: i64 = lines.iter().filter(|line| line.refund_id == row.id).map(|line| line.points).sum();
        *back.entry(row.purchase_id).or_default() += points;
    }
    for bought in world.purchases().await {
        let (earned, back) = (earned.get(&bought.id), back.get(&bought.id).copied().unwrap_or_default());
        let earned = earned.copied().unwrap_or_default();
        assert!(back <= earned, "{back} of {earned} points taken back of {bought:?}");
        if bought.refunded_fen == bought.total_fen {
            assert_eq!(back, earned, "all of {bought:?} is back");
        }
    }
}

async fn audit_mall(world: &World) {
    let item = mall_item::Entity::find_by_id(world.item).one(world.shop.ctx().db.read()).await;
    let item = item.unwrap().unwrap();
    let exchanges = world.exchanges().await;
    let kept = exchanges.iter().filter(|row| row.state != ExchangeState::Cancelled).count();
    assert_eq!(item.taken, i64::try_from(kept).unwrap());
    assert!(item.taken <= item.stock);
    let entries = entries(world).await;
    for row in &exchanges {
        let of = |kind| entries.get(&(kind, row.id.to_string())).copied();
        let back = (row.state == ExchangeState::Cancelled).then_some(row.points);
        assert_eq!((of(PointsKind::Spend), of(PointsKind::Reversal)), (Some(-row.points), back), "{row:?}");
    }
}

/// A sheet is the sum of its stamps, and each reward that is out has its full sheet.
async fn audit_stamps(world: &World) {
    let db = world.shop.ctx().db.read();
    let mut sums: HashMap<StampSheetId, i32> = HashMap::new();
    for row in stamp::Entity::find().all(db).await.unwrap() {
        *sums.entry(row.sheet_id).or_default() += row.stamps;
    }
    let sheets = stamp_sheet::Entity::find().all(db).await.unwrap();
    assert!(!sheets.is_empty());
    for sheet in &sheets {
        assert_eq!(sums.get(&sheet.id).copied().unwrap_or_default(), sheet.stamps, "{sheet:?}");
        assert!((0..=3).contains(&sheet.stamps), "{sheet:?}");
        assert_eq!(sheet.completed_at.is_some(), sheet.stamps == 3, "{sheet:?}");
    }
    for one in world.coupons().await.iter().filter(|one| one.source == "stamp") {
        let sheets = sheets.iter().filter(|sheet| sheet.coupon_id == Some(one.id)).count();
        let out = one.state != CouponState::Voided;
        assert!(sheets == 1 || !out && sheets == 0, "{sheets} sheets of {one:?}");
    }
}

/// Nobody stands lower than what they settled earns.
async fn audit_tiers(world: &World) {
    let db = world.shop.ctx().db.read();
    let settled = world.shop.ctx().now() - Duration::days(i64::from(RETURN_DAYS));
    let purchases = world.purchases().await;
    let mut risen = 0;
    for row in member::Entity::find().all(db).await.unwrap() {
        let mine = purchases.iter().filter(|one| one.member_id == row.id && one.purchased_at <= settled);
        let fen: i64 = mine.map(|one| one.total_fen - one.refunded_fen).sum();
        let place = place_of(db, row.id).await.unwrap().unwrap();
        assert!(place.current == 1 || fen < SILVER_FEN, "{fen} fen and still on the lowest: {row:?}");
        assert!(row.state == MemberState::Active || place.standing.is_none(), "a tier of nobody: {row:?}");
        risen += place.current;
    }
    assert!(risen > 0);
}

/// Uses of a period are numbered without a gap, whoever they were of.
async fn audit_rights(world: &World) {
    let mut uses: HashMap<_, Vec<i32>> = HashMap::new();
    for row in right_use::Entity::find().all(world.shop.ctx().db.read()).await.unwrap() {
        uses.entry((row.member_id, row.right_code, row.period)).or_default().push(row.seq);
    }
    assert!(!uses.is_empty());
    for (of, mut numbers) in uses {
        numbers.sort_unstable();
        let gapless = numbers.iter().zip(1..).all(|(number, place)| *number == place);
        assert!(gapless, "{of:?}: {numbers:?}");
    }
}
