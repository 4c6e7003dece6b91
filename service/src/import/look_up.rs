//! Bulk queries of both imports: one statement for all rows of a chunk.

use std::collections::{BTreeSet, HashMap};

use entity::states::{IdentityProvider, MemberState, StoreState};
use entity::{identity, member, store};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{InsertStatement, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Insert, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Statement, Value,
};

use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, StoreId};
use crate::import::{in_parts, rows_per_statement};
use crate::redirect;

/// A text that rows are looked up by, at most.
pub const KEY_BYTES: usize = 70;
const MEMBER_BYTES: usize = 300;
const IDENTITY_BYTES: usize = 150;

/// A member as an import finds it.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub id: MemberId,
    pub state: MemberState,
}

pub async fn stores(
    connection: &impl ConnectionTrait,
    codes: &BTreeSet<String>,
) -> Result<HashMap<String, StoreId>> {
    let rows: Vec<(String, StoreId)> = store::Entity::find()
        .select_only()
        .columns([store::Column::Code, store::Column::Id])
        .filter(store::Column::Code.is_in(codes))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Makes those of these stores that do not exist, each named by its code until somebody names it better.
pub async fn create_stores(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    codes: impl Iterator<Item = &String>,
) -> Result<()> {
    let rows: Vec<_> = codes
        .map(|code| store::ActiveModel {
            id: Set(ctx.new_id()),
            code: Set(code.clone()),
            name: Set(code.clone()),
            zone: Set(None),
            address: Set(None),
            state: Set(StoreState::Open),
            created_at: Set(ctx.now()),
        })
        .collect();
    if !rows.is_empty() {
        let taken = OnConflict::column(store::Column::Code).do_nothing().to_owned();
        store::Entity::insert_many(rows).on_conflict(taken).exec_without_returning(connection).await?;
    }
    Ok(())
}

pub async fn identities(
    connection: &impl ConnectionTrait,
    provider: IdentityProvider,
    subjects: &BTreeSet<String>,
) -> Result<HashMap<String, MemberId>> {
    let mut found = HashMap::with_capacity(subjects.len());
    for some in in_parts(subjects, rows_per_statement(KEY_BYTES)) {
        let sql = format!(
            "SELECT i.subject, i.member_id FROM {} JOIN identity AS i ON i.provider = $1 AND i.subject = v.column1",
            values_list(some.len(), 1, 2)
        );
        let mut values: Vec<Value> = vec![provider.as_str().into()];
        values.extend(some.into_iter().map(|subject| Value::from(subject.as_str())));
        let query = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(query).await? {
            found.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
    }
    Ok(found)
}

/// `(VALUES ($2, $3), ($4, $5), ...) AS v`, whose columns both dialects name `column1`, `column2`, ...
///
/// Joining such a list makes PostgreSQL look each row up by the whole unique index. An `IN` list on the index's second
/// column it would rather test against every row that has the first, as long as it has no statistics of a table that an
/// import is just filling.
pub fn values_list(rows: usize, columns: usize, first: usize) -> String {
    let row = |row: usize| {
        let places = (0..columns).map(|column| format!("${}", first + row * columns + column));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    format!("(VALUES {}) AS v", (0..rows).map(row).collect::<Vec<_>>().join(", "))
}

/// By the numbers on cards, also by those of members who were merged into others.
pub async fn cards(
    connection: &impl ConnectionTrait,
    numbers: &BTreeSet<String>,
) -> Result<HashMap<String, MemberId>> {
    let rows: Vec<(String, MemberId)> = member::Entity::find()
        .select_only()
        .columns([member::Column::CardNumber, member::Column::Id])
        .filter(member::Column::CardNumber.is_in(numbers))
        .into_tuple()
        .all(connection)
        .await?;
    let ids: Vec<MemberId> = rows.iter().map(|(_, id)| *id).collect();
    let merged = redirect::current_of(connection, &ids).await?;
    let holder = |id: MemberId| merged.get(&id).copied().unwrap_or(id);
    Ok(rows.into_iter().map(|(number, id)| (number, holder(id))).collect())
}

/// The states of these members; `lock` also locks their rows, in the order of their ids, so that two imports never wait
/// for each other in a circle.
pub async fn states(
    connection: &impl ConnectionTrait,
    ids: impl Iterator<Item = MemberId>,
    lock: bool,
) -> Result<HashMap<MemberId, Found>> {
    let ids: BTreeSet<MemberId> = ids.collect();
    let mut query = member::Entity::find()
        .select_only()
        .columns([member::Column::Id, member::Column::State])
        .filter(member::Column::Id.is_in(ids))
        .order_by_asc(member::Column::Id);
    if lock {
        query = query.lock_exclusive();
    }
    let rows: Vec<(MemberId, MemberState)> = query.into_tuple().all(connection).await?;
    Ok(rows.into_iter().map(|(id, state)| (id, Found { id, state })).collect())
}

/// Inserts members with their identities; `false` when somebody else took one of the identities first, and the transaction
/// must be given up and tried again.
pub async fn insert_members(
    connection: &impl ConnectionTrait,
    members: Vec<member::ActiveModel>,
    identities: Vec<identity::ActiveModel>,
) -> Result<bool> {
    for some in in_parts(members, rows_per_statement(MEMBER_BYTES)) {
        member::Entity::insert_many(some).exec_without_returning(connection).await?;
    }
    insert_identities(connection, identities).await
}

async fn insert_identities(
    connection: &impl ConnectionTrait,
    mut rows: Vec<identity::ActiveModel>,
) -> Result<bool> {
    // Everybody inserts in the same order, so that nobody waits for each other in a circle.
    rows.sort_by(|a, b| identity_key(a).cmp(&identity_key(b)));
    for some in in_parts(rows, rows_per_statement(IDENTITY_BYTES)) {
        let wanted = some.len();
        let taken = OnConflict::columns([identity::Column::Provider, identity::Column::Subject])
            .do_nothing()
            .to_owned();
        let mut insert: InsertStatement = Insert::many(some).on_conflict(taken).into_query();
        insert.returning_col(identity::Column::Id);
        if connection.query_all(&insert).await?.len() < wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn identity_key(row: &identity::ActiveModel) -> (Option<&'static str>, Option<&String>) {
    (row.provider.try_as_ref().map(|provider| provider.as_str()), row.subject.try_as_ref())
}

/// Why a member that is not active gets nothing, in the words of a bad row.
pub fn refused(state: MemberState) -> Option<String> {
    (state != MemberState::Active).then(|| format!("belongs to a member who is {}", state.as_str()))
}
