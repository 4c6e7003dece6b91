//! What a points policy must be before it is saved.

use super::earn::{EarnConditions, EarnRule, Effect};
use super::policy::{Expiry, PointsPolicy};
use crate::error::{Error, FieldError, Result};

const MOST_RULES: usize = 100;
const LONGEST_NAME: usize = 40;
const HIGHEST_PERCENT: i32 = 10_000;
const MOST_DAYS: u32 = 3650;

/// Every bad field at once.
pub fn check(policy: &PointsPolicy) -> Result<()> {
    let mut errors = Errors::default();
    errors.require((0..=1000).contains(&policy.per_yuan), "per_yuan", "is a number from 0 to 1000");
    errors.require(policy.return_days <= 365, "return_days", "is at most 365");
    errors.require((1..=365).contains(&policy.grace_days), "grace_days", "is a number from 1 to 365");
    errors.require(
        (0..=1_000_000).contains(&policy.fen_per_100),
        "fen_per_100",
        "is a number from 0 to 1000000",
    );
    errors.require(policy.review_above >= 0, "review_above", "is not negative");
    errors.require(policy.remind_days <= 90, "remind_days", "is at most 90");
    errors.require(is_near(policy.expiry), "expiry", "is at most ten years");
    errors.require(policy.rules.len() <= MOST_RULES, "rules", "are at most 100");
    for (index, rule) in policy.rules.iter().enumerate() {
        errors.rule(index, rule);
    }
    errors.check_in(policy);
    errors.invite(policy);
    let sharing = &policy.sharing;
    let known = !sharing.enabled || sharing.warning_read;
    errors.require(known, "sharing.warning_read", "must be true: the platform forbids paying for a share");
    errors.require((0..=1000).contains(&sharing.points), "sharing.points", "is a number from 0 to 1000");
    if errors.0.is_empty() { Ok(()) } else { Err(Error::Invalid(errors.0)) }
}

fn is_near(expiry: Expiry) -> bool {
    match expiry {
        Expiry::Never => true,
        Expiry::Days { days } => (1..=MOST_DAYS).contains(&days),
        Expiry::MonthEnd { after_months } => after_months <= 120,
        Expiry::YearEnd { after_years } => after_years <= 10,
    }
}

#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.0.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        }
    }

    fn rule(&mut self, index: usize, rule: &EarnRule) {
        let field = |name: &str| format!("rules[{index}].{name}");
        let name = rule.name.trim().chars().count();
        self.require((1..=LONGEST_NAME).contains(&name), &field("name"), "has 1 to 40 characters");
        if let Effect::Percent(percent) = rule.effect {
            let fits = (1..=HIGHEST_PERCENT).contains(&percent);
            self.require(fits, &field("effect.percent"), "is a number from 1 to 10000");
        }
        let EarnConditions { weekdays, days_of_month, from, until, least_fen, .. } = &rule.when;
        let week = weekdays.iter().all(|day| (1..=7).contains(day));
        self.require(week, &field("when.weekdays"), "are numbers from 1 (Monday) to 7");
        let month = days_of_month.iter().all(|day| (1..=31).contains(day));
        self.require(month, &field("when.days_of_month"), "are numbers from 1 to 31");
        let in_order = !matches!((from, until), (Some(from), Some(until)) if from > until);
        self.require(in_order, &field("when.until"), "is not before from");
        self.require(least_fen.is_none_or(|fen| fen >= 0), &field("when.least_fen"), "is not negative");
    }

    fn check_in(&mut self, policy: &PointsPolicy) {
        let Some(check_in) = &policy.check_in else { return };
        let points = (1..=10_000).contains(&check_in.points);
        self.require(points, "check_in.points", "is a number from 1 to 10000");
        self.require(check_in.streaks.len() <= 20, "check_in.streaks", "are at most 20");
        for (index, streak) in check_in.streaks.iter().enumerate() {
            let fits = (2..=366).contains(&streak.days) && (1..=100_000).contains(&streak.points);
            let field = format!("check_in.streaks[{index}]");
            self.require(fits, &field, "has days from 2 to 366 and points from 1 to 100000");
        }
    }

    fn invite(&mut self, policy: &PointsPolicy) {
        let Some(invite) = &policy.invite else { return };
        let fits = |points| (0..=100_000).contains(&points);
        self.require(fits(invite.inviter_points), "invite.inviter_points", "is a number from 0 to 100000");
        self.require(fits(invite.invited_points), "invite.invited_points", "is a number from 0 to 100000");
        self.require(invite.least_fen >= 0, "invite.least_fen", "is not negative");
        let most = (1..=10_000).contains(&invite.most_in_30_days);
        self.require(most, "invite.most_in_30_days", "is a number from 1 to 10000");
    }
}
