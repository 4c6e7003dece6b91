//! The claim of notices, one transaction: take the rows, put the inbox's copy there, decide, hold the consent.

use std::collections::HashMap;

use entity::states::{Channel, ConsentKind, DeliveryState, IdentityProvider, MemberState};
use entity::{consent, identity, inbox_message, member, notice};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::super::rest;
use super::rules::{Decision, Standing, decide};
use crate::consent as ledger;
use crate::context::Context;
use crate::db::is_any;
use crate::error::Result;
use crate::ids::{MemberId, NoticeId};
use crate::member::Phone;
use crate::notice::{NoticeRow, Step};
use crate::redirect;

/// A notice that is about to be called.
pub struct Claimed {
    pub row: NoticeRow,
    pub step: Step,
    pub address: String,
}

/// Rows that somebody else holds are theirs.
pub async fn claim(ctx: &Context, ids: &[NoticeId]) -> Result<Vec<Claimed>> {
    let (txn, rows, members) = lock(ctx, ids).await?;
    let mut standings = standings(ctx, &txn, members).await?;
    let mut claimed = Vec::new();
    for row in rows {
        let standing = standings.entry(row.member_id).or_default();
        if row.attempts == 0 && standing.active {
            put_in_inbox(ctx, &txn, &row).await?;
        }
        claimed.extend(claim_one(ctx, &txn, row, standing).await?);
    }
    txn.commit().await?;
    Ok(claimed)
}

/// A member's own row, as far as a notice asks for it.
#[derive(Debug, FromQueryResult)]
struct Known {
    id: MemberId,
    state: MemberState,
    phone_cipher: Option<Vec<u8>>,
}

/// Locks what is due and its members. A notice that was written while its member was merged is for who answers for them, who is locked anew
/// with all the others, in the order of their ids.
async fn lock(ctx: &Context, ids: &[NoticeId]) -> Result<(DatabaseTransaction, Vec<NoticeRow>, Vec<Known>)> {
    loop {
        let txn = ctx.db.begin().await?;
        let rows = due(ctx, &txn, ids).await?;
        let members = lock_these(&txn, rows.iter().map(|row| row.member_id)).await?;
        let merged = members.iter().any(|member| member.state == MemberState::Merged);
        if !merged || !follow(&txn, &rows).await? {
            return Ok((txn, rows, members));
        }
        txn.commit().await?;
    }
}

async fn due(ctx: &Context, txn: &DatabaseTransaction, ids: &[NoticeId]) -> Result<Vec<NoticeRow>> {
    Ok(notice::Entity::find()
        .filter(notice::Column::Id.is_in(ids.iter().copied()))
        .filter(notice::Column::State.is_in([DeliveryState::Queued, DeliveryState::Pending]))
        .filter(notice::Column::NotBefore.lte(ctx.now()))
        .order_by_asc(notice::Column::Id)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(txn)
        .await?)
}

