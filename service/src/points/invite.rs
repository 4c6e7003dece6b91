//! A member brings another: the invited person names who invited them, and the reward follows what they really do, joining or the first
//! purchase. Nothing is paid for a share or a link that was opened.

use chrono::Duration;
use entity::states::{InvitationState, MemberState, PointsKind};
use entity::{invitation, member};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::acts::{self, Gift};
use super::ledger;
use super::policy::{self, InviteAct, InvitePolicy};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::redirect;
use crate::refusal::Refusal;
use crate::welcome;

pub use entity::invitation::Model as Invitation;

/// Whoever has been a member for longer was not brought by anybody, and neither was who left and came back.
const NEW_FOR: Duration = Duration::days(7);
const WINDOW: Duration = Duration::days(30);

/// The invited member names the card number of who invited them. Naming the same one again is answered with what is there.
///
/// # Refuses
/// `invite_closed`, `invite_not_new`, `invite_self`, `invite_taken`
pub async fn accept_invitation(ctx: &Context, invited: MemberId, card_number: &str) -> Result<Invitation> {
    let inviter = inviter(ctx, card_number).await?;
    let txn = ctx.db.begin().await?;
    // Their points may move.
    let (invited, inviter) = lock_both(&txn, (invited, inviter)).await?;
    if let Some(known) = invitation::Entity::find_by_id(invited).one(&txn).await? {
        return if known.inviter_id == inviter { Ok(known) } else { Err(Refusal::InviteTaken.into()) };
    }
    let policy = policy::load(&txn).await?.invite.ok_or(Refusal::InviteClosed)?;
    require_new(ctx, &txn, (invited, inviter)).await?;
    let row = Invitation {
        invited_id: invited,
        inviter_id: inviter,
        state: InvitationState::Joined,
        reason: None,
        created_at: ctx.now(),
        rewarded_at: None,
    };
    invitation::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if policy.reward_on == InviteAct::Join {
        reward(ctx, &txn, (invited, inviter), &policy).await?;
    }
    let row = invitation::Entity::find_by_id(invited).one(&txn).await?;
    txn.commit().await?;
    row.ok_or(Error::NotFound("invitation"))
}

async fn inviter(ctx: &Context, card_number: &str) -> Result<MemberId> {
    let member = member::Entity::find()
        .filter(member::Column::CardNumber.eq(card_number.trim()))
        .one(ctx.db.read())
        .await?;
    let member = match member {
        Some(member) => Some(redirect::answering(ctx.db.read(), member).await?),
        None => None,
    };
    let active = member.filter(|member| member.state == MemberState::Active);
    active.map(|member| member.id).ok_or_else(|| Error::invalid("card_number", "is no member's"))
}

/// Locks two members in the order of their ids; answers who they are today.
async fn lock_both(
    txn: &DatabaseTransaction,
    (one, other): (MemberId, MemberId),
) -> Result<(MemberId, MemberId)> {
    let (one, other) = (redirect::current(txn, one).await?, redirect::current(txn, other).await?);
    if one <= other {
        let one = ledger::lock(txn, one).await?;
        Ok((one, ledger::lock(txn, other).await?))
    } else {
        let other = ledger::lock(txn, other).await?;
        Ok((ledger::lock(txn, one).await?, other))
    }
}

async fn require_new(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (invited, inviter): (MemberId, MemberId),
) -> Result<()> {
    if invited == inviter {
        return Err(Refusal::InviteSelf.into());
    }
    let member = member::Entity::find_by_id(invited).one(txn).await?.ok_or(Error::NotFound("member"))?;
    let is_new = member.created_at > ctx.now() - NEW_FOR
        && member.purchase_count == 0
        && !welcome::was_here_before(ctx, txn, &member).await?;
    // Two who invite each other would both be new.
    let mutual = invitation::Entity::find_by_id(inviter).one(txn).await?;
    let mutual = mutual.is_some_and(|other| other.inviter_id == invited);
    if is_new && !mutual { Ok(()) } else { Err(Refusal::InviteNotNew.into()) }
}

