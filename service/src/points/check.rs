//! The nightly reconciliation: for every account the ledger, the lots and the account itself must tell the same numbers. It reports
//! what does not add up and repairs nothing: a wrong number has a cause, and whoever mends it writes an adjustment.

use std::collections::HashMap;

use chrono::Timelike;
use entity::states::LotState;
use entity::{points_account, points_check, points_entry, points_lot, points_move};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PointsCheckId, PointsLotId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

/// Accounts per page.
const PAGE: u64 = 500;
/// Differences that a report keeps; it counts all.
const KEPT: usize = 100;

/// What one account says, what the sums of its ledger say, and what its lots say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    pub member_id: MemberId,
    pub account: Numbers,
    pub ledger: Numbers,
    pub lots: Numbers,
    /// Lots whose remainder is not the sum of their moves.
    #[schema(value_type = Vec<String>)]
    pub wrong_lots: Vec<PointsLotId>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Numbers {
    pub balance: i64,
    pub pending: i64,
    pub debt: i64,
}

#[derive(Debug, Clone)]
pub struct CheckReport {
    pub id: PointsCheckId,
    pub accounts: u64,
    pub wrong: u64,
    pub differences: Vec<Difference>,
}

/// The hour of the shop from which on the night's check may run.
const HOUR: u32 = 3;

/// The night's check, unless the day has its report. Harmless twice: it only reads, and the second report is the first one's.
pub async fn check_if_due(ctx: &Context) -> Result<bool> {
    let local = ctx.now().with_timezone(&ctx.settings.timezone);
    let of_today = points_check::Column::Day.eq(local.date_naive());
    let done = points_check::Entity::find().filter(of_today).one(ctx.db.read()).await?.is_some();
    if done || local.hour() < HOUR {
        return Ok(false);
    }
    check_points(ctx).await?;
    Ok(true)
}

/// Compares all accounts and keeps the report as the day's. A second run of a day replaces it.
pub async fn check_points(ctx: &Context) -> Result<CheckReport> {
    let mut report = CheckReport { id: ctx.new_id(), accounts: 0, wrong: 0, differences: Vec::new() };
    let mut after: Option<MemberId> = None;
    loop {
        let (checked, last, differences) = check_page(ctx, after).await?;
        report.accounts += checked;
        report.wrong += differences.len() as u64;
        let room = KEPT.saturating_sub(report.differences.len());
        report.differences.extend(differences.into_iter().take(room));
        if checked < PAGE {
            break;
        }
        after = last;
    }
    keep(ctx, &report).await?;
    if report.wrong > 0 {
        tracing::error!(accounts = report.accounts, wrong = report.wrong, "points do not add up");
    }
    Ok(report)
}

/// In one transaction with the accounts locked, so that a purchase in between is no difference.
async fn check_page(
    ctx: &Context,
    after: Option<MemberId>,
) -> Result<(u64, Option<MemberId>, Vec<Difference>)> {
    let txn = ctx.db.begin().await?;
    let mut query = points_account::Entity::find().order_by_asc(points_account::Column::MemberId);
    if let Some(after) = after {
        query = query.filter(points_account::Column::MemberId.gt(after));
    }
    let accounts = query.limit(PAGE).lock_shared().all(&txn).await?;
    let members: Vec<MemberId> = accounts.iter().map(|account| account.member_id).collect();
    let ledger = ledger_numbers(&txn, &members).await?;
    let lots = lot_numbers(&txn, &members).await?;
    let mut wrong_lots = wrong_lots(&txn, &members).await?;
    txn.rollback().await?;
    let last = members.last().copied();
    let differences = accounts.iter().filter_map(|row| {
        let id = row.member_id;
        let account = Numbers { balance: row.balance, pending: row.pending, debt: row.debt };
        let ledger = ledger.get(&id).copied().unwrap_or_default();
        let mut lots = lots.get(&id).copied().unwrap_or_default();
        lots.balance -= ledger.debt;
        lots.debt = ledger.debt;
        let wrong_lots = wrong_lots.remove(&id).unwrap_or_default();
        let differs = account != ledger || ledger != lots || !wrong_lots.is_empty();
        differs.then_some(Difference { member_id: id, account, ledger, lots, wrong_lots })
    });
    Ok((members.len() as u64, last, differences.collect()))
}

