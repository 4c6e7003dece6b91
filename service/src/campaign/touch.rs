//! What one member of an audience did within their window, and a group's sums of it. Pure.
//!
//! Each stage counts a member once. A window begins when the member's own message was sent and is as long for everybody; for who was
//! not sent one (the hold-out first of all) it begins at the campaign's median send time.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use entity::states::{Channel, CouponState, DeliveryState};
use entity::{coupon, delivery, redemption};

use super::lift::{Sample, Share};
use crate::ids::CouponId;

/// What there is to know of one member.
#[derive(Debug, Default)]
pub struct Trail {
    /// Of the campaign's template.
    pub coupons: Vec<coupon::Model>,
    /// Of those coupons.
    pub redemptions: Vec<redemption::Model>,
    /// When, and for how much.
    pub purchases: Vec<(DateTime<Utc>, i64)>,
}

/// When what a member does counts: from then, until before then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Window {
    pub fn of(row: &delivery::Model, median: DateTime<Utc>, length: Duration) -> Self {
        let from = sent_at(row).unwrap_or(median);
        Self { from, until: from + length }
    }

    pub fn holds(self, at: DateTime<Utc>) -> bool {
        self.from <= at && at < self.until
    }
}

/// When the message went out, for those who were sent one.
pub fn sent_at(row: &delivery::Model) -> Option<DateTime<Utc>> {
    matches!(row.state, DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Bounced)
        .then_some(row.sent_at)
        .flatten()
}

/// Sums over the members of one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub members: u64,
    pub sent: u64,
    pub delivered: u64,
    pub opened: u64,
    pub claimed: u64,
    pub redeemed: u64,
    pub purchased: u64,
    pub sales_fen: i64,
    /// What sending cost.
    pub cost_fen: i64,
    pub sales: Sample,
}

impl Tally {
    pub fn add(&mut self, row: &delivery::Model, window: Window, trail: &Trail) {
        let sent = sent_at(row).is_some();
        let arrived = row.state == DeliveryState::Delivered || (sent && row.channel == Channel::Inbox);
        let bought: Vec<i64> =
            trail.purchases.iter().filter(|(at, _)| window.holds(*at)).map(|(_, fen)| *fen).collect();
        let sales: i64 = bought.iter().sum();
        self.members += 1;
        self.sent += u64::from(sent);
        self.delivered += u64::from(arrived);
        self.opened += u64::from(row.opened_at.is_some_and(|at| window.holds(at)));
        self.claimed += u64::from(trail.coupons.iter().any(|one| took(row, window, one)));
        self.redeemed += u64::from(redeemed(window, trail));
        self.purchased += u64::from(!bought.is_empty());
        self.sales_fen += sales;
        self.cost_fen += row.cost_fen;
        #[allow(clippy::cast_precision_loss, reason = "money far below 2^53 fen")]
        self.sales.add(sales as f64);
    }

    pub fn merge(&mut self, other: &Self) {
        self.members += other.members;
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.opened += other.opened;
        self.claimed += other.claimed;
        self.redeemed += other.redeemed;
        self.purchased += other.purchased;
        self.sales_fen += other.sales_fen;
        self.cost_fen += other.cost_fen;
        self.sales.of += other.sales.of;
        self.sales.sum += other.sales.sum;
        self.sales.squares += other.sales.squares;
    }

    pub fn share(&self, hits: u64) -> Share {
        Share { hits, of: self.members }
    }
}

/// The coupon that came with the message was taken before it was sent; any other counts from then on.
fn took(row: &delivery::Model, window: Window, coupon: &coupon::Model) -> bool {
    coupon.state != CouponState::Voided
        && (row.coupon_id == Some(coupon.id) || window.holds(coupon.claimed_at))
}

fn redeemed(window: Window, trail: &Trail) -> bool {
    let ids: HashSet<CouponId> = trail.coupons.iter().map(|one| one.id).collect();
    trail
        .redemptions
        .iter()
        .any(|one| one.reversed_at.is_none() && window.holds(one.redeemed_at) && ids.contains(&one.coupon_id))
}
