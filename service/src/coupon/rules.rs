//! The pure decisions about coupons: when a copy is good, what it takes off, whether it can be used here and now.

use chrono::{DateTime, Days, Duration, Utc};
use chrono_tz::Tz;
use entity::states::{CouponKind, CouponState, CouponTemplateState, Validity};
use entity::{coupon, coupon_template};

use super::Offer;
use crate::calendar;
use crate::ids::{MemberId, StoreId};
use crate::refusal::Refusal;

/// Where, for whom and on what amount a coupon is to be used. Without an amount the threshold is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub member_id: MemberId,
    pub store_id: StoreId,
    pub amount_fen: Option<i64>,
    pub now: DateTime<Utc>,
}

/// # Refuses
/// `coupon_not_owned`, `coupon_voided`, `coupon_already_redeemed`, `coupon_locked`, `coupon_expired`,
/// `coupon_not_yet_valid`, `coupon_wrong_store`, `coupon_threshold_not_met`, in this order
pub fn check(coupon: &coupon::Model, offer: &Offer, usage: Usage) -> Result<(), Refusal> {
    if coupon.member_id != usage.member_id {
        return Err(Refusal::CouponNotOwned);
    }
    match coupon.state {
        CouponState::Issued => {}
        CouponState::Voided => return Err(Refusal::CouponVoided),
        CouponState::Used => return Err(Refusal::CouponAlreadyRedeemed),
        CouponState::Locked => return Err(Refusal::CouponLocked),
        CouponState::Expired => return Err(Refusal::CouponExpired),
    }
    if is_past(coupon.valid_until, usage.now) {
        return Err(Refusal::CouponExpired);
    }
    if usage.now < coupon.valid_from {
        return Err(Refusal::CouponNotYetValid);
    }
    if !offer.is_for(usage.store_id) {
        return Err(Refusal::CouponWrongStore);
    }
    match usage.amount_fen {
        Some(amount) if amount < offer.template.threshold_fen => Err(Refusal::CouponThresholdNotMet),
        _ => Ok(()),
    }
}

/// What the coupon takes off an amount that meets its threshold: never more than the amount, never less than nothing.
/// A percentage rounds what the customer pays, half up, once.
pub fn discount_fen(template: &coupon_template::Model, amount_fen: i64) -> i64 {
    let amount = amount_fen.max(0);
    let wanted = match template.kind {
        CouponKind::MoneyOff => template.discount_fen.unwrap_or(0),
        CouponKind::Percentage => amount - share_half_up(amount, template.pay_percent.unwrap_or(100)),
        CouponKind::Gift => 0,
    };
    wanted.min(template.discount_ceiling_fen.unwrap_or(i64::MAX)).clamp(0, amount)
}

fn share_half_up(amount: i64, percent: i32) -> i64 {
    let hundredfold = i128::from(amount) * i128::from(percent);
    i64::try_from((hundredfold + 50) / 100).unwrap_or(amount)
}

/// An end is a whole second, and that second still counts.
pub fn is_past(end: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    end <= past_ends(now)
}

/// Ends at or before this instant are past at `now`: [`is_past`] as a bound for queries.
pub fn past_ends(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::seconds(1)
}

/// From when to when a copy taken at `now` is good. A relative one ends with the shop's day that is `valid_days` later.
pub fn validity(
    template: &coupon_template::Model,
    now: DateTime<Utc>,
    zone: Tz,
) -> (DateTime<Utc>, DateTime<Utc>) {
    match template.validity {
        Validity::Fixed => (template.valid_from.unwrap_or(now), template.valid_until.unwrap_or(now)),
        Validity::Relative => {
            let today = calendar::local_date(now, zone);
            let days = Days::new(u64::try_from(template.valid_days.unwrap_or(0)).unwrap_or(0));
            (now, calendar::end_of_day(today.checked_add_days(days).unwrap_or(today), zone))
        }
    }
}

/// Whether copies may be made at all: published, and not already past its fixed end.
///
/// # Refuses
/// `coupon_not_claimable`
pub fn check_issuable(template: &coupon_template::Model, now: DateTime<Utc>) -> Result<(), Refusal> {
    let over =
        template.validity == Validity::Fixed && template.valid_until.is_some_and(|end| is_past(end, now));
    if template.state != CouponTemplateState::Published || over {
        return Err(Refusal::CouponNotClaimable);
    }
    Ok(())
}

/// Whether members may claim: issuable, meant to be claimed, and within the claim window.
///
/// # Refuses
/// `coupon_not_claimable`
pub fn check_claimable(template: &coupon_template::Model, now: DateTime<Utc>) -> Result<(), Refusal> {
    check_issuable(template, now)?;
    let early = template.claim_from.is_some_and(|from| now < from);
    let late = template.claim_until.is_some_and(|until| is_past(until, now));
    if !template.claimable || early || late {
        return Err(Refusal::CouponNotClaimable);
    }
    Ok(())
}

/// The lowest slot that is free for a member, or none when the limit is reached. `held` are the slots in use.
pub fn free_slot(held: &[i32], limit: i32) -> Option<i32> {
    (1..=limit).find(|slot| !held.contains(slot))
}

const REASON_LENGTH: usize = 200;

/// A reason that staff give, trimmed.
pub fn reason(text: &str) -> crate::Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_LENGTH {
        return Err(crate::Error::invalid("reason", format!("must have 1 to {REASON_LENGTH} characters")));
    }
    Ok(text.to_owned())
}

/// Ten million yuan: above it somebody mistyped.
pub const LARGEST_FEN: i64 = 1_000_000_000;

pub fn check_amount(amount_fen: i64) -> Result<(), String> {
    if (0..=LARGEST_FEN).contains(&amount_fen) {
        Ok(())
    } else {
        Err(format!("must be from 0 to {LARGEST_FEN}"))
    }
}
