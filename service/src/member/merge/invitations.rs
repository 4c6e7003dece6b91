//! Invitations: who brought whom. A person is brought once and by somebody else, whatever became of it first.

use entity::invitation;
use entity::states::InvitationState;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Pair;
use crate::error::Result;

/// The two invited each other: it was one person.
const SELF: &str = "self";
/// The person had been brought by somebody already.
const MERGED: &str = "merged";

/// What waits between the two, or a second time for one person, is void and stays with who is gone. A reward that was paid stands, and
/// then nothing more is paid for the same person.
pub(super) async fn move_invitations(txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let ids = [pair.gone, pair.kept];
    let between = invitation::Column::InvitedId.is_in(ids).and(invitation::Column::InviterId.is_in(ids));
    void(txn, between.clone(), SELF).await?;
    let gone = invitation::Entity::find_by_id(pair.gone).one(txn).await?;
    let kept = invitation::Entity::find_by_id(pair.kept).one(txn).await?;
    let mut moved = 0;
    match (gone, kept) {
        (Some(gone), Some(_)) => {
            let of = if gone.state == InvitationState::Rewarded { pair.kept } else { pair.gone };
            void(txn, invitation::Column::InvitedId.eq(of), MERGED).await?;
        }
        (Some(gone), None) if gone.inviter_id != pair.kept => {
            moved += set(txn, invitation::Column::InvitedId, pair).await?;
        }
        _ => {}
    }
    moved += set(txn, invitation::Column::InviterId, pair).await?;
    Ok(moved)
}

async fn void(txn: &impl ConnectionTrait, which: Expr, reason: &str) -> Result<()> {
    invitation::Entity::update_many()
        .col_expr(invitation::Column::State, Expr::value(InvitationState::Void.to_value()))
        .col_expr(invitation::Column::Reason, Expr::value(reason))
        .filter(which)
        .filter(invitation::Column::State.eq(InvitationState::Joined))
        .exec(txn)
        .await?;
    Ok(())
}

/// Nobody is their own inviter: what was between the two stays as it was.
async fn set(txn: &impl ConnectionTrait, column: invitation::Column, pair: Pair) -> Result<u64> {
    let other = match column {
        invitation::Column::InvitedId => invitation::Column::InviterId,
        _ => invitation::Column::InvitedId,
    };
    let moved = invitation::Entity::update_many()
        .col_expr(column, Expr::value(pair.kept))
        .filter(column.eq(pair.gone))
        .filter(other.is_not_in([pair.gone, pair.kept]))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected)
}
