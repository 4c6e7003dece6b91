//! Whether an item can be exchanged for, pure.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::mall_item;
use entity::states::PublicationState;

use super::windows::MallPolicy;
use crate::refusal::Refusal;

/// What a member has and has had.
#[derive(Debug, Clone, Copy)]
pub struct Buyer {
    /// Exchanges of the item that were not cancelled.
    pub exchanged: i64,
    pub balance: i64,
}

/// # Refuses
/// `mall_item_closed`, `mall_sold_out`, `mall_limit_reached`, `points_short`
pub fn check(
    item: &mall_item::Model,
    policy: &MallPolicy,
    buyer: Buyer,
    (now, zone): (DateTime<Utc>, Tz),
) -> Result<(), Refusal> {
    if item.state != PublicationState::Published || !is_open(item, now) || !policy.is_open(now, zone) {
        return Err(Refusal::MallItemClosed);
    }
    if item.taken >= item.stock {
        return Err(Refusal::MallSoldOut);
    }
    if item.limit_per_member.is_some_and(|limit| buyer.exchanged >= i64::from(limit)) {
        return Err(Refusal::MallLimitReached);
    }
    if buyer.balance < item.points {
        return Err(Refusal::PointsShort);
    }
    Ok(())
}

fn is_open(item: &mall_item::Model, now: DateTime<Utc>) -> bool {
    item.open_from.is_none_or(|from| from <= now) && item.open_until.is_none_or(|until| now < until)
}
