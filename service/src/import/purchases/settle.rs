//! What becomes of a chunk of rows, in one transaction: stores, members, purchases, and the members' running sums.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::purchase;
use entity::states::IdentityProvider;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, Insert, QueryResult, QueryTrait, Statement, Value};

use super::row::Row;
use super::{MemberKey, Scope};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PurchaseId, StoreId};
use crate::import::look_up::{self, Found};
use crate::import::{BadRow, CHUNK_TRIES, in_parts, rows_per_statement};
use crate::member::{self, NewMember};

const ORDER_BYTES: usize = 95;
const PURCHASE_BYTES: usize = 200;
const SUMS_BYTES: usize = 90;

/// What happened, or in a dry run would happen, to the rows of a chunk. A row in neither list was already there.
#[derive(Default)]
pub(super) struct Settled {
    pub bad: Vec<BadRow>,
    /// Lines of the purchases that are new.
    pub new: HashSet<u64>,
    /// Subjects of the members made.
    pub made: HashSet<String>,
}

pub(super) async fn settle(scope: Scope<'_>, rows: &[Row]) -> Result<Settled> {
    if rows.is_empty() {
        return Ok(Settled::default());
    }
    if !scope.write {
        return Ok(Chunk { scope, rows }.judge(scope.ctx.db.read()).await?.settled);
    }
    let mut tries = 1;
    loop {
        match write(scope, rows).await {
            Ok(Some(settled)) => return Ok(settled),
            Ok(None) if tries < CHUNK_TRIES => {}
            Ok(None) => {
                return Err(Error::internal(anyhow::anyhow!("another import keeps taking the same members")));
            }
            Err(Error::Unavailable { .. }) if tries < CHUNK_TRIES => {
                scope.ctx.clock.sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error),
        }
        tries += 1;
    }
}

/// `None`: another import made one of the members meanwhile; nothing is written.
async fn write(scope: Scope<'_>, rows: &[Row]) -> Result<Option<Settled>> {
    let ctx = scope.ctx;
    let txn = ctx.db.begin().await?;
    let chunk = Chunk { scope, rows };
    if scope.plan.import.create_stores {
        look_up::create_stores(ctx, &txn, chunk.missing_stores(&txn).await?.iter()).await?;
    }
    let mut judged = chunk.judge(&txn).await?;
    if !make_members(ctx, &txn, &mut judged).await? {
        txn.rollback().await?;
        return Ok(None);
    }
    let inserted = insert(ctx, &txn, &judged).await?;
    add_sums(ctx, &txn, &judged, &inserted).await?;
    txn.commit().await?;
    judged.settled.new = inserted;
    Ok(Some(judged.settled))
}

struct Chunk<'a> {
    scope: Scope<'a>,
    rows: &'a [Row],
}

/// The rows to insert, with their store and member.
struct Judged<'a> {
    settled: Settled,
    new: Vec<(&'a Row, StoreId)>,
    members: HashMap<String, Found>,
}

impl<'a> Chunk<'a> {
    async fn missing_stores(&self, connection: &impl ConnectionTrait) -> Result<BTreeSet<String>> {
        let mut codes: BTreeSet<String> = self.rows.iter().map(|row| row.store.clone()).collect();
        let known = look_up::stores(connection, &codes).await?;
        codes.retain(|code| !known.contains_key(code));
        Ok(codes)
    }

