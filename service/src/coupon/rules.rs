//! The pure decisions about coupons: when a copy is good, what it takes off, whether it can be used here and now.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::states::{CouponKind, CouponState, CouponTemplateState, SalesChannel, Validity};
use entity::{coupon, coupon_template};

use super::Offer;
use super::basket::{Basket, Line};
use crate::calendar;
use crate::ids::{MemberId, StoreId};
use crate::refusal::Refusal;

/// Where, when, for whom and on what a coupon is to be used.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a> {
    pub member_id: MemberId,
    pub store_id: StoreId,
    pub channel: SalesChannel,
    /// The store's.
    pub zone: Tz,
    pub now: DateTime<Utc>,
    /// The member has bought nothing yet.
    pub is_first_order: bool,
    /// The online shop's order, which may have locked the coupon.
    pub order_no: Option<&'a str>,
    /// Without one, goods and threshold are not looked at.
    pub basket: Option<&'a Basket>,
}

/// Why a coupon can't be used, and the cheapest way to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable {
    pub reason: Refusal,
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// So much more of the goods that it is good for.
    SpendMore {
        fen: i64,
    },
    /// One of the goods that it is good for.
    AddGoods,
    /// Come back then.
    ComeBack {
        at: DateTime<Utc>,
    },
    OtherStore,
    OtherChannel,
}

impl From<Refusal> for Unusable {
    fn from(reason: Refusal) -> Self {
        Self { reason, fix: None }
    }
}

/// The first reason in this order.
///
/// # Refuses
/// `coupon_not_owned`, `coupon_voided`, `coupon_already_redeemed`, `coupon_locked`, `coupon_expired`,
/// `coupon_not_yet_valid`, `coupon_wrong_store`, `coupon_wrong_channel`, `coupon_outside_hours`, `coupon_first_order_only`,
/// `coupon_no_matching_goods`, `coupon_threshold_not_met`
pub fn check(coupon: &coupon::Model, offer: &Offer, usage: Usage<'_>) -> Result<(), Unusable> {
    check_state(coupon, usage)?;
    let with = |reason, fix| Err(Unusable { reason, fix: Some(fix) });
    let conditions = &offer.conditions;
    if usage.now < coupon.valid_from {
        return with(Refusal::CouponNotYetValid, Fix::ComeBack { at: coupon.valid_from });
    }
    if !offer.is_for(usage.store_id) {
        return with(Refusal::CouponWrongStore, Fix::OtherStore);
    }
    if !conditions.allows_channel(usage.channel) {
        return with(Refusal::CouponWrongChannel, Fix::OtherChannel);
    }
    if !conditions.is_open_at(usage.now, usage.zone) {
        let opens = conditions.opens_after(usage.now, usage.zone);
        let fix = opens.filter(|at| *at <= coupon.valid_until).map(|at| Fix::ComeBack { at });
        return Err(Unusable { reason: Refusal::CouponOutsideHours, fix });
    }
    if conditions.first_order && !usage.is_first_order {
        return Err(Refusal::CouponFirstOrderOnly.into());
    }
    usage.basket.map_or(Ok(()), |basket| check_goods(offer, basket))
}

/// A lock that was taken in time keeps the coupon good for its order until it ends; one that has ended is none.
fn check_state(coupon: &coupon::Model, usage: Usage<'_>) -> Result<(), Refusal> {
    if coupon.member_id != usage.member_id {
        return Err(Refusal::CouponNotOwned);
    }
    match coupon.state {
        CouponState::Issued => {}
        CouponState::Voided => return Err(Refusal::CouponVoided),
        CouponState::Used => return Err(Refusal::CouponAlreadyRedeemed),
        CouponState::Expired => return Err(Refusal::CouponExpired),
        CouponState::Locked if !is_locked(coupon, usage.now) => {}
        CouponState::Locked if coupon.locked_order_no.as_deref() == usage.order_no => return Ok(()),
        CouponState::Locked => return Err(Refusal::CouponLocked),
    }
    if is_past(coupon.valid_until, usage.now) { Err(Refusal::CouponExpired) } else { Ok(()) }
}

pub fn is_locked(coupon: &coupon::Model, now: DateTime<Utc>) -> bool {
    coupon.state == CouponState::Locked && coupon.locked_until.is_some_and(|until| now < until)
}

/// The threshold looks at the goods that the coupon is good for; of an exchange, at everything but the exchanged piece.
fn check_goods(offer: &Offer, basket: &Basket) -> Result<(), Unusable> {
    let fitting = || basket.lines.iter().filter(|line| offer.conditions.fits_goods(line));
    if offer.conditions.names_goods() && fitting().next().is_none() {
        return Err(Unusable { reason: Refusal::CouponNoMatchingGoods, fix: Some(Fix::AddGoods) });
    }
    let amount = match offer.template.kind {
        CouponKind::Exchange => basket.goods_fen() - fitting().map(|line| line.price_fen).max().unwrap_or(0),
        _ => fitting().map(Line::amount_fen).sum(),
    };
    let missing = offer.template.threshold_fen - amount;
    if missing > 0 {
        let fix = Some(Fix::SpendMore { fen: missing });
        return Err(Unusable { reason: Refusal::CouponThresholdNotMet, fix });
    }
    Ok(())
}

