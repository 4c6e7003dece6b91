//! What tests ask of the ledger: a member's balance, and an audit that adds up every account from its events.

use std::collections::HashMap;

use entity::states::LotState;
use entity::{member, points_account, points_entry, points_lot, points_move, purchase, refund};
use sea_orm::{EntityTrait, QueryOrder};
use service::ids::{MemberId, PointsLotId};
use service::points::{self, Balance, Gift, PointsPolicy, Spending};
use service::states::PointsKind;
use service::{Actor, Context, Refusal};

use crate::coupon::shop::Shop;

pub async fn save(shop: &Shop, policy: PointsPolicy) {
    points::save_policy(shop.ctx(), &shop.owner, policy).await.unwrap();
}

pub async fn balance(ctx: &Context, member: MemberId) -> Balance {
    points::balance_of(ctx, ctx.db.read(), member).await.unwrap()
}

/// Points of a lot of its own, with an end if one is given.
pub async fn give(ctx: &Context, member: &member::Model, points: i64, days: Option<i64>) {
    let txn = ctx.db.begin().await.unwrap();
    let gift = Gift {
        member_id: member.id,
        kind: PointsKind::Import,
        business_id: ctx.new_id::<PointsLotId>().to_string(),
        points,
        actor: Actor::System,
        reason: None,
    };
    let end = days.map(|days| ctx.now() + chrono::Duration::days(days));
    assert!(points::give_until(ctx, &txn, end, gift).await.unwrap());
    txn.commit().await.unwrap();
}

pub async fn spend(ctx: &Context, member: MemberId, points: i64, business_id: &str) -> Result<bool, Refusal> {
    let txn = ctx.db.begin().await.unwrap();
    let spending = Spending {
        member_id: member,
        kind: PointsKind::Spend,
        business_id: business_id.to_owned(),
        points,
        actor: Actor::Member(member),
        reason: None,
    };
    let spent = points::spend(ctx, &txn, spending).await;
    let spent = spent.map_err(|error| match error {
        service::Error::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    });
    if spent.is_ok() {
        txn.commit().await.unwrap();
    } else {
        txn.rollback().await.unwrap();
    }
    spent
}

pub async fn reverse(ctx: &Context, member: MemberId, business_id: &str) -> bool {
    let txn = ctx.db.begin().await.unwrap();
    let reversed = points::reverse(ctx, &txn, (member, business_id), points::Origin::SYSTEM).await.unwrap();
    txn.commit().await.unwrap();
    reversed
}

/// Adds up every account from its events and compares: the chain of balances, the lots, the account.
pub async fn audit(ctx: &Context) {
    let db = ctx.db.read();
    let mut sums: HashMap<MemberId, (i64, i64, i64)> = HashMap::new();
    let entries = points_entry::Entity::find().order_by_asc(points_entry::Column::Id).all(db).await.unwrap();
    for entry in entries {
        let sum = sums.entry(entry.member_id).or_default();
        *sum = (sum.0 + entry.points, sum.1 + entry.pending, sum.2 + entry.debt_change);
        assert_eq!(entry.balance_after, sum.0, "the balance after entry {}", entry.id);
    }
    let mut moved: HashMap<PointsLotId, i64> = HashMap::new();
    for one in points_move::Entity::find().all(db).await.unwrap() {
        *moved.entry(one.lot_id).or_default() += one.points;
    }
    let mut left: HashMap<MemberId, (i64, i64)> = HashMap::new();
    for lot in points_lot::Entity::find().all(db).await.unwrap() {
        assert_eq!(moved.get(&lot.id).copied().unwrap_or_default(), lot.remaining, "lot {}", lot.id);
        assert!(lot.remaining >= 0);
        let sum = left.entry(lot.member_id).or_default();
        match lot.state {
            LotState::Pending => sum.1 += lot.remaining,
            LotState::Open | LotState::Closed => sum.0 += lot.remaining,
        }
    }
    for account in points_account::Entity::find().all(db).await.unwrap() {
        let told = (account.balance, account.pending, account.debt);
        assert_eq!(Some(&told), sums.get(&account.member_id), "the ledger of {}", account.member_id);
        let (open, pending) = left.get(&account.member_id).copied().unwrap_or_default();
        assert_eq!((account.balance, account.pending), (open - account.debt, pending));
    }
}

/// What was paid and what went back, by the rows themselves.
pub async fn audit_money(ctx: &Context) {
    let db = ctx.db.read();
    let refunds = refund::Entity::find().all(db).await.unwrap();
    let purchases = purchase::Entity::find().all(db).await.unwrap();
    for bought in &purchases {
        let back: i64 =
            refunds.iter().filter(|row| row.purchase_id == bought.id).map(|row| row.amount_fen).sum();
        assert_eq!(back, bought.refunded_fen);
        assert!(back <= bought.total_fen);
    }
    for row in member::Entity::find().all(db).await.unwrap() {
        let mine = purchases.iter().filter(|bought| bought.member_id == row.id);
        let live: Vec<_> = mine.filter(|bought| bought.refunded_fen < bought.total_fen).collect();
        let total: i64 = live.iter().map(|bought| bought.total_fen - bought.refunded_fen).sum();
        assert_eq!((row.purchase_count, row.purchase_total_fen), (live.len() as i64, total));
        assert_eq!(row.last_purchase_at, live.iter().map(|bought| bought.purchased_at).max());
        assert_eq!(row.first_purchase_at, live.iter().map(|bought| bought.purchased_at).min());
    }
}
