//! What a purchase earns and what its refund takes back, in the transaction of the purchase or the refund.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::PointsKind;
use entity::{points_earning, points_entry, points_lot, purchase, purchase_line, refund};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, sea_query::ExprTrait,
};

use super::earn::{self, Basket, BasketLine, Earned, Shopper};
use super::ledger::{self, Origin};
use super::policy::{self, PointsPolicy, ShortagePolicy};
use super::rules::{Gain, Shortage};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{PointsLotId, PurchaseId, RefundId};

/// The end of the time in which the goods can be returned; from then on the points can be spent and the purchase counts for the tier.
pub fn return_period_ends(policy: &PointsPolicy, purchase: &purchase::Model) -> DateTime<Utc> {
    purchase.purchased_at + Duration::days(i64::from(policy.return_days))
}

/// Writes what each line earned and gives the member the sum as one lot. Once per purchase.
pub async fn earn_purchase(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (purchase, lines): (&purchase::Model, &[purchase_line::Model]),
    shopper: &Shopper,
) -> Result<Vec<points_earning::Model>> {
    let policy = policy::load(txn).await?;
    let zone = ctx.settings.timezone;
    let earned = earn::earn(&policy, &basket(purchase, lines), shopper, zone);
    let points = earned.iter().map(|one| one.points).sum();
    let rows: Vec<_> = earned.into_iter().map(|one| row(ctx, purchase.id, one)).collect::<Result<_>>()?;
    for chunk in rows.chunks(500) {
        let rows = chunk.iter().map(|row| row.clone().into_active_model().reset_all());
        points_earning::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    let available_at = return_period_ends(&policy, purchase);
    let mut opened = ledger::open(ctx, txn, purchase.member_id).await?;
    let gain = Gain {
        lot_id: ctx.new_id(),
        kind: PointsKind::Purchase,
        business_id: purchase.id.to_string(),
        points,
        purchase_id: Some(purchase.id),
        available_at,
        expires_at: policy.expiry.ends(available_at, zone),
    };
    opened.book.gain(gain, ctx.now());
    let actor = purchase.staff_id.map_or(Actor::System, Actor::Staff);
    opened.save(ctx, txn, &Origin { actor, reason: None }).await?;
    Ok(rows)
}

fn basket(purchase: &purchase::Model, lines: &[purchase_line::Model]) -> Basket {
    let whole = BasketLine { id: None, product_code: None, category: None, gross_fen: purchase.total_fen };
    let line = |line: &purchase_line::Model| BasketLine {
        id: Some(line.id),
        product_code: line.product_code.clone(),
        category: line.category.clone(),
        gross_fen: line.price_fen.saturating_mul(line.quantity),
    };
    Basket {
        store_id: purchase.store_id,
        purchased_at: purchase.purchased_at,
        total_fen: purchase.total_fen,
        lines: if lines.is_empty() { vec![whole] } else { lines.iter().map(line).collect() },
    }
}

fn row(ctx: &Context, purchase_id: PurchaseId, earned: Earned) -> Result<points_earning::Model> {
    Ok(points_earning::Model {
        id: ctx.new_id(),
        purchase_id,
        purchase_line_id: earned.line_id,
        paid_fen: earned.paid_fen,
        percent: earned.percent,
        points: earned.points,
        reasons: serde_json::to_value(earned.reasons).map_err(Error::internal)?,
    })
}

/// What purchases earned, in the order of their lines.
pub async fn earnings_of(
    connection: &impl ConnectionTrait,
    purchases: impl IntoIterator<Item = PurchaseId>,
) -> Result<HashMap<PurchaseId, Vec<points_earning::Model>>> {
    let mut earnings: HashMap<PurchaseId, Vec<points_earning::Model>> = HashMap::new();
    let rows = points_earning::Entity::find()
        .filter(points_earning::Column::PurchaseId.is_in(purchases))
        .order_by_asc(points_earning::Column::Id)
        .all(connection)
        .await?;
    for row in rows {
        earnings.entry(row.purchase_id).or_default().push(row);
    }
    Ok(earnings)
}

/// What a refund did to the points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Of what the purchase gave, pending points included.
    pub points: i64,
    /// Of these, what the member did not have and owes now.
    pub debt_points: i64,
    /// The value of what the member did not have, kept back from the money.
    pub deducted_fen: i64,
}

/// Takes back points of a purchase. Those that expired unused did the member no good and are not taken.
pub async fn take_back(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (purchase, refund_id): (&purchase::Model, RefundId),
    (points, actor): (i64, Actor),
) -> Result<TakenBack> {
    let policy = policy::load(txn).await?;
    let mut opened = ledger::open(ctx, txn, purchase.member_id).await?;
    // What has just expired is in the book, what expired before in the ledger.
    let expiring = opened.book.entries.iter().filter(|entry| entry.kind == PointsKind::Expiry);
    let just_expired: HashMap<PointsLotId, i64> =
        expiring.flat_map(|entry| entry.moves.iter().map(|&(lot, points)| (lot, -points))).collect();
    let within = takeable(txn, purchase.id, &just_expired).await?;
    let points = std::cmp::min(points, within);
    let shortage = match policy.shortage {
        ShortagePolicy::Debt => Shortage::Debt,
        ShortagePolicy::DeductFromRefund => Shortage::Leave,
    };
    let short = opened.book.claw_back(refund_id.to_string(), (purchase.id, points), shortage);
    opened.save(ctx, txn, &Origin { actor, reason: None }).await?;
    Ok(match shortage {
        Shortage::Debt => TakenBack { points, debt_points: short, deducted_fen: 0 },
        Shortage::Leave => {
            TakenBack { points, debt_points: 0, deducted_fen: earn::half_up(short, policy.fen_per_100, 100) }
        }
    })
}

/// What can still be taken back of a purchase's points: what it gave, less what expired and what refunds took.
async fn takeable(
    txn: &impl ConnectionTrait,
    purchase_id: PurchaseId,
    just_expired: &HashMap<PointsLotId, i64>,
) -> Result<i64> {
    let lot =
        points_lot::Entity::find().filter(points_lot::Column::PurchaseId.eq(purchase_id)).one(txn).await?;
    let Some(lot) = lot else { return Ok(0) };
    // A lot expires once, so that its entry tells how many points were lost.
    let expired = points_entry::Entity::find()
        .filter(points_entry::Column::Kind.eq(PointsKind::Expiry))
        .filter(points_entry::Column::BusinessId.eq(lot.id.to_string()))
        .one(txn)
        .await?
        .map_or(0, |entry| -entry.points);
    let refunded: Option<i64> = refund::Entity::find()
        .select_only()
        .column_as(refund::Column::Points.sum().cast_as("bigint"), "sum")
        .filter(refund::Column::PurchaseId.eq(purchase_id))
        .into_tuple()
        .one(txn)
        .await?
        .flatten();
    let just = just_expired.get(&lot.id).copied().unwrap_or_default();
    let left = lot.points - expired - just - refunded.unwrap_or_default();
    Ok(std::cmp::max(left, 0))
}
