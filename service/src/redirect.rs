//! From a member's id to the member who answers for it today: itself, or whom it was merged into (see [`crate::member`]'s `merge`).
//!
//! An id that was good once stays good: a link in a message, a card, a page that staff have open.

use std::collections::{HashMap, HashSet};

use entity::states::MemberState;
use entity::{member, member_merge};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::is_any;
use crate::error::Result;
use crate::ids::MemberId;

/// Merges that end while we wait for their lock or read; more than this do not follow one another.
const HOPS: usize = 8;

/// Who answers for the id; the id itself when it was never merged away.
pub async fn current(connection: &impl ConnectionTrait, id: MemberId) -> Result<MemberId> {
    let row = member_merge::Entity::find_by_id(id).one(connection).await?;
    Ok(row.map_or(id, |row| row.current_id))
}

/// Those of `ids` who were merged away, with who answers for each.
pub async fn current_of(
    connection: &impl ConnectionTrait,
    ids: &[MemberId],
) -> Result<HashMap<MemberId, MemberId>> {
    let rows = member_merge::Entity::find()
        .filter(is_any(connection.get_database_backend(), member_merge::Column::FromId, ids.iter().copied()))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.from_id, row.current_id)).collect())
}

/// Whether one of `ids` was merged away.
pub async fn is_merged(connection: &impl ConnectionTrait, ids: &[MemberId]) -> Result<bool> {
    Ok(!current_of(connection, ids).await?.is_empty())
}

/// The row of who answers for the id, unlocked.
pub async fn find_current(connection: &impl ConnectionTrait, id: MemberId) -> Result<Option<member::Model>> {
    match member::Entity::find_by_id(id).one(connection).await? {
        Some(row) => Ok(Some(answering(connection, row).await?)),
        None => Ok(None),
    }
}

/// The row itself, or that of who answers for it. Who answered for it a moment ago may have been merged since.
pub async fn answering(connection: &impl ConnectionTrait, mut row: member::Model) -> Result<member::Model> {
    for _ in 0..HOPS {
        if row.state != MemberState::Merged {
            break;
        }
        let id = current(connection, row.id).await?;
        row = member::Entity::find_by_id(id).one(connection).await?.unwrap_or(row);
    }
    Ok(row)
}

/// The row of who answers for the id, locked for a change. A merge that is under way is waited for and followed.
pub async fn lock_current(connection: &impl ConnectionTrait, id: MemberId) -> Result<Option<member::Model>> {
    lock(connection, id, LockType::Update).await
}

/// Who answers for the id, locked for what is kept beside the member's row: points, tier, stamps. Readers and claims are not kept out.
pub async fn lock_beside(connection: &impl ConnectionTrait, id: MemberId) -> Result<Option<MemberId>> {
    Ok(lock(connection, id, LockType::NoKeyUpdate).await?.map(|row| row.id))
}

/// Locks the id's own row beside, for whoever locks several in the order of their ids: false where it was merged away, since who answers for
/// it may come before those that are locked already.
pub async fn lock_itself(connection: &impl ConnectionTrait, id: MemberId) -> Result<bool> {
    let row = member::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(connection).await?;
    Ok(row.is_some_and(|row| row.state != MemberState::Merged))
}

/// All ids that a member answers for: the own one and those that were merged into it.
pub async fn ids_of(connection: &impl ConnectionTrait, id: MemberId) -> Result<Vec<MemberId>> {
    let merged: Vec<MemberId> = member_merge::Entity::find()
        .select_only()
        .column(member_merge::Column::FromId)
        .filter(member_merge::Column::CurrentId.eq(id))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(std::iter::once(id).chain(merged).collect())
}

/// Who answers for the id, kept from being merged away until the transaction ends: for rows that are written under a member's id
/// without changing the member.
pub async fn hold_current(connection: &impl ConnectionTrait, id: MemberId) -> Result<MemberId> {
    Ok(lock(connection, id, LockType::KeyShare).await?.map_or(id, |row| row.id))
}

/// Those of `ids` who are active, kept from being merged away until the transaction ends; locked in the order of their ids.
pub async fn hold_active(connection: &impl ConnectionTrait, ids: &[MemberId]) -> Result<HashSet<MemberId>> {
    hold(connection, ids, &[MemberState::Active]).await
}

/// Those of `ids` who are members still, kept from being merged away or deleted until the transaction ends; locked in the order of their ids.
pub async fn hold_present(connection: &impl ConnectionTrait, ids: &[MemberId]) -> Result<HashSet<MemberId>> {
    hold(connection, ids, &[MemberState::Active, MemberState::Disabled]).await
}

async fn hold(
    connection: &impl ConnectionTrait,
    ids: &[MemberId],
    states: &[MemberState],
) -> Result<HashSet<MemberId>> {
    let rows: Vec<(MemberId, MemberState)> = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .column(member::Column::State)
        .filter(is_any(connection.get_database_backend(), member::Column::Id, ids.iter().copied()))
        .order_by_asc(member::Column::Id)
        .lock(LockType::KeyShare)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter(|(_, state)| states.contains(state)).map(|(id, _)| id).collect())
}

async fn lock(
    connection: &impl ConnectionTrait,
    mut id: MemberId,
    kind: LockType,
) -> Result<Option<member::Model>> {
    for _ in 0..HOPS {
        let row = member::Entity::find_by_id(id).lock(kind).one(connection).await?;
        match row {
            Some(row) if row.state == MemberState::Merged => id = current(connection, id).await?,
            row => return Ok(row),
        }
    }
    Ok(None)
}
