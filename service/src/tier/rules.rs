//! Which tier a member has earned, and what a check makes of it, pure.

use chrono::{DateTime, Duration, Months, Utc};
use chrono_tz::Tz;
use entity::tier::Model as Tier;

use super::policy::{Counts, Fall, Need, TierPolicy};
use crate::calendar;

/// Settled spend and visits: purchases whose return period is over, refunds netted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub fen: i64,
    pub visits: i64,
}

/// The three numbers; the policy says which of them counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    pub lifetime: Sum,
    /// Within the rolling window of months.
    pub window: Sum,
    /// Since the member came to the present tier.
    pub since_change: Sum,
}

impl Numbers {
    pub fn counted(&self, counts: Counts) -> Sum {
        match counts {
            Counts::Lifetime => self.lifetime,
            Counts::Window => self.window,
            Counts::SinceChange => self.since_change,
        }
    }
}

/// Where the window begins.
pub fn window_from(at: DateTime<Utc>, months: u32, zone: Tz) -> DateTime<Utc> {
    let local = at.with_timezone(&zone).naive_local();
    local
        .checked_sub_months(Months::new(months))
        .map_or(DateTime::<Utc>::MIN_UTC, |from| calendar::instant(from, zone))
}

/// Whether `sum` reaches what the tier asks for. One that asks for nothing is only given by hand, but for the lowest.
pub fn reaches(tier: &Tier, sum: Sum, need: Need) -> bool {
    let fen = tier.spend_fen.map(|least| sum.fen >= least);
    let visits = tier.visits.map(|least| sum.visits >= least);
    match (fen, visits) {
        (None, None) => tier.rank == 0,
        (Some(one), None) | (None, Some(one)) => one,
        (Some(fen), Some(visits)) => match need {
            Need::Any => fen || visits,
            Need::All => fen && visits,
        },
    }
}

/// The place in the ladder (from the lowest on) that `sum` has earned.
pub fn deserved(ladder: &[Tier], sum: Sum, need: Need) -> usize {
    ladder.iter().rposition(|tier| reaches(tier, sum, need)).unwrap_or(0)
}

/// What is missing to reach a tier: spend, visits. Under [`Need::Any`] either is enough.
pub fn missing(tier: &Tier, sum: Sum) -> (Option<i64>, Option<i64>) {
    let left = |least: Option<i64>, has: i64| least.map(|least| (least - has).max(0));
    (left(tier.spend_fen, sum.fen), left(tier.visits, sum.visits))
}

/// How a member stands when a check looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Places in the ladder.
    pub current: usize,
    pub deserved: usize,
    /// Checks in a row that found the member below.
    pub misses: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Earned; earlier misses are forgotten.
    Stays,
    /// Below once more; so many checks are left before the tier ends.
    Missed {
        misses: i32,
        left: i32,
    },
    /// Below too often; the tier ends then unless it is earned again.
    Ends {
        misses: i32,
        at: DateTime<Utc>,
    },
    Falls {
        to: usize,
    },
}

/// The monthly check of a tier that is not frozen.
pub fn judge(policy: &TierPolicy, checked: Checked, now: DateTime<Utc>) -> Verdict {
    if checked.deserved >= checked.current {
        return Verdict::Stays;
    }
    let misses = checked.misses + 1;
    let allowed = i32::try_from(policy.misses).unwrap_or(i32::MAX);
    if misses < allowed {
        return Verdict::Missed { misses, left: allowed - misses };
    }
    if policy.grace_days > 0 {
        return Verdict::Ends { misses, at: now + Duration::days(i64::from(policy.grace_days)) };
    }
    fall(policy, checked)
}

/// The grace is over.
pub fn judge_grace(policy: &TierPolicy, checked: Checked) -> Verdict {
    if checked.deserved >= checked.current { Verdict::Stays } else { fall(policy, checked) }
}

fn fall(policy: &TierPolicy, checked: Checked) -> Verdict {
    let to = match policy.fall {
        Fall::OneStep => checked.current.saturating_sub(1),
        Fall::ByBalance => checked.deserved,
    };
    Verdict::Falls { to }
}

/// The month of a check, which is done once per member: `2026-03`.
pub fn period(now: DateTime<Utc>, zone: Tz) -> String {
    calendar::local_date(now, zone).format("%Y-%m").to_string()
}
