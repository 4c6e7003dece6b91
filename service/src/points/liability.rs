//! What the brand owes its members in points, at cost. Who has left the programme is owed nothing.

use chrono::{DateTime, Utc};
use entity::states::{LotState, MemberState};
use entity::{member, points_account, points_lot};
use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::policy;
use crate::context::Context;
use crate::error::Result;
use crate::staff::{Permission, StaffCaller};

/// `*_fen` are the points at `fen_per_100`, rounded down once per line.
#[derive(Debug, Clone)]
pub struct Liability {
    pub fen_per_100: i64,
    /// What members can spend now.
    pub open: Worth,
    /// What becomes available when the return periods end.
    pub pending: Worth,
    /// What members owe; it lowers nothing above.
    pub debt: Worth,
    pub members: i64,
    /// The open points by their end, the soonest first; without an end: never.
    pub by_end: Vec<(Option<DateTime<Utc>>, Worth)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    pub points: i64,
    pub fen: i64,
}

pub async fn read_liability(ctx: &Context, staff: &StaffCaller) -> Result<Liability> {
    staff.require(Permission::ReadReports)?;
    let db = ctx.db.read();
    let fen_per_100 = policy::load(db).await?.fen_per_100;
    let worth = |points: i64| Worth { points, fen: points * fen_per_100 / 100 };
    let now = ctx.now();
    let rows: Vec<(LotState, Option<DateTime<Utc>>, i64)> = points_lot::Entity::find()
        .select_only()
        .column(points_lot::Column::State)
        .column(points_lot::Column::ExpiresAt)
        .column_as(points_lot::Column::Remaining.sum().cast_as("bigint"), "remaining")
        .filter(points_lot::Column::State.is_in([LotState::Open, LotState::Pending]))
        .filter(points_lot::Column::MemberId.not_in_subquery(who_left()))
        .group_by(points_lot::Column::State)
        .group_by(points_lot::Column::ExpiresAt)
        .order_by_asc(points_lot::Column::ExpiresAt)
        .into_tuple()
        .all(db)
        .await?;
    let lives = |end: &Option<DateTime<Utc>>| end.is_none_or(|end| end > now);
    let of = |wanted| {
        rows.iter()
            .filter(move |(state, end, _)| *state == wanted && lives(end))
            .map(|(_, end, points)| (*end, *points))
    };
    let mut by_end: Vec<_> = of(LotState::Open).map(|(end, points)| (end, worth(points))).collect();
    // SQLite and PostgreSQL sort an absent end to different sides.
    by_end.sort_by_key(|(end, _)| (end.is_none(), *end));
    let (members, debt) = holders(ctx).await?;
    Ok(Liability {
        fen_per_100,
        open: worth(of(LotState::Open).map(|(_, points)| points).sum()),
        pending: worth(of(LotState::Pending).map(|(_, points)| points).sum()),
        debt: worth(debt),
        members,
        by_end,
    })
}

/// Their ledger is kept as it was.
fn who_left() -> SelectStatement {
    member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::State.eq(MemberState::Deleted))
        .into_query()
}

/// Members with points, and what all of them owe.
async fn holders(ctx: &Context) -> Result<(i64, i64)> {
    use points_account::Column;
    let row: Option<(i64, Option<i64>)> = points_account::Entity::find()
        .select_only()
        .column_as(Column::MemberId.count(), "members")
        .column_as(Column::Debt.sum().cast_as("bigint"), "debt")
        .filter(Column::Balance.ne(0).or(Column::Pending.ne(0)))
        .filter(Column::MemberId.not_in_subquery(who_left()))
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row.map_or((0, 0), |(members, debt)| (members, debt.unwrap_or_default())))
}
