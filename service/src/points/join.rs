//! The points of two members who become one: one ledger never changes, so that what the one has is given by an entry of the one and taken by
//! an entry of the other. The lots stay what they are, under who stays: what a purchase gave can still be taken back.

use entity::{points_account, points_entry};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::ledger::{self, Origin};
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::redirect;
use entity::states::PointsKind;

/// With both members locked; the rows of the lots are the caller's to move afterwards. Answers how many lots went over.
pub async fn join(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (kept, gone): (MemberId, MemberId),
) -> Result<u64> {
    lock_accounts(txn, [kept, gone]).await?;
    let mut from = ledger::open(ctx, txn, gone).await?;
    let mut into = ledger::open(ctx, txn, kept).await?;
    let lots = from.book.lots.len() as u64;
    into.take_over(&mut from, &gone.to_string());
    from.save(ctx, txn, &Origin::SYSTEM).await?;
    into.save(ctx, txn, &Origin::SYSTEM).await?;
    Ok(lots)
}

/// In the order in which the nightly check locks them.
async fn lock_accounts(txn: &impl ConnectionTrait, members: [MemberId; 2]) -> Result<()> {
    let _accounts: Vec<MemberId> = points_account::Entity::find()
        .select_only()
        .column(points_account::Column::MemberId)
        .filter(points_account::Column::MemberId.is_in(members))
        .order_by_asc(points_account::Column::MemberId)
        .lock_exclusive()
        .into_tuple()
        .all(txn)
        .await?;
    Ok(())
}

/// Whether the member, or one of those who were merged into it, has an entry of this kind for what is once per member; `suffix` follows
/// the member's id in its business id.
pub async fn is_written_of_any(
    connection: &impl ConnectionTrait,
    (member_id, kind): (MemberId, PointsKind),
    suffix: &str,
) -> Result<bool> {
    let ids = redirect::ids_of(connection, member_id).await?;
    let keys = ids.iter().map(|id| format!("{id}{suffix}"));
    let entry = points_entry::Entity::find()
        .filter(points_entry::Column::Kind.eq(kind))
        .filter(points_entry::Column::BusinessId.is_in(keys))
        .one(connection)
        .await?;
    Ok(entry.is_some())
}
