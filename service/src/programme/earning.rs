//! What earns a member points, by the rules in force today: for the member to read, so nothing in it is decided here.

use chrono::NaiveDate;
use entity::member;

use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::points::earn::{EarnRule, Effect};
use crate::points::{self, CheckInPolicy, Expiry, InvitePolicy};
use crate::tier;

#[derive(Debug, Clone)]
pub struct Earning {
    /// Points for each yuan that is paid; 0: purchases earn nothing.
    pub per_yuan: i64,
    /// Points of a purchase can be spent after so many days.
    pub return_days: u32,
    /// None while the brand has no tiers.
    pub tier: Option<TierEarning>,
    pub bonuses: Vec<Bonus>,
    /// None: there is no check-in.
    pub check_in: Option<CheckInPolicy>,
    /// None: invitations are not rewarded.
    pub invite: Option<InvitePolicy>,
    /// Those that the member has not answered.
    pub surveys: Vec<SurveyEarning>,
    pub expiry: Expiry,
}

/// Of the normal points, in the member's tier.
#[derive(Debug, Clone)]
pub struct TierEarning {
    pub name: String,
    pub percent: i32,
    /// In the month of the birthday.
    pub birthday_percent: i32,
}

/// What some purchases earn more or less, by the name that stands on the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bonus {
    pub name: String,
    /// Of the normal points; None: nothing.
    pub percent: Option<i32>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyEarning {
    pub name: String,
    pub points: i64,
}

pub async fn read_earning(ctx: &Context, member: &member::Model) -> Result<Earning> {
    let policy = points::load_policy(ctx.db.read()).await?;
    let place = tier::place_of(ctx.db.read(), member.id).await?;
    let tier = place.as_ref().and_then(|place| place.tier());
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let mine = |rule: &&EarnRule| holds_for(rule, (tier, today));
    let surveys = points::open_surveys(ctx, member.id).await?;
    Ok(Earning {
        per_yuan: policy.per_yuan,
        return_days: policy.return_days,
        bonuses: policy.rules.iter().filter(mine).map(bonus).collect(),
        tier: tier.map(|tier| TierEarning {
            name: tier.name.clone(),
            percent: tier.points_percent,
            birthday_percent: tier.birthday_percent,
        }),
        check_in: policy.check_in,
        invite: policy.invite,
        surveys: surveys
            .into_iter()
            .map(|row| SurveyEarning { name: row.name, points: row.points })
            .collect(),
        expiry: policy.expiry,
    })
}

/// Whether some purchase of the member may fall under the rule from today on.
fn holds_for(rule: &EarnRule, (tier, today): (Option<&tier::Tier>, NaiveDate)) -> bool {
    let when = &rule.when;
    let is_running =
        when.from.is_none_or(|from| from <= today) && when.until.is_none_or(|until| today <= until);
    is_running && (when.tiers.is_empty() || tier.is_some_and(|tier| when.tiers.contains(&tier.id)))
}

fn bonus(rule: &EarnRule) -> Bonus {
    let percent = match rule.effect {
        Effect::Percent(percent) => Some(percent),
        Effect::Exclude => None,
    };
    Bonus { name: rule.name.clone(), percent, until: rule.when.until }
}