/// In the order of the ids, as every claim locks them.
async fn lock_these(
    txn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = MemberId>,
) -> Result<Vec<Known>> {
    Ok(member::Entity::find()
        .select_only()
        .columns([member::Column::Id, member::Column::State, member::Column::PhoneCipher])
        .filter(is_any(txn.get_database_backend(), member::Column::Id, ids))
        .order_by_asc(member::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_model::<Known>()
        .all(txn)
        .await?)
}

/// False when nobody was merged away.
async fn follow(txn: &DatabaseTransaction, rows: &[NoticeRow]) -> Result<bool> {
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    let merged = redirect::current_of(txn, &members).await?;
    for row in rows {
        let Some(current) = merged.get(&row.member_id) else { continue };
        notice::Entity::update_many()
            .col_expr(notice::Column::MemberId, Expr::value(*current))
            .filter(notice::Column::Id.eq(row.id))
            .exec(txn)
            .await?;
    }
    Ok(!merged.is_empty())
}

async fn claim_one(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: NoticeRow,
    standing: &mut Standing,
) -> Result<Option<Claimed>> {
    let now = ctx.now();
    let steps = Step::all_of(&row)?;
    let from = usize::try_from(row.step).unwrap_or_default();
    let update = notice::Entity::update_many()
        .col_expr(notice::Column::Attempts, Expr::value(row.attempts + 1))
        .col_expr(notice::Column::UpdatedAt, Expr::value(now))
        .filter(notice::Column::Id.eq(row.id));
    match decide(&steps, from, standing, (row.expires_at, now)) {
        Decision::Suppress(reason) => {
            update
                .col_expr(notice::Column::State, Expr::value(DeliveryState::Suppressed))
                .col_expr(notice::Column::Reason, Expr::value(reason.code()))
                .exec(txn)
                .await?;
            Ok(None)
        }
        Decision::InboxOnly => {
            update
                .col_expr(notice::Column::State, Expr::value(DeliveryState::Sent))
                .col_expr(notice::Column::Channel, Expr::value(Channel::Inbox))
                .col_expr(notice::Column::SentAt, Expr::value(now))
                .exec(txn)
                .await?;
            Ok(None)
        }
        Decision::Call(index) => {
            let step = steps[index].clone();
            if let Some(until) = rest::resting(ctx, &[step.channel]).await.remove(&step.channel) {
                update
                    .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
                    .col_expr(notice::Column::NotBefore, Expr::value(until))
                    .exec(txn)
                    .await?;
                return Ok(None);
            }
            update
                .col_expr(notice::Column::State, Expr::value(DeliveryState::Sending))
                .col_expr(notice::Column::Channel, Expr::value(step.channel))
                .col_expr(notice::Column::Step, Expr::value(i32::try_from(index).unwrap_or_default()))
                .col_expr(notice::Column::ClaimedAt, Expr::value(now))
                .exec(txn)
                .await?;
            let address = standing.address(&step).map(str::to_owned);
            hold_consent(ctx, txn, &row, &step, standing).await?;
            let row = NoticeRow { attempts: row.attempts + 1, ..row };
            Ok(address.map(|address| Claimed { row, step, address }))
        }
    }
}

async fn hold_consent(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: &NoticeRow,
    step: &Step,
    standing: &mut Standing,
) -> Result<()> {
    let (Channel::WechatSubscribe, Some(template)) = (step.channel, &step.template_id) else { return Ok(()) };
    ledger::reserve(ctx, txn, template, &[row.member_id]).await?;
    // The next notice of this batch finds one less.
    standing.consents.entry(template.clone()).and_modify(|left| *left -= 1);
    Ok(())
}

/// Once: with the first claim, which only one transaction can make.
async fn put_in_inbox(ctx: &Context, txn: &impl ConnectionTrait, row: &NoticeRow) -> Result<()> {
    let steps = Step::all_of(row)?;
    let Some(step) = steps.into_iter().find(|step| step.channel == Channel::Inbox) else { return Ok(()) };
    inbox_message::Entity::insert(inbox_message::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(row.member_id),
        delivery_id: Set(None),
        title: Set(step.title),
        body: Set(step.body),
        page: Set(step.page),
        created_at: Set(ctx.now()),
        read_at: Set(None),
    })
    .exec_without_returning(txn)
    .await?;
    Ok(())
}

/// What the decisions look at, with two queries for all members.
async fn standings(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    rows: Vec<Known>,
) -> Result<HashMap<MemberId, Standing>> {
    let members: Vec<MemberId> = rows.iter().map(|row| row.id).collect();
    let mut standings: HashMap<MemberId, Standing> = HashMap::with_capacity(members.len());
    for row in rows {
        let phone = match &row.phone_cipher {
            Some(sealed) => Some(Phone::open(ctx, sealed)?.expose().to_owned()),
            None => None,
        };
        let active = row.state == MemberState::Active;
        standings.insert(row.id, Standing { active, phone, ..Standing::default() });
    }
    let openids = identity::Entity::find()
        .filter(is_any(txn.get_database_backend(), identity::Column::MemberId, members.iter().copied()))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .order_by_asc(identity::Column::Id)
        .all(txn)
        .await?;
    for row in openids {
        if let Some(standing) = standings.get_mut(&row.member_id) {
            standing.openid = Some(row.subject);
        }
    }
    let consents = consent::Entity::find()
        .filter(is_any(txn.get_database_backend(), consent::Column::MemberId, members.iter().copied()))
        .all(txn)
        .await?;
    for row in consents {
        if let Some(standing) = standings.get_mut(&row.member_id) {
            let without_end = row.kind == ConsentKind::LongTerm && row.available > 0;
            standing.consents.insert(row.template_id, if without_end { i32::MAX } else { row.available });
        }
    }
    Ok(standings)
}
