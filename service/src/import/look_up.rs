//! Bulk queries of both imports: one statement for all rows of a chunk.

use std::collections::{BTreeSet, HashMap};

use entity::states::{IdentityProvider, MemberState, StoreState};
use entity::{identity, member, store};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{InsertStatement, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Insert, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{IdentityId, MemberId, StoreId};

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
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, MemberId)> = identity::Entity::find()
        .select_only()
        .columns([identity::Column::Subject, identity::Column::MemberId])
        .filter(identity::Column::Provider.eq(provider))
        .filter(identity::Column::Subject.is_in(subjects))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

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
    Ok(rows.into_iter().collect())
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
    if !members.is_empty() {
        member::Entity::insert_many(members).exec_without_returning(connection).await?;
    }
    insert_identities(connection, identities).await
}

async fn insert_identities(
    connection: &impl ConnectionTrait,
    mut rows: Vec<identity::ActiveModel>,
) -> Result<bool> {
    if rows.is_empty() {
        return Ok(true);
    }
    // Everybody inserts in the same order, so that nobody waits for each other in a circle.
    rows.sort_by(|a, b| identity_key(a).cmp(&identity_key(b)));
    let wanted = rows.len();
    let taken =
        OnConflict::columns([identity::Column::Provider, identity::Column::Subject]).do_nothing().to_owned();
    let mut insert: InsertStatement = Insert::many(rows).on_conflict(taken).into_query();
    insert.returning_col(identity::Column::Id);
    let inserted = connection.query_all(&insert).await?;
    inserted
        .iter()
        .map(|row| row.try_get_by_index::<IdentityId>(0).map_err(Error::from))
        .collect::<Result<Vec<_>>>()
        .map(|ids| ids.len() == wanted)
}

fn identity_key(row: &identity::ActiveModel) -> (Option<&'static str>, Option<&String>) {
    (row.provider.try_as_ref().map(|provider| provider.as_str()), row.subject.try_as_ref())
}

/// Why a member that is not active gets nothing, in the words of a bad row.
pub fn refused(state: MemberState) -> Option<String> {
    (state != MemberState::Active).then(|| format!("belongs to a member who is {}", state.as_str()))
}
