//! What a member sees of their points: the balance now, what is pending, what expires when, and the ledger with its lots.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{LotState, PointsKind};
use entity::{points_entry, points_lot, points_move};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::ledger;
use super::policy;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PointsEntryId, PointsLotId};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::staff::{Permission, StaffCaller};

/// As things stand now, whether or not the jobs that write down what time has done have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// What can be spent; below zero where the member owes points.
    pub balance: i64,
    /// Points of purchases that can still be returned.
    pub pending: i64,
    pub pending_until: Vec<(DateTime<Utc>, i64)>,
    /// What will be gone when, the soonest first; what never expires is not among it.
    pub expiring: Vec<(DateTime<Utc>, i64)>,
    /// What the balance is worth, in fen.
    pub worth_fen: i64,
}

#[derive(Debug, Clone)]
pub struct StatementLine {
    pub entry: points_entry::Model,
    pub moves: Vec<LotMove>,
}

/// What an entry did to one lot.
#[derive(Debug, Clone)]
pub struct LotMove {
    pub lot_id: PointsLotId,
    /// What the lot came from.
    pub kind: PointsKind,
    pub points: i64,
    pub expires_at: Option<DateTime<Utc>>,
}

pub async fn balance_of(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Balance> {
    let mut book = ledger::load(connection, member_id).await?;
    book.catch_up(ctx.now());
    let sums = |state, at: fn(&points_lot::Model) -> Option<DateTime<Utc>>| {
        let mut sums: BTreeMap<DateTime<Utc>, i64> = BTreeMap::new();
        for lot in book.lots.iter().filter(|lot| lot.state == state) {
            if let Some(at) = at(lot) {
                *sums.entry(at).or_default() += lot.remaining;
            }
        }
        sums.into_iter().collect::<Vec<_>>()
    };
    let policy = policy::load(connection).await?;
    Ok(Balance {
        balance: book.balance,
        pending: book.pending,
        pending_until: sums(LotState::Pending, |lot| Some(lot.available_at)),
        expiring: sums(LotState::Open, |lot| lot.expires_at),
        worth_fen: book.balance.max(0) * policy.fen_per_100 / 100,
    })
}

/// The ledger of a member and of those who were merged into it, the latest first.
pub async fn statement_of(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<StatementLine>> {
    let own = redirect::ids_of(connection, member_id).await?;
    let mut query = points_entry::Entity::find().filter(points_entry::Column::MemberId.is_in(own));
    if let Some(after) = page.after::<PointsEntryId>()? {
        query = query.filter(points_entry::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(points_entry::Column::Id).limit(page.limit() + 1).all(connection).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let mut moves = moves_of(connection, page.items.iter().map(|row| row.id).collect()).await?;
    Ok(page.map(|entry| StatementLine { moves: moves.remove(&entry.id).unwrap_or_default(), entry }))
}

async fn moves_of(
    connection: &impl ConnectionTrait,
    entries: Vec<PointsEntryId>,
) -> Result<HashMap<PointsEntryId, Vec<LotMove>>> {
    let mut found: HashMap<PointsEntryId, Vec<LotMove>> = HashMap::new();
    let rows = points_move::Entity::find()
        .filter(points_move::Column::EntryId.is_in(entries))
        .order_by_asc(points_move::Column::LotId)
        .all(connection)
        .await?;
    let lots = points_lot::Entity::find()
        .filter(points_lot::Column::Id.is_in(rows.iter().map(|row| row.lot_id)))
        .all(connection)
        .await?;
    let lots: HashMap<_, _> = lots.into_iter().map(|lot| (lot.id, lot)).collect();
    for row in rows {
        let Some(lot) = lots.get(&row.lot_id) else { continue };
        let one = LotMove { lot_id: lot.id, kind: lot.kind, points: row.points, expires_at: lot.expires_at };
        found.entry(row.entry_id).or_default().push(one);
    }
    Ok(found)
}

/// A member's balance and ledger for staff.
pub async fn read_for_staff(
    ctx: &Context,
    staff: &StaffCaller,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<(Balance, Page<StatementLine>)> {
    staff.require(Permission::ReadMembers)?;
    let db = ctx.db.read();
    let member_id = redirect::find_current(db, member_id).await?.ok_or(Error::NotFound("member"))?.id;
    Ok((balance_of(ctx, db, member_id).await?, statement_of(db, member_id, page).await?))
}
