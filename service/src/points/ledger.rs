//! Opens a member's book under the member's lock, and writes what was done to it: entries, moves, lots, and the account that sums
//! them up. The balance of an entry is therefore read inside the lock.

use std::collections::HashMap;

use entity::states::{LotState, PointsKind};
use entity::{points_account, points_entry, points_lot, points_move};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::rules::Book;
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PointsEntryId, PointsLotId};
use crate::redirect;

/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

/// A book under the lock, with its lots as they were read.
pub struct Opened {
    pub book: Book,
    read: HashMap<PointsLotId, points_lot::Model>,
}

/// Who did what is written, and why.
pub struct Origin<'a> {
    pub actor: Actor,
    pub reason: Option<&'a str>,
}

impl Origin<'_> {
    pub const SYSTEM: Self = Self { actor: Actor::System, reason: None };
}

/// The book of who answers for the member, caught up with the time, locked until the transaction ends. Lock members in the order of their ids.
pub async fn open(ctx: &Context, txn: &impl ConnectionTrait, member_id: MemberId) -> Result<Opened> {
    let member_id = lock(txn, member_id).await?;
    let mut book = load(txn, member_id).await?;
    let read = book.lots.iter().map(|lot| (lot.id, lot.clone())).collect();
    book.catch_up(ctx.now());
    Ok(Opened { book, read })
}

/// The member's row is the lock of the ledger, of the tier and of the stamps: one lock for all, so that no two can be taken in
/// the wrong order. It does not keep out readers and claims, which lock the row in key-share mode. Answers who is locked: a member who was
/// merged away is answered for by another, whose rows they are from then on.
pub async fn lock(txn: &impl ConnectionTrait, member_id: MemberId) -> Result<MemberId> {
    redirect::lock_beside(txn, member_id).await?.ok_or(Error::NotFound("member"))
}

