//! Everything that a purchase brings, in its transaction: the member's sums, points, stamps, a gift, the tier, and the wait until the goods
//! can no longer be returned.

use chrono::{DateTime, Utc};
use entity::{member, purchase, purchase_line, return_period};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::rows::add_to_member;
use crate::context::Context;
use crate::coupon;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::order_gift;
use crate::points::earn::{Shopper, ShopperTier};
use crate::points::{self, Earning};
use crate::stamp;
use crate::tier;

/// Purchases per run of the loop, so that nothing waits long behind this.
const PAGE: u64 = 200;

/// For a purchase whose rows were just inserted, of a member who is locked with whoever invited them.
pub(super) async fn bring(
    ctx: &Context,
    txn: &DatabaseTransaction,
    purchase: &purchase::Model,
    lines: &[purchase_line::Model],
) -> Result<Vec<Earning>> {
    let policy = points::load_policy(txn).await?;
    let ends_at = points::return_period_ends(&policy, purchase);
    let is_settled = ends_at <= ctx.now();
    if is_settled {
        points::reward_first_purchase(ctx, txn, purchase.member_id, purchase.total_fen).await?;
    }
    add_to_member(ctx, txn, purchase).await?;
    let shopper = shopper(txn, purchase.member_id).await?;
    let earnings = points::earn_purchase(ctx, txn, (purchase, lines), &shopper).await?;
    let gift = order_gift::due(txn, purchase).await?;
    if let Some(gift) = gift {
        // The gift's template and those of rewards in one order, as everybody locks them.
        let rewards = stamp::rewards(ctx, txn).await?;
        coupon::lock_templates(txn, rewards.into_iter().chain([gift.coupon_template_id])).await?;
    }
    stamp::stamp_purchase(ctx, txn, (purchase, lines), &earnings).await?;
    if let Some(gift) = gift {
        order_gift::give(ctx, txn, purchase, gift).await?;
    }
    if is_settled {
        tier::reassess(ctx, txn, purchase.member_id).await?;
    } else {
        wait(txn, purchase, ends_at).await?;
    }
    Ok(earnings)
}

async fn shopper(txn: &impl ConnectionTrait, member_id: MemberId) -> Result<Shopper> {
    let member = member::Entity::find_by_id(member_id).one(txn).await?.ok_or(Error::NotFound("member"))?;
    let place = tier::place_of(txn, member_id).await?;
    let tier = place.as_ref().and_then(|place| place.tier()).map(|tier| ShopperTier {
        id: tier.id,
        name: tier.name.clone(),
        points_percent: tier.points_percent,
        birthday_percent: tier.birthday_percent,
    });
    Ok(Shopper { birthday: member.birthday, tier })
}

async fn wait(txn: &impl ConnectionTrait, purchase: &purchase::Model, ends_at: DateTime<Utc>) -> Result<()> {
    let row = return_period::ActiveModel {
        purchase_id: Set(purchase.id),
        member_id: Set(purchase.member_id),
        ends_at: Set(ends_at),
    };
    return_period::Entity::insert(row.reset_all()).exec_without_returning(txn).await?;
    Ok(())
}

/// Settles the purchases that can no longer be returned: their points become available, they count for the tier, and an invitation that
/// waited for them is rewarded. Answers how many. Harmless twice and side by side: a return period ends once, under the member's lock.
pub async fn end_return_periods(ctx: &Context) -> Result<u64> {
    let mut ended = 0;
    loop {
        let due = return_period::Entity::find()
            .filter(return_period::Column::EndsAt.lte(ctx.now()))
            .order_by_asc(return_period::Column::EndsAt)
            .limit(PAGE)
            .all(ctx.db.read())
            .await?;
        if due.is_empty() {
            return Ok(ended);
        }
        for row in due {
            ended += u64::from(settle(ctx, &row).await?);
        }
    }
}

async fn settle(ctx: &Context, row: &return_period::Model) -> Result<bool> {
    let txn = ctx.db.begin().await?;
    let member_id = points::lock_with_inviter(&txn, row.member_id).await?;
    let ended = return_period::Entity::delete_by_id(row.purchase_id).exec(&txn).await?;
    if ended.rows_affected == 1 {
        let purchase = purchase::Entity::find_by_id(row.purchase_id).one(&txn).await?;
        let purchase = purchase.ok_or(Error::NotFound("purchase"))?;
        let left_fen = purchase.total_fen - purchase.refunded_fen;
        if left_fen > 0 {
            points::reward_first_purchase(ctx, &txn, member_id, left_fen).await?;
        }
        points::catch_up(ctx, &txn, member_id).await?;
        tier::reassess(ctx, &txn, member_id).await?;
    }
    txn.commit().await?;
    Ok(ended.rows_affected == 1)
}