/// What the coupon takes off an amount of goods that meets its threshold: never more than the amount, never less than
/// nothing. Exchanges and deliveries are no matter of an amount. A percentage rounds what the customer pays, half up, once.
pub fn discount_fen(template: &coupon_template::Model, amount_fen: i64) -> i64 {
    let amount = amount_fen.max(0);
    let wanted = match template.kind {
        CouponKind::MoneyOff => template.discount_fen.unwrap_or(0),
        CouponKind::Percentage => amount - share_half_up(amount, template.pay_percent.unwrap_or(100)),
        CouponKind::Gift | CouponKind::Service | CouponKind::Exchange | CouponKind::FreeDelivery => 0,
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

/// From when to when a copy taken at `now` is good. A relative one begins at once, or with the shop's day that is
/// `starts_after_days` later, and ends with the day that is `valid_days` after its beginning.
pub fn validity(
    template: &coupon_template::Model,
    now: DateTime<Utc>,
    zone: Tz,
) -> (DateTime<Utc>, DateTime<Utc>) {
    match template.validity {
        Validity::Fixed => (template.valid_from.unwrap_or(now), template.valid_until.unwrap_or(now)),
        Validity::Relative => {
            let later = |day: NaiveDate, days: Option<i32>| {
                let days = Days::new(u64::try_from(days.unwrap_or(0)).unwrap_or(0));
                day.checked_add_days(days).unwrap_or(day)
            };
            let today = calendar::local_date(now, zone);
            let first = later(today, template.starts_after_days);
            let from = if first == today { now } else { calendar::start_of_day(first, zone) };
            (from, calendar::end_of_day(later(first, template.valid_days), zone))
        }
    }
}

/// Copies that the stock and the budget still allow.
pub fn left_in_all(template: &coupon_template::Model) -> i64 {
    let paid_for = match (template.budget_fen, template.cost_fen) {
        (Some(budget), cost) if cost > 0 => budget / cost,
        _ => i64::MAX,
    };
    (template.stock.min(paid_for) - template.taken).max(0)
}

/// Copies that members may still take on a day of the shop.
pub fn left_on(template: &coupon_template::Model, day: NaiveDate) -> i64 {
    let taken = if template.taken_day == Some(day) { template.taken_today } else { 0 };
    template.daily_stock.map_or(i64::MAX, |daily| (daily - taken).max(0))
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
    if !template.claimable {
        return Err(Refusal::CouponNotClaimable);
    }
    check_takeable(template, now)
}

/// Whether members may take it who know its code: issuable, and within the claim window.
///
/// # Refuses
/// `coupon_not_claimable`
pub fn check_takeable(template: &coupon_template::Model, now: DateTime<Utc>) -> Result<(), Refusal> {
    check_issuable(template, now)?;
    let early = template.claim_from.is_some_and(|from| now < from);
    let late = template.claim_until.is_some_and(|until| is_past(until, now));
    if early || late { Err(Refusal::CouponNotClaimable) } else { Ok(()) }
}

/// The lowest slot that is free for a member, or none when the limit is reached. `held` are the slots in use.
pub fn free_slot(held: &[i32], limit: i32) -> Option<i32> {
    (1..=limit).find(|slot| !held.contains(slot))
}

/// What a member has had of a template so far.
#[derive(Debug, Clone, Default)]
pub struct Had {
    /// Of every copy, whatever became of it.
    pub slots: Vec<i32>,
    /// Copies that the member took on the day that is asked about.
    pub taken_today: i32,
}

impl Had {
    /// Copies that the member holds or has used.
    pub fn held(&self) -> i64 {
        self.slots.iter().filter(|slot| **slot > 0).count() as i64
    }
}

/// Whether a member may take so many more copies on a day of the shop, as far as can be told before it is tried.
///
/// # Refuses
/// `coupon_daily_limit_reached`, `coupon_limit_reached`, `coupon_sold_out`, `coupon_sold_out_today`
pub fn check_more(
    template: &coupon_template::Model,
    had: &Had,
    (copies, today): (i32, NaiveDate),
) -> Result<(), Refusal> {
    if template.limit_per_day.is_some_and(|limit| had.taken_today + copies > limit) {
        return Err(Refusal::CouponDailyLimitReached);
    }
    let free = (1..=template.limit_per_member).filter(|slot| !had.slots.contains(slot)).count();
    if free < usize::try_from(copies).unwrap_or(0) {
        return Err(Refusal::CouponLimitReached);
    }
    let (in_all, of_today) = (left_in_all(template), left_on(template, today));
    match i64::from(copies) {
        copies if copies <= in_all.min(of_today) => Ok(()),
        _ if of_today < in_all => Err(Refusal::CouponSoldOutToday),
        _ => Err(Refusal::CouponSoldOut),
    }
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
