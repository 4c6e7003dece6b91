//! Two members who are one person become one (One ID).
//!
//! Everything that either of them owns goes to the one who enrolled first; of wishes and consents the stricter wins, of tiers the higher, and points and
//! quotas add up. The other's row stays
//! as `merged` with a redirect (`member_merge`), so that its id, card and sessions answer as the member who stays. What moves is
//! one list, [`belongings`]. All of it is one transaction.
//!
//! Locks: deliveries, notices, members, then as everywhere. What is written between these is held only if it is free. Two merges at once wait for each other; who comes second finds a `merged` row and
//! looks again. A proof merges by itself only where nothing contradicts it: two accounts of one platform, or a disabled member, need a person.

mod belongings;
mod by_staff;
mod consents;
mod coupons;
mod deliveries;
mod duplicates;
mod invitations;
mod loyalty;
mod person;
mod wishes;

pub use belongings::{BELONGINGS, How};
pub use by_staff::{MergeMembers, list_merges, merge_members};
pub use duplicates::{Duplicate, Likeness, list_duplicates};
pub(crate) use duplicates::{PHONE_PROVEN, note_hint};
pub use entity::member_merge::Model as MergeRow;

use std::collections::BTreeMap;

use entity::states::{DeliveryState, IdentityProvider, MemberState};
use entity::{delivery, identity, member, member_merge, notice};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, MemberId, NoticeId};
use crate::refusal::Refusal;
use crate::session;

/// An account of a platform belongs to both.
pub(crate) const ACCOUNT_PROVEN: &str = "account_proven";

/// Why two members are taken for one.
pub(crate) struct MergeOrder<'a> {
    pub members: (MemberId, MemberId),
    /// [`PHONE_PROVEN`], [`ACCOUNT_PROVEN`] or `staff`.
    pub cause: &'a str,
    pub actor: Actor,
    pub reason: Option<&'a str>,
}

pub(crate) enum Merged {
    Into(Box<member::Model>),
    /// One of them was merged meanwhile, or is sent a message that was written meanwhile: whose things are whose has to be read again.
    Stale,
}

/// One who goes, and one who stays.
#[derive(Clone, Copy)]
struct Pair {
    gone: MemberId,
    kept: MemberId,
}

/// As part of the caller's transaction, which holds no lock yet.
///
/// # Refuses
/// `member_disabled`; where no person decides: `wechat_taken`, `alipay_taken`
pub(crate) async fn merge(ctx: &Context, txn: &DatabaseTransaction, order: MergeOrder<'_>) -> Result<Merged> {
    let ids = [order.members.0, order.members.1];
    lock_messages(txn, ids).await?;
    let Some(rows) = lock_members(txn, ids).await? else { return Ok(Merged::Stale) };
    if !hold_new_messages(txn, ids).await? {
        return Ok(Merged::Stale);
    }
    let [kept, gone] = elder_first(rows)?;
    let (kept, gone) = (session::require_active_member(kept)?, session::require_active_member(gone)?);
    let pair = Pair { gone: gone.id, kept: kept.id };
    if !matches!(order.actor, Actor::Staff(_)) {
        refuse_two_accounts(txn, pair).await?;
    }
    let moved = belongings::hand_over(ctx, txn, pair).await?;
    let member = person::join(ctx, &kept, &gone).update(txn).await?;
    person::retire(ctx, gone).update(txn).await?;
    redirect(ctx, txn, pair, (&order, &moved)).await?;
    Ok(Merged::Into(Box::new(member)))
}

/// Messages before members: whoever is sending to them is waited for.
async fn lock_messages(txn: &DatabaseTransaction, ids: [MemberId; 2]) -> Result<()> {
    let _deliveries: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::MemberId.is_in(ids))
        .order_by_asc(delivery::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    let _notices: Vec<NoticeId> = open_notices(ids).lock(LockType::NoKeyUpdate).into_tuple().all(txn).await?;
    Ok(())
}

fn open_notices(ids: [MemberId; 2]) -> Select<notice::Entity> {
    notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(notice::Column::MemberId.is_in(ids))
        .filter(notice::Column::State.is_in([
            DeliveryState::Pending,
            DeliveryState::Queued,
            DeliveryState::Sending,
        ]))
        .order_by_asc(notice::Column::Id)
}