    async fn judge(&self, connection: &impl ConnectionTrait) -> Result<Judged<'a>> {
        let codes = self.rows.iter().map(|row| row.store.clone()).collect();
        let stores = look_up::stores(connection, &codes).await?;
        // Orders before members: whoever made an order meanwhile has made its member too.
        let known = self.known_orders(connection, &stores).await?;
        let members = self.members(connection).await?;
        let mut judged = Judged { settled: Settled::default(), new: Vec::new(), members };
        for row in self.rows {
            let store = stores.get(&row.store).copied();
            // A store that a dry run would have made has no orders yet.
            let earlier = store.and_then(|store| known.get(&(store, row.order_no.clone())));
            match self.judge_row(row, store, earlier, &mut judged) {
                Ok(true) => {
                    judged.settled.new.insert(row.line);
                    judged.new.extend(store.map(|store| (row, store)));
                }
                Ok(false) => {}
                Err((field, reason)) => judged.settled.bad.push(BadRow::new(row.line, field, reason)),
            }
        }
        Ok(judged)
    }

    /// Whether the row is a purchase that is not there yet.
    fn judge_row(
        &self,
        row: &Row,
        store: Option<StoreId>,
        earlier: Option<&Earlier>,
        judged: &mut Judged<'_>,
    ) -> std::result::Result<bool, (&'static str, String)> {
        let import = self.scope.plan.import;
        if store.is_none() && !import.create_stores {
            return Err(("store", format!("there is no store {}; --create-store makes it", row.store)));
        }
        let member = judged.members.get(&row.member);
        if let Some(reason) = member.and_then(|found| look_up::refused(found.state)) {
            return Err(("member", reason));
        }
        if let Some(earlier) = earlier {
            return earlier.check(row, member.map(|found| found.id)).map(|()| false);
        }
        if member.is_none() && !self.scope.planned.contains(&row.member) {
            if !import.create_members {
                return Err(("member", format!("{} is not known", row.member_shown)));
            }
            judged.settled.made.insert(row.member.clone());
        }
        Ok(!row.repeated)
    }

    async fn members(&self, connection: &impl ConnectionTrait) -> Result<HashMap<String, Found>> {
        let keys: BTreeSet<String> = self.rows.iter().map(|row| row.member.clone()).collect();
        let ids = match self.scope.plan.import.member_key {
            MemberKey::External => look_up::identities(connection, IdentityProvider::External, &keys).await?,
            MemberKey::Phone => look_up::identities(connection, IdentityProvider::Phone, &keys).await?,
            MemberKey::CardNumber => look_up::cards(connection, &keys).await?,
        };
        let states = look_up::states(connection, ids.values().copied(), self.scope.write).await?;
        Ok(ids.into_iter().filter_map(|(key, id)| Some((key, *states.get(&id)?))).collect())
    }

    async fn known_orders(
        &self,
        connection: &impl ConnectionTrait,
        stores: &HashMap<String, StoreId>,
    ) -> Result<HashMap<(StoreId, String), Earlier>> {
        let keys = self.rows.iter().filter_map(|row| Some((*stores.get(&row.store)?, row.order_no.as_str())));
        let mut known = HashMap::new();
        for some in in_parts(keys, rows_per_statement(ORDER_BYTES)) {
            let sql = format!(
                "SELECT p.store_id, p.order_no, p.member_id, p.total_fen, p.quantity FROM {} \
                 JOIN purchase AS p ON p.store_id = v.column1 AND p.order_no = v.column2",
                look_up::values_list(some.len(), 2, 1)
            );
            let values =
                some.into_iter().flat_map(|(store, order_no)| [Value::from(store.0), order_no.into()]);
            let query = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
            for row in connection.query_all_raw(query).await? {
                known.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?), Earlier::read(&row)?);
            }
        }
        Ok(known)
    }
}

/// A purchase that is already there under a row's order number.
struct Earlier {
    member_id: MemberId,
    total_fen: i64,
    quantity: i64,
}

impl Earlier {
    fn read(row: &QueryResult) -> Result<Self> {
        Ok(Self {
            member_id: row.try_get_by_index(2)?,
            total_fen: row.try_get_by_index(3)?,
            quantity: row.try_get_by_index(4)?,
        })
    }

    fn check(
        &self,
        row: &Row,
        member_id: Option<MemberId>,
    ) -> std::result::Result<(), (&'static str, String)> {
        if (Some(self.member_id), self.total_fen, self.quantity) == (member_id, row.total_fen, row.quantity) {
            return Ok(());
        }
        Err(("order", "is already there with another member, amount or quantity".to_owned()))
    }
}

async fn make_members(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    judged: &mut Judged<'_>,
) -> Result<bool> {
    let mut rows = Vec::with_capacity(judged.settled.made.len());
    let mut identities = Vec::with_capacity(judged.settled.made.len());
    for subject in &judged.settled.made {
        let row = member::new_row(ctx, NewMember { source: "import".to_owned(), ..Default::default() })?;
        let Some(id) = row.id.try_as_ref().copied() else { continue };
        identities.push(member::identity_row(ctx, id, IdentityProvider::External, subject.clone()));
        judged.members.insert(subject.clone(), Found { id, state: entity::states::MemberState::Active });
        rows.push(row);
    }
    look_up::insert_members(connection, rows, identities).await
}

