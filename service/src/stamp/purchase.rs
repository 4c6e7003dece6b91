//! The stamps of a purchase, and what a whole refund takes back of them. Both in the transaction of the purchase or the refund, under the
//! member's lock.

use std::collections::HashMap;

use entity::states::{CouponState, PublicationState};
use entity::{coupon as coupon_row, points_earning, purchase, purchase_line, stamp, stamp_card, stamp_sheet};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use super::fill::{self, Cause};
use super::{card, rules};
use crate::context::Context;
use crate::coupon;
use crate::error::Result;
use crate::ids::{CouponId, CouponTemplateId, PurchaseLineId};

const PURCHASE: &str = "purchase";
const REFUND: &str = "refund";

/// The templates of which a purchase may give a copy by filling a sheet.
pub async fn rewards(ctx: &Context, txn: &DatabaseTransaction) -> Result<Vec<CouponTemplateId>> {
    Ok(open_cards(ctx, txn).await?.into_iter().map(|card| card.reward_template_id).collect())
}

/// In the order of their rewards, whose templates are locked.
async fn open_cards(ctx: &Context, txn: &DatabaseTransaction) -> Result<Vec<stamp_card::Model>> {
    let cards = stamp_card::Entity::find()
        .filter(stamp_card::Column::State.eq(PublicationState::Published))
        .order_by_asc(stamp_card::Column::RewardTemplateId)
        .order_by_asc(stamp_card::Column::Id)
        .all(txn)
        .await?;
    Ok(cards.into_iter().filter(|card| rules::is_open(card, ctx.now())).collect())
}

/// Stamps every open card that the purchase counts for.
pub async fn stamp_purchase(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (purchase, lines): (&purchase::Model, &[purchase_line::Model]),
    earnings: &[points_earning::Model],
) -> Result<()> {
    let business_id = purchase.id.to_string();
    let cause = Cause { kind: PURCHASE, business_id: &business_id };
    for card in &open_cards(ctx, txn).await? {
        let stores = card::stores(card)?;
        if !stores.is_empty() && !stores.contains(&purchase.store_id) {
            continue;
        }
        let counted = counted_fen(&card::categories(card)?, purchase, lines, earnings);
        let today = fill::given_today(ctx, txn, (card.id, purchase.member_id)).await?;
        let stamps = rules::stamps_for(card, counted, today);
        if stamps > 0 {
            fill::fill(ctx, txn, (card, purchase.member_id), (stamps, cause)).await?;
        }
    }
    Ok(())
}

/// What was paid for the card's categories; of a purchase without lines nothing is known of them.
fn counted_fen(
    categories: &[String],
    purchase: &purchase::Model,
    lines: &[purchase_line::Model],
    earnings: &[points_earning::Model],
) -> i64 {
    if categories.is_empty() {
        return purchase.total_fen;
    }
    let paid: HashMap<Option<PurchaseLineId>, i64> =
        earnings.iter().map(|one| (one.purchase_line_id, one.paid_fen)).collect();
    let counts = |line: &&purchase_line::Model| {
        line.category.as_ref().is_some_and(|category| categories.contains(category))
    };
    lines.iter().filter(counts).filter_map(|line| paid.get(&Some(line.id))).sum()
}

/// Takes back the stamps of a purchase of which nothing is left. A sheet that they had filled is open again and its reward void, but for
/// one whose reward was used: it stays full.
pub async fn take_back(ctx: &Context, txn: &DatabaseTransaction, purchase: &purchase::Model) -> Result<()> {
    let business_id = purchase.id.to_string();
    let stamps = stamp::Entity::find()
        .filter(stamp::Column::Kind.eq(PURCHASE))
        .filter(stamp::Column::BusinessId.eq(&business_id))
        .filter(stamp::Column::MemberId.eq(purchase.member_id))
        .order_by_asc(stamp::Column::Id)
        .all(txn)
        .await?;
    for one in stamps {
        let Some(sheet) = stamp_sheet::Entity::find_by_id(one.sheet_id).one(txn).await? else { continue };
        if sheet.completed_at.is_some() && !reopen(ctx, txn, &sheet).await? {
            continue;
        }
        fill::put(ctx, txn, (&sheet, -one.stamps), Cause { kind: REFUND, business_id: &business_id }).await?;
    }
    Ok(())
}

async fn is_used(txn: &DatabaseTransaction, id: CouponId) -> Result<bool> {
    let reward = coupon_row::Entity::find_by_id(id).one(txn).await?;
    Ok(reward.is_some_and(|reward| reward.state == CouponState::Used))
}

/// False when the reward was used.
async fn reopen(ctx: &Context, txn: &DatabaseTransaction, sheet: &stamp_sheet::Model) -> Result<bool> {
    if let Some(id) = sheet.coupon_id {
        let (copy, voided) = coupon::take_back(ctx, txn, id, "stamps_taken_back").await?;
        if !voided && is_used(txn, copy).await? {
            return Ok(false);
        }
    }
    stamp_sheet::Entity::update_many()
        .col_expr(
            stamp_sheet::Column::CompletedAt,
            Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None),
        )
        .col_expr(stamp_sheet::Column::CouponId, Expr::value(Option::<uuid::Uuid>::None))
        .filter(stamp_sheet::Column::Id.eq(sheet.id))
        .exec(txn)
        .await?;
    Ok(true)
}