/// Locks a member, and before or after it, in the order of their ids, whoever waits for a reward because the member buys. Nothing of the
/// transaction may have locked one of them before. Answers who the member is today.
pub async fn lock_with_inviter(txn: &DatabaseTransaction, member_id: MemberId) -> Result<MemberId> {
    let member_id = redirect::current(txn, member_id).await?;
    let waiting = invitation::Entity::find_by_id(member_id)
        .filter(invitation::Column::State.eq(InvitationState::Joined))
        .one(txn)
        .await?;
    match waiting {
        Some(row) => Ok(lock_both(txn, (member_id, row.inviter_id)).await?.0),
        None => ledger::lock(txn, member_id).await,
    }
}

/// Rewards the invitation that waits for a purchase of the invited member, once the goods can no longer be returned. Both are locked.
pub async fn reward_first_purchase(
    ctx: &Context,
    txn: &DatabaseTransaction,
    invited: MemberId,
    total_fen: i64,
) -> Result<()> {
    let waiting = invitation::Entity::find_by_id(invited)
        .filter(invitation::Column::State.eq(InvitationState::Joined))
        .one(txn)
        .await?;
    let Some(waiting) = waiting else { return Ok(()) };
    let Some(policy) = policy::load(txn).await?.invite else { return Ok(()) };
    if policy.reward_on == InviteAct::FirstPurchase && total_fen >= policy.least_fen {
        reward(ctx, txn, (invited, waiting.inviter_id), &policy).await?;
    }
    Ok(())
}

/// With both members locked; whoever comes second finds it rewarded.
async fn reward(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (invited, inviter): (MemberId, MemberId),
    policy: &InvitePolicy,
) -> Result<()> {
    let lately = invitation::Entity::find()
        .filter(invitation::Column::InviterId.eq(inviter))
        .filter(invitation::Column::RewardedAt.gt(ctx.now() - WINDOW))
        .count(txn)
        .await?;
    let full = lately >= u64::from(policy.most_in_30_days);
    let active = member::Entity::find_by_id(inviter).one(txn).await?;
    let active = active.is_some_and(|member| member.state == MemberState::Active);
    let void = if full {
        Some("limit")
    } else if active {
        None
    } else {
        Some("inviter")
    };
    if !close(ctx, txn, invited, void).await? || void.is_some() {
        return Ok(());
    }
    let gift = |member_id, side: &str, points| Gift {
        member_id,
        kind: PointsKind::Invite,
        business_id: format!("{invited}:{side}"),
        points,
        actor: Actor::System,
        reason: None,
    };
    acts::give(ctx, txn, gift(inviter, "inviter", policy.inviter_points)).await?;
    acts::give(ctx, txn, gift(invited, "invited", policy.invited_points)).await?;
    Ok(())
}

async fn close(
    ctx: &Context,
    txn: &DatabaseTransaction,
    invited: MemberId,
    void: Option<&str>,
) -> Result<bool> {
    use invitation::Column;
    let state = if void.is_some() { InvitationState::Void } else { InvitationState::Rewarded };
    let moved = invitation::Entity::update_many()
        .col_expr(Column::State, Expr::value(state.to_value()))
        .col_expr(Column::Reason, Expr::value(void.map(str::to_owned)))
        .col_expr(Column::RewardedAt, Expr::value(void.is_none().then(|| ctx.now())))
        .filter(Column::InvitedId.eq(invited))
        .filter(Column::State.eq(InvitationState::Joined))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Those whom a member brought, the latest first; no names, since they are other people.
pub async fn list_invitations(ctx: &Context, inviter: MemberId) -> Result<Vec<Invitation>> {
    Ok(invitation::Entity::find()
        .filter(invitation::Column::InviterId.eq(inviter))
        .order_by_desc(invitation::Column::CreatedAt)
        .limit(100)
        .all(ctx.db.read())
        .await?)
}