/// The lines whose purchase was inserted: another import may have been faster with some.
async fn insert(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    judged: &Judged<'_>,
) -> Result<HashSet<u64>> {
    let mut lines = HashMap::new();
    let mut ordered = judged.new.clone();
    ordered.sort_by(|(a, a_store), (b, b_store)| (a_store, &a.order_no).cmp(&(b_store, &b.order_no)));
    let mut rows = Vec::with_capacity(ordered.len());
    for (row, store_id) in ordered {
        let Some(member) = judged.members.get(&row.member) else { continue };
        let id: PurchaseId = ctx.new_id();
        lines.insert(id, row.line);
        rows.push(purchase_row(ctx, row, (id, store_id, member.id)));
    }
    let mut inserted = HashSet::new();
    for some in in_parts(rows, rows_per_statement(PURCHASE_BYTES)) {
        let taken = OnConflict::columns([purchase::Column::StoreId, purchase::Column::OrderNo])
            .do_nothing()
            .to_owned();
        let mut insert = Insert::many(some).on_conflict(taken).into_query();
        insert.returning_col(purchase::Column::Id);
        for row in connection.query_all(&insert).await? {
            let id: PurchaseId = row.try_get_by_index(0)?;
            inserted.extend(lines.get(&id));
        }
    }
    Ok(inserted)
}

fn purchase_row(
    ctx: &Context,
    row: &Row,
    (id, store_id, member_id): (PurchaseId, StoreId, MemberId),
) -> purchase::ActiveModel {
    purchase::ActiveModel {
        id: Set(id),
        store_id: Set(store_id),
        order_no: Set(row.order_no.clone()),
        member_id: Set(member_id),
        staff_id: Set(None),
        total_fen: Set(row.total_fen),
        quantity: Set(row.quantity),
        purchased_at: Set(calendar::instant(row.at, ctx.settings.timezone)),
        source: Set("import".to_owned()),
        created_at: Set(ctx.now()),
        refunded_fen: Set(0),
    }
}

struct Sums {
    count: i64,
    total_fen: i64,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

/// Adds the inserted purchases to their members' sums, many members in one statement.
async fn add_sums(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    judged: &Judged<'_>,
    inserted: &HashSet<u64>,
) -> Result<()> {
    for some in in_parts(sums(ctx, judged, inserted), rows_per_statement(SUMS_BYTES)) {
        add_some_sums(ctx, connection, some).await?;
    }
    Ok(())
}

async fn add_some_sums(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    sums: Vec<(MemberId, Sums)>,
) -> Result<()> {
    let mut values: Vec<Value> = vec![ctx.now().into()];
    let list = look_up::values_list(sums.len(), 5, 2);
    for (member_id, sums) in sums {
        values.extend([member_id.0.into(), sums.count.into(), sums.total_fen.into()]);
        values.extend([Value::from(sums.first), Value::from(sums.last)]);
    }
    let sql = format!(
        "UPDATE member SET updated_at = $1, \
         purchase_count = member.purchase_count + v.column2, \
         purchase_total_fen = member.purchase_total_fen + v.column3, \
         first_purchase_at = CASE WHEN member.first_purchase_at < v.column4 THEN member.first_purchase_at \
         ELSE v.column4 END, \
         last_purchase_at = CASE WHEN member.last_purchase_at > v.column5 THEN member.last_purchase_at \
         ELSE v.column5 END \
         FROM {list} WHERE member.id = v.column1"
    );
    connection.execute_raw(Statement::from_sql_and_values(ctx.db.backend(), sql, values)).await?;
    Ok(())
}

fn sums(ctx: &Context, judged: &Judged<'_>, inserted: &HashSet<u64>) -> BTreeMap<MemberId, Sums> {
    let mut sums = BTreeMap::new();
    for (row, _) in judged.new.iter().filter(|(row, _)| inserted.contains(&row.line)) {
        let Some(member) = judged.members.get(&row.member) else { continue };
        let at = calendar::instant(row.at, ctx.settings.timezone);
        let sum = sums.entry(member.id).or_insert(Sums { count: 0, total_fen: 0, first: at, last: at });
        sum.count += 1;
        sum.total_fen += row.total_fen;
        sum.first = sum.first.min(at);
        sum.last = sum.last.max(at);
    }
    sums
}
