//! The planner: for a set of thresholds, how many members would sit in each tier now, and who would move.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::ladder::{self, Tier};
use super::policy::{self, Counts, Need, TierPolicy};
use super::rules;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::points;
use crate::staff::{Permission, StaffCaller};

/// One step of the ladder that is tried out, from the lowest on; the lowest asks for nothing.
#[derive(Debug, Clone)]
pub struct PlannedTier {
    pub name: String,
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub members: i64,
    /// By place in the planned ladder.
    pub tiers: Vec<PlannedShare>,
    /// From the tier that members have to the one they would have, with how many; who would stay is among them.
    pub moves: Vec<PlannedMove>,
    /// The highest tier holds more than the quota.
    pub top_above_quota: bool,
    pub top_quota_percent: u32,
}

#[derive(Debug, Clone)]
pub struct PlannedShare {
    pub tier: PlannedTier,
    pub members: i64,
    /// Of all members, in hundredths of a percent.
    pub share_per_10000: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMove {
    /// None: there is no ladder yet.
    pub from: Option<String>,
    pub to: String,
    pub members: i64,
}

const MOST_TIERS: usize = 20;

/// Without tiers of its own: the ladder as it is.
pub async fn plan_tiers(
    ctx: &Context,
    staff: &StaffCaller,
    planned: Option<Vec<PlannedTier>>,
) -> Result<Plan> {
    staff.require(Permission::ReadMembers)?;
    let db = ctx.db.read();
    let ladder = ladder::load(db).await?;
    let planned = planned.unwrap_or_else(|| ladder.iter().map(PlannedTier::of).collect());
    if !(1..=MOST_TIERS).contains(&planned.len()) {
        return Err(Error::invalid("tiers", "are 1 to 20"));
    }
    let policy = policy::load(db).await?;
    let return_days = points::load_policy(db).await?.return_days;
    let settled_until = ctx.now() - Duration::days(i64::from(return_days));
    let window_from = match policy.counts {
        Counts::Window => rules::window_from(ctx.now(), policy.window_months, ctx.settings.timezone),
        Counts::Lifetime | Counts::SinceChange => DateTime::UNIX_EPOCH,
    };
    let counted = count(ctx, (&planned, &policy), (window_from, settled_until)).await?;
    Ok(summarise(&ladder, planned, &policy, counted))
}

impl PlannedTier {
    fn of(tier: &Tier) -> Self {
        Self { name: tier.name.clone(), spend_fen: tier.spend_fen, visits: tier.visits }
    }
}

/// Members by the rank that they have and the place that they would have.
async fn count(
    ctx: &Context,
    (planned, policy): (&[PlannedTier], &TierPolicy),
    (window_from, settled_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<(i64, usize, i64)>> {
    let top = i64::try_from(planned.len()).map_err(Error::internal)? - 1;
    let mut values: Vec<Value> = vec![settled_until.into(), window_from.into(), ctx.now().into(), top.into()];
    let cases = cases(planned, policy.need, &mut values);
    let since = match policy.counts {
        Counts::SinceChange => "AND (st.since IS NULL OR p.purchased_at >= st.since)",
        Counts::Lifetime | Counts::Window => "",
    };
    let sql = format!(
        "SELECT rank, place, COUNT(*) FROM (SELECT CAST(COALESCE(t.rank, 0) AS bigint) AS rank, \
         CAST({cases} AS bigint) AS place FROM member m \
         LEFT JOIN (SELECT p.member_id, CAST(SUM(p.total_fen - p.refunded_fen) AS bigint) AS fen, \
         COUNT(*) AS visits FROM purchase p LEFT JOIN tier_standing st ON st.member_id = p.member_id \
         WHERE p.purchased_at <= $1 AND p.purchased_at >= $2 AND p.refunded_fen < p.total_fen {since} \
         GROUP BY p.member_id) s ON s.member_id = m.id \
         LEFT JOIN tier_standing h ON h.member_id = m.id LEFT JOIN tier t ON t.id = h.tier_id \
         WHERE m.state = 'active') placed GROUP BY rank, place"
    );
    let query = Statement::from_sql_and_values(ctx.db.backend(), sql, values);
    let rows = ctx.db.read().query_all_raw(query).await?;
    let read = |row: sea_orm::QueryResult| -> Result<(i64, usize, i64)> {
        let place: i64 = row.try_get_by_index(1)?;
        let place = usize::try_from(place).map_err(Error::internal)?;
        Ok((row.try_get_by_index(0)?, place, row.try_get_by_index(2)?))
    };
    rows.into_iter().map(read).collect()
}

/// The highest tier whose thresholds are reached, as SQL; a tier that staff gave stays as long as it is frozen.
fn cases(planned: &[PlannedTier], need: Need, values: &mut Vec<Value>) -> String {
    let mut sql = String::from(
        "CASE WHEN h.frozen_until > $3 THEN CASE WHEN COALESCE(t.rank, 0) > $4 THEN $4 ELSE COALESCE(t.rank, 0) END",
    );
    for (place, tier) in planned.iter().enumerate().skip(1).rev() {
        let mut tests = Vec::new();
        for (column, least) in [("fen", tier.spend_fen), ("visits", tier.visits)] {
            if let Some(least) = least {
                values.push(least.into());
                tests.push(format!("COALESCE(s.{column}, 0) >= ${}", values.len()));
            }
        }
        let joint = if need == Need::Any { " OR " } else { " AND " };
        if !tests.is_empty() {
            sql += &format!(" WHEN {} THEN {place}", tests.join(joint));
        }
    }
    sql + " ELSE 0 END"
}

fn summarise(
    ladder: &[Tier],
    planned: Vec<PlannedTier>,
    policy: &TierPolicy,
    counted: Vec<(i64, usize, i64)>,
) -> Plan {
    let members: i64 = counted.iter().map(|(_, _, members)| members).sum();
    let mut moves: BTreeMap<(i64, usize), i64> = BTreeMap::new();
    for &(rank, place, count) in &counted {
        *moves.entry((rank, place)).or_default() += count;
    }
    let name_of =
        |rank: i64| ladder.iter().find(|tier| i64::from(tier.rank) == rank).map(|tier| tier.name.clone());
    let moves = moves
        .into_iter()
        .map(|((rank, place), members)| PlannedMove {
            from: name_of(rank),
            to: planned.get(place).map(|tier| tier.name.clone()).unwrap_or_default(),
            members,
        })
        .collect();
    let tiers: Vec<_> = planned
        .into_iter()
        .enumerate()
        .map(|(place, tier)| {
            let held = counted.iter().filter(|(_, at, _)| *at == place).map(|(_, _, members)| members).sum();
            let share_per_10000 = if members == 0 { 0 } else { held * 10_000 / members };
            PlannedShare { tier, members: held, share_per_10000 }
        })
        .collect();
    let top = tiers.last().filter(|_| tiers.len() > 1).map_or(0, |top| top.members);
    let top_above_quota = top * 100 > members * i64::from(policy.top_quota_percent);
    Plan { members, tiers, moves, top_above_quota, top_quota_percent: policy.top_quota_percent }
}