async fn ledger_numbers(
    txn: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, Numbers>> {
    use points_entry::Column;
    let rows: Vec<(MemberId, i64, i64, i64)> = points_entry::Entity::find()
        .select_only()
        .column(Column::MemberId)
        .column_as(Column::Points.sum().cast_as("bigint"), "points")
        .column_as(Column::Pending.sum().cast_as("bigint"), "pending")
        .column_as(Column::DebtChange.sum().cast_as("bigint"), "debt")
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .group_by(Column::MemberId)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, balance, pending, debt)| (id, Numbers { balance, pending, debt }))
        .collect())
}

async fn lot_numbers(txn: &impl ConnectionTrait, members: &[MemberId]) -> Result<HashMap<MemberId, Numbers>> {
    use points_lot::Column;
    let rows: Vec<(MemberId, LotState, i64)> = points_lot::Entity::find()
        .select_only()
        .column(Column::MemberId)
        .column(Column::State)
        .column_as(Column::Remaining.sum().cast_as("bigint"), "remaining")
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .group_by(Column::MemberId)
        .group_by(Column::State)
        .into_tuple()
        .all(txn)
        .await?;
    let mut numbers: HashMap<MemberId, Numbers> = HashMap::new();
    for (id, state, remaining) in rows {
        let one = numbers.entry(id).or_default();
        match state {
            LotState::Pending => one.pending += remaining,
            LotState::Open | LotState::Closed => one.balance += remaining,
        }
    }
    Ok(numbers)
}

async fn wrong_lots(
    txn: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, Vec<PointsLotId>>> {
    let moved = Query::select()
        .expr(Expr::cust("COALESCE(SUM(points_move.points), 0)"))
        .from(points_move::Entity)
        .and_where(
            Expr::col((points_move::Entity, points_move::Column::LotId))
                .equals((points_lot::Entity, points_lot::Column::Id)),
        )
        .to_owned();
    let rows: Vec<(MemberId, PointsLotId)> = points_lot::Entity::find()
        .select_only()
        .column(points_lot::Column::MemberId)
        .column(points_lot::Column::Id)
        .filter(points_lot::Column::MemberId.is_in(members.iter().copied()))
        .filter(
            Expr::col((points_lot::Entity, points_lot::Column::Remaining))
                .ne(Expr::SubQuery(None, Box::new(moved.into()))),
        )
        .into_tuple()
        .all(txn)
        .await?;
    let mut wrong: HashMap<MemberId, Vec<PointsLotId>> = HashMap::new();
    for (member_id, lot_id) in rows {
        wrong.entry(member_id).or_default().push(lot_id);
    }
    Ok(wrong)
}

async fn keep(ctx: &Context, report: &CheckReport) -> Result<()> {
    use points_check::Column;
    let txn = ctx.db.begin().await?;
    points_check::Entity::insert(points_check::ActiveModel {
        id: Set(report.id),
        day: Set(calendar::local_date(ctx.now(), ctx.settings.timezone)),
        accounts: Set(i64::try_from(report.accounts).unwrap_or(i64::MAX)),
        wrong: Set(i64::try_from(report.wrong).unwrap_or(i64::MAX)),
        differences: Set(serde_json::to_value(&report.differences).map_err(Error::internal)?),
        created_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::column(Column::Day)
            .update_columns([Column::Accounts, Column::Wrong, Column::Differences, Column::CreatedAt])
            .to_owned(),
    )
    .exec_without_returning(&txn)
    .await?;
    txn.commit().await?;
    Ok(())
}

/// The reports, the latest first.
pub async fn list_checks(
    ctx: &Context,
    staff: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<points_check::Model>> {
    staff.require(Permission::ReadReports)?;
    let mut query = points_check::Entity::find().order_by_desc(points_check::Column::Id);
    if let Some(after) = page.after::<PointsCheckId>()? {
        query = query.filter(points_check::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}