/// The book as it stands in the database, without what time has done since.
pub async fn load(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<Book> {
    let Some(account) = points_account::Entity::find_by_id(member_id).one(connection).await? else {
        return Ok(Book::empty(member_id));
    };
    let lots = points_lot::Entity::find()
        .filter(points_lot::Column::MemberId.eq(member_id))
        .filter(points_lot::Column::State.is_in([LotState::Pending, LotState::Open]))
        .order_by_asc(points_lot::Column::Id)
        .all(connection)
        .await?;
    let (balance, pending, debt) = (account.balance, account.pending, account.debt);
    Ok(Book { member_id, balance, pending, debt, lots, entries: Vec::new() })
}

/// Whether an entry of this kind for this business id is in the ledger. Exact under the member's lock.
pub async fn is_written(
    connection: &impl ConnectionTrait,
    kind: PointsKind,
    business_id: &str,
) -> Result<bool> {
    Ok(points_of(connection, kind, business_id).await?.is_some())
}

/// What the entry of this kind for this business id gave; none when there is no such entry.
pub async fn points_of(
    connection: &impl ConnectionTrait,
    kind: PointsKind,
    business_id: &str,
) -> Result<Option<i64>> {
    Ok(points_entry::Entity::find()
        .select_only()
        .column(points_entry::Column::Points)
        .filter(points_entry::Column::Kind.eq(kind))
        .filter(points_entry::Column::BusinessId.eq(business_id))
        .into_tuple()
        .one(connection)
        .await?)
}

impl Opened {
    /// Reads closed lots into the book, as far as they are not there.
    pub async fn fetch(
        &mut self,
        txn: &impl ConnectionTrait,
        ids: impl Iterator<Item = PointsLotId>,
    ) -> Result<()> {
        let missing: Vec<_> = ids.filter(|id| !self.read.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let closed =
            points_lot::Entity::find().filter(points_lot::Column::Id.is_in(missing)).all(txn).await?;
        self.read.extend(closed.iter().map(|lot| (lot.id, lot.clone())));
        self.book.lots.extend(closed);
        Ok(())
    }

    /// Moves what the other book holds into this one, by an entry in each. The rows of the lots are the caller's to move.
    pub fn take_over(&mut self, from: &mut Self, business_id: &str) {
        let ours =
            |lot: &points_lot::Model| points_lot::Model { member_id: self.book.member_id, ..lot.clone() };
        let read: Vec<_> = from.read.drain().map(|(id, lot)| (id, ours(&lot))).collect();
        self.read.extend(read);
        self.book.take_over(&mut from.book, business_id);
    }

    /// Writes what was done since it was opened. What time did is the system's; the rest is `origin`'s.
    pub async fn save(self, ctx: &Context, txn: &impl ConnectionTrait, origin: &Origin<'_>) -> Result<Book> {
        if self.book.entries.is_empty() {
            return Ok(self.book);
        }
        self.write_account(ctx, txn).await?;
        self.write_lots(txn).await?;
        self.write_entries(ctx, txn, origin).await?;
        Ok(self.book)
    }

    async fn write_account(&self, ctx: &Context, txn: &impl ConnectionTrait) -> Result<()> {
        use points_account::Column;
        let Book { member_id, balance, pending, debt, .. } = &self.book;
        let row = points_account::ActiveModel {
            member_id: Set(*member_id),
            balance: Set(*balance),
            pending: Set(*pending),
            debt: Set(*debt),
            updated_at: Set(ctx.now()),
        };
        let sums = [Column::Balance, Column::Pending, Column::Debt, Column::UpdatedAt];
        points_account::Entity::insert(row)
            .on_conflict(OnConflict::column(Column::MemberId).update_columns(sums).to_owned())
            .exec_without_returning(txn)
            .await?;
        Ok(())
    }

    async fn write_lots(&self, txn: &impl ConnectionTrait) -> Result<()> {
        use points_lot::Column;
        let (known, new): (Vec<_>, Vec<_>) =
            self.book.lots.iter().partition(|lot| self.read.contains_key(&lot.id));
        for lot in known.into_iter().filter(|lot| self.read.get(&lot.id) != Some(lot)) {
            points_lot::Entity::update_many()
                .col_expr(Column::Remaining, Expr::value(lot.remaining))
                .col_expr(Column::State, Expr::value(lot.state.to_value()))
                .filter(Column::Id.eq(lot.id))
                .exec(txn)
                .await?;
        }
        for chunk in new.chunks(INSERT_ROWS) {
            let rows = chunk.iter().map(|lot| (*lot).clone().into_active_model().reset_all());
            points_lot::Entity::insert_many(rows).exec_without_returning(txn).await?;
        }
        Ok(())
    }

    async fn write_entries(
        &self,
        ctx: &Context,
        txn: &impl ConnectionTrait,
        origin: &Origin<'_>,
    ) -> Result<()> {
        let (mut entries, mut moves) = (Vec::new(), Vec::new());
        for entry in &self.book.entries {
            let by_time = matches!(entry.kind, PointsKind::Mature | PointsKind::Expiry);
            let Origin { actor, reason } = if by_time { &Origin::SYSTEM } else { origin };
            let id: PointsEntryId = ctx.new_id();
            moves.extend(entry.moves.iter().map(|&(lot_id, points)| points_move::ActiveModel {
                entry_id: Set(id),
                lot_id: Set(lot_id),
                points: Set(points),
            }));
            entries.push(points_entry::ActiveModel {
                id: Set(id),
                member_id: Set(self.book.member_id),
                kind: Set(entry.kind),
                business_id: Set(entry.business_id.clone()),
                points: Set(entry.points),
                pending: Set(entry.pending),
                debt_change: Set(entry.debt_change),
                balance_after: Set(entry.balance_after),
                reason: Set(reason.map(str::to_owned)),
                actor_kind: Set(actor.kind().to_owned()),
                actor_id: Set(actor.id()),
                created_at: Set(ctx.now()),
            });
        }
        for chunk in entries.chunks(INSERT_ROWS) {
            points_entry::Entity::insert_many(chunk.to_vec()).exec_without_returning(txn).await?;
        }
        for chunk in moves.chunks(INSERT_ROWS) {
            points_move::Entity::insert_many(chunk.to_vec()).exec_without_returning(txn).await?;
        }
        Ok(())
    }
}
