//! What a member sees of their tier: what it gives, what is missing to rise and to stay, and by when.

use chrono::{DateTime, Datelike, Duration, Months, Utc};
use chrono_tz::Tz;
use entity::purchase;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::ladder::Tier;
use super::policy::{self, Counts, TierPolicy};
use super::rules::{self, Numbers, Sum};
use super::standing::{self, Place, Span, Standing};
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::points;

#[derive(Debug, Clone)]
pub struct Progress {
    pub tier: Tier,
    pub standing: Option<Standing>,
    pub numbers: Numbers,
    pub policy: TierPolicy,
    /// Beginning of the rolling window.
    pub window_from: DateTime<Utc>,
    /// None on the highest tier that can be earned.
    pub rise: Option<Rise>,
    /// None on the lowest tier, and while the tier is kept by hand.
    pub stay: Option<Stay>,
}

/// Under `need: any` either of the missing numbers is enough.
#[derive(Debug, Clone)]
pub struct Rise {
    pub tier: Tier,
    pub missing_fen: Option<i64>,
    pub missing_visits: Option<i64>,
    /// Until then as much is missing; then the oldest purchase that counts leaves the window. None where nothing ever leaves.
    pub by: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct Stay {
    pub missing_fen: Option<i64>,
    pub missing_visits: Option<i64>,
    /// Purchases until then are settled when the next check looks.
    pub by: DateTime<Utc>,
    pub check_at: DateTime<Utc>,
    /// Checks below after which the tier ends.
    pub misses_left: i32,
}

/// None where the brand has no tiers.
pub async fn progress_of(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Option<Progress>> {
    let Some(place) = standing::place_of(connection, member_id).await? else { return Ok(None) };
    let Some(tier) = place.tier().cloned() else { return Ok(None) };
    let policy = policy::load(connection).await?;
    let return_days = points::load_policy(connection).await?.return_days;
    let now = ctx.now();
    let span = Span::at(ctx, (&policy, return_days), place.standing.as_ref(), now);
    let numbers = standing::numbers(connection, member_id, span).await?;
    let counted = numbers.counted(policy.counts);
    let leaves = match policy.counts {
        Counts::Window => {
            first_to_leave(connection, member_id, (span, &policy, ctx.settings.timezone)).await?
        }
        Counts::Lifetime | Counts::SinceChange => None,
    };
    let rise = next_tier(&place, counted, &policy).map(|tier| {
        let (missing_fen, missing_visits) = rules::missing(&tier, counted);
        Rise { tier, missing_fen, missing_visits, by: leaves }
    });
    let stay = match place.current > 0 && !place.is_frozen(now) {
        true => Some(stay(ctx, connection, (member_id, &place), (&policy, return_days)).await?),
        false => None,
    };
    let standing = place.standing;
    Ok(Some(Progress { tier, standing, numbers, policy, window_from: span.window_from, rise, stay }))
}

/// The lowest tier above the present one that can be earned and is not.
fn next_tier(place: &Place, counted: Sum, policy: &TierPolicy) -> Option<Tier> {
    let above = place.ladder.iter().skip(place.current + 1);
    let earnable = |tier: &&Tier| tier.spend_fen.is_some() || tier.visits.is_some();
    above.filter(earnable).find(|tier| !rules::reaches(tier, counted, policy.need)).cloned()
}

async fn first_to_leave(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
    (span, policy, zone): (Span, &TierPolicy, Tz),
) -> Result<Option<DateTime<Utc>>> {
    let oldest: Option<DateTime<Utc>> = purchase::Entity::find()
        .select_only()
        .column(purchase::Column::PurchasedAt)
        .filter(purchase::Column::MemberId.eq(member_id))
        .filter(purchase::Column::PurchasedAt.between(span.window_from, span.settled_until))
        .order_by_asc(purchase::Column::PurchasedAt)
        .into_tuple()
        .one(connection)
        .await?;
    let leaves = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone).naive_local();
        local.checked_add_months(Months::new(policy.window_months)).map(|at| calendar::instant(at, zone))
    };
    Ok(oldest.and_then(leaves))
}

/// What the next check will miss that a purchase made from now on can still bring.
async fn stay(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    (member_id, place): (MemberId, &Place),
    (policy, return_days): (&TierPolicy, u32),
) -> Result<Stay> {
    let (check_at, by) = next_check(ctx.now(), return_days, ctx.settings.timezone);
    let span = Span::at(ctx, (policy, return_days), place.standing.as_ref(), check_at);
    let numbers = standing::numbers(connection, member_id, span).await?;
    let (missing_fen, missing_visits) = match place.tier() {
        Some(tier) => rules::missing(tier, numbers.counted(policy.counts)),
        None => (None, None),
    };
    let missed = place.standing.as_ref().map_or(0, |row| row.misses);
    let allowed = i32::try_from(policy.misses).unwrap_or(i32::MAX);
    Ok(Stay { missing_fen, missing_visits, by, check_at, misses_left: (allowed - missed).max(0) })
}

/// The next check that a purchase made now can still count for, and until when.
pub fn next_check(now: DateTime<Utc>, return_days: u32, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
    let today = calendar::local_date(now, zone);
    let mut first = today.with_day(1).unwrap_or(today);
    loop {
        first = first + Months::new(1);
        let check_at = calendar::start_of_day(first, zone);
        let by = check_at - Duration::days(i64::from(return_days));
        if by > now {
            return (check_at, by);
        }
    }
}