fn open_deliveries(ids: [MemberId; 2]) -> Select<delivery::Entity> {
    delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::MemberId.is_in(ids))
        .filter(delivery::Column::State.is_in([
            DeliveryState::Pending,
            DeliveryState::Deferred,
            DeliveryState::Queued,
            DeliveryState::Sending,
        ]))
        .order_by_asc(delivery::Column::Id)
}

/// Messages may have been written between the two locks. Whoever is sending one waits for the members, who are ours by now: false, since
/// waiting for them would be a circle.
async fn hold_new_messages(txn: &DatabaseTransaction, ids: [MemberId; 2]) -> Result<bool> {
    let free = (LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    let deliveries: Vec<DeliveryId> = open_deliveries(ids).into_tuple().all(txn).await?;
    let held: Vec<DeliveryId> =
        open_deliveries(ids).lock_with_behavior(free.0, free.1).into_tuple().all(txn).await?;
    if held.len() < deliveries.len() {
        return Ok(false);
    }
    let notices: Vec<NoticeId> = open_notices(ids).into_tuple().all(txn).await?;
    let held: Vec<NoticeId> =
        open_notices(ids).lock_with_behavior(free.0, free.1).into_tuple().all(txn).await?;
    Ok(held.len() >= notices.len())
}

/// One after the other, in the order of their ids. None when one was merged away, whose row is then left alone: who follows that merge may
/// hold it and wait for another of ours.
async fn lock_members(
    txn: &DatabaseTransaction,
    mut ids: [MemberId; 2],
) -> Result<Option<Vec<member::Model>>> {
    ids.sort_unstable();
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        if crate::redirect::is_merged(txn, &[id]).await? {
            return Ok(None);
        }
        rows.extend(member::Entity::find_by_id(id).lock_exclusive().one(txn).await?);
    }
    let all_stay = rows.iter().all(|row| row.state != MemberState::Merged);
    Ok(all_stay.then_some(rows))
}

/// Who enrolled first stays: the longest history, and the card that was handed out first.
fn elder_first(mut rows: Vec<member::Model>) -> Result<[member::Model; 2]> {
    rows.sort_by_key(|row| (row.created_at, row.id));
    rows.try_into().map_err(|_| Error::NotFound("member"))
}

/// A phone may have been handed to a new owner: where both have an account of one platform, a proven phone does not make them one.
async fn refuse_two_accounts(txn: &impl ConnectionTrait, pair: Pair) -> Result<()> {
    let single = [IdentityProvider::WechatOpenid, IdentityProvider::Alipay];
    let accounts: Vec<(IdentityProvider, MemberId)> = identity::Entity::find()
        .select_only()
        .columns([identity::Column::Provider, identity::Column::MemberId])
        .filter(identity::Column::MemberId.is_in([pair.gone, pair.kept]))
        .filter(identity::Column::Provider.is_in(single))
        .into_tuple()
        .all(txn)
        .await?;
    let has = |provider, id| accounts.contains(&(provider, id));
    for (provider, refusal) in single.into_iter().zip([Refusal::WechatTaken, Refusal::AlipayTaken]) {
        if has(provider, pair.gone) && has(provider, pair.kept) {
            return Err(refusal.into());
        }
    }
    Ok(())
}

/// The redirect, those that led to who is gone, and the audit row.
async fn redirect(
    ctx: &Context,
    txn: &DatabaseTransaction,
    pair: Pair,
    (order, moved): (&MergeOrder<'_>, &BTreeMap<&str, u64>),
) -> Result<()> {
    member_merge::Entity::update_many()
        .col_expr(member_merge::Column::CurrentId, Expr::value(pair.kept))
        .filter(member_merge::Column::CurrentId.eq(pair.gone))
        .exec(txn)
        .await?;
    let row = member_merge::ActiveModel {
        from_id: Set(pair.gone),
        into_id: Set(pair.kept),
        current_id: Set(pair.kept),
        cause: Set(order.cause.to_owned()),
        actor_kind: Set(order.actor.kind().to_owned()),
        actor_id: Set(order.actor.id()),
        reason: Set(order.reason.map(str::to_owned)),
        moved: Set(serde_json::json!(moved)),
        created_at: Set(ctx.now()),
    };
    member_merge::Entity::insert(row).exec_without_returning(txn).await?;
    let act = Act {
        actor: order.actor,
        action: "member.merge",
        subject: ("member", pair.kept.to_string()),
        detail: serde_json::json!({
            "from_id": pair.gone, "cause": order.cause, "reason": order.reason, "moved": moved,
        }),
    };
    audit::record(ctx, txn, act).await
}
