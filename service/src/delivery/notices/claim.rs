//! The claim of notices, one transaction: take the rows, put the inbox's copy there, decide, hold the consent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{Channel, ConsentKind, DeliveryState, IdentityProvider, MemberState};
use entity::{consent, identity, inbox_message, member, notice};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::super::reason::Reason;
use super::super::rest;
use super::rules::{Decision, Standing, decide};
use crate::consent as ledger;
use crate::context::Context;
use crate::db::{insert_all, is_any, plan_once};
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

#[derive(Default)]
pub struct Claim {
    pub claimed: Vec<Claimed>,
    /// Somebody else held them, as a merge of their member does.
    pub passed_over: Vec<NoticeId>,
}

/// However many they are, each table is read and written by one statement; only who is called has the consent held by one of their own.
pub async fn claim(ctx: &Context, ids: &[NoticeId]) -> Result<Claim> {
    let Locked { txn, rows, passed_over, members } = lock(ctx, ids).await?;
    match claim_locked(ctx, &txn, rows, members).await {
        Ok(claimed) => {
            txn.commit().await?;
            Ok(Claim { claimed, passed_over })
        }
        Err(error) => {
            // Whoever claims them next would pass over what is locked still.
            txn.rollback().await?;
            Err(error)
        }
    }
}

/// Gives up what was passed over and is queued still; it is dispatched anew. One at a time: who holds one lock and waits for no other is
/// in nobody's circle.
pub async fn hand_back(ctx: &Context, passed_over: &[NoticeId]) -> Result<()> {
    for id in passed_over {
        let txn = ctx.db.begin().await?;
        notice::Entity::update_many()
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(notice::Column::UpdatedAt, Expr::value(ctx.now()))
            .filter(notice::Column::Id.eq(*id))
            .filter(notice::Column::State.eq(DeliveryState::Queued))
            .exec(&txn)
            .await?;
        txn.commit().await?;
    }
    Ok(())
}

async fn claim_locked(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: Vec<NoticeRow>,
    members: Vec<Known>,
) -> Result<Vec<Claimed>> {
    let judged = judge_all(ctx, txn, rows, members).await?;
    put_in_inbox(ctx, txn, &judged).await?;
    write_all(ctx, txn, &judged).await?;
    let claimed: Vec<Claimed> = judged.into_iter().filter_map(Judged::claimed).collect();
    for one in &claimed {
        hold_consent(ctx, txn, one).await?;
    }
    Ok(claimed)
}

struct Judged {
    row: NoticeRow,
    steps: Vec<Step>,
    /// Its first claim, which only one transaction can make: the inbox has it from here on.
    is_new_to_inbox: bool,
    becomes: Becomes,
}

#[derive(PartialEq)]
enum Becomes {
    Suppressed(Reason),
    InInbox,
    Resting(DateTime<Utc>),
    Called { step: usize, channel: Channel, address: String },
}

impl Becomes {
    /// Whether both are written by the same words.
    fn is_written_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Called { step, channel, .. }, Self::Called { step: its, channel: its_channel, .. }) => {
                (step, channel) == (its, its_channel)
            }
            _ => self == other,
        }
    }
}

impl Judged {
    fn claimed(self) -> Option<Claimed> {
        let Becomes::Called { step, address, .. } = self.becomes else { return None };
        let step = self.steps.into_iter().nth(step)?;
        Some(Claimed { row: NoticeRow { attempts: self.row.attempts + 1, ..self.row }, step, address })
    }
}

/// A member's own row, as far as a notice asks for it.
#[derive(Debug, FromQueryResult)]
struct Known {
    id: MemberId,
    state: MemberState,
    phone_cipher: Option<Vec<u8>>,
}

struct Locked {
    txn: DatabaseTransaction,
    /// Those that are due.
    rows: Vec<NoticeRow>,
    passed_over: Vec<NoticeId>,
    members: Vec<Known>,
}

/// Locks what is due and its members. A notice that was written while its member was merged is for who answers for them, who is locked anew
/// with all the others, in the order of their ids.
async fn lock(ctx: &Context, ids: &[NoticeId]) -> Result<Locked> {
    loop {
        let txn = ctx.db.begin().await?;
        plan_once(&txn).await?;
        let mut rows = lock_free(&txn, ids).await?;
        let locked: BTreeSet<NoticeId> = rows.iter().map(|row| row.id).collect();
        let passed_over = ids.iter().copied().filter(|id| !locked.contains(id)).collect();
        rows.retain(|row| is_due(row, ctx.now()));
        let members = lock_these(&txn, rows.iter().map(|row| row.member_id)).await?;
        let merged = members.iter().any(|member| member.state == MemberState::Merged);
        if !merged || !follow(&txn, &rows).await? {
            return Ok(Locked { txn, rows, passed_over, members });
        }
        txn.commit().await?;
    }
}

/// Found by their ids alone: the index of states, which holds every notice that was ever queued until it is cleaned, is no shorter way.
async fn lock_free(txn: &DatabaseTransaction, ids: &[NoticeId]) -> Result<Vec<NoticeRow>> {
    Ok(notice::Entity::find()
        .filter(is_any(txn.get_database_backend(), notice::Column::Id, ids.iter().copied()))
        .order_by_asc(notice::Column::Id)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(txn)
        .await?)
}

fn is_due(row: &NoticeRow, now: DateTime<Utc>) -> bool {
    matches!(row.state, DeliveryState::Queued | DeliveryState::Pending) && row.not_before <= now
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

async fn judge_all(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: Vec<NoticeRow>,
    members: Vec<Known>,
) -> Result<Vec<Judged>> {
    let with_steps: Vec<(NoticeRow, Vec<Step>)> = rows
        .into_iter()
        .map(|row| {
            let steps = Step::all_of(&row)?;
            Ok((row, steps))
        })
        .collect::<Result<_>>()?;
    let channels: BTreeSet<Channel> =
        with_steps.iter().flat_map(|(_, steps)| steps).map(|step| step.channel).collect();
    let called: Vec<Channel> = channels.into_iter().filter(|channel| *channel != Channel::Inbox).collect();
    let mut standings = standings(ctx, members)?;
    if !called.is_empty() {
        add_addresses(txn, &mut standings).await?;
    }
    let resting = rest::resting(ctx, &called).await;
    let judged = |(row, steps): (NoticeRow, Vec<Step>)| {
        let standing = standings.entry(row.member_id).or_default();
        let is_new_to_inbox = row.attempts == 0 && standing.active;
        let becomes = judge((&row, &steps), standing, (&resting, ctx.now()));
        Judged { row, steps, is_new_to_inbox, becomes }
    };
    Ok(with_steps.into_iter().map(judged).collect())
}

fn judge(
    (row, steps): (&NoticeRow, &[Step]),
    standing: &mut Standing,
    (resting, now): (&BTreeMap<Channel, DateTime<Utc>>, DateTime<Utc>),
) -> Becomes {
    let from = usize::try_from(row.step).unwrap_or_default();
    let index = match decide(steps, from, standing, (row.expires_at, now)) {
        Decision::Suppress(reason) => return Becomes::Suppressed(reason),
        Decision::InboxOnly => return Becomes::InInbox,
        Decision::Call(index) => index,
    };
    let step = &steps[index];
    if let Some(until) = resting.get(&step.channel) {
        return Becomes::Resting(*until);
    }
    let address = standing.address(step).unwrap_or_default().to_owned();
    if step.channel == Channel::WechatSubscribe
        && let Some(template) = &step.template_id
    {
        // The next notice of this batch finds one less.
        standing.consents.entry(template.clone()).and_modify(|left| *left -= 1);
    }
    Becomes::Called { step: index, channel: step.channel, address }
}

async fn write_all(ctx: &Context, txn: &DatabaseTransaction, judged: &[Judged]) -> Result<()> {
    let mut alike: Vec<(&Becomes, Vec<NoticeId>)> = Vec::new();
    for one in judged {
        match alike.iter_mut().find(|(becomes, _)| becomes.is_written_like(&one.becomes)) {
            Some((_, ids)) => ids.push(one.row.id),
            None => alike.push((&one.becomes, vec![one.row.id])),
        }
    }
    for (becomes, ids) in alike {
        write(txn, becomes, (&ids, ctx.now())).await?;
    }
    Ok(())
}

async fn write(
    txn: &DatabaseTransaction,
    becomes: &Becomes,
    (ids, now): (&[NoticeId], DateTime<Utc>),
) -> Result<()> {
    let update = notice::Entity::update_many()
        .col_expr(notice::Column::Attempts, Expr::col(notice::Column::Attempts).add(1))
        .col_expr(notice::Column::UpdatedAt, Expr::value(now))
        .filter(is_any(txn.get_database_backend(), notice::Column::Id, ids.iter().copied()));
    let update = match becomes {
        Becomes::Suppressed(reason) => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Suppressed))
            .col_expr(notice::Column::Reason, Expr::value(reason.code())),
        Becomes::InInbox => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Sent))
            .col_expr(notice::Column::Channel, Expr::value(Channel::Inbox))
            .col_expr(notice::Column::SentAt, Expr::value(now)),
        Becomes::Resting(until) => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(notice::Column::NotBefore, Expr::value(*until)),
        Becomes::Called { step, channel, .. } => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Sending))
            .col_expr(notice::Column::Channel, Expr::value(*channel))
            .col_expr(notice::Column::Step, Expr::value(i32::try_from(*step).unwrap_or_default()))
            .col_expr(notice::Column::ClaimedAt, Expr::value(now)),
    };
    update.exec(txn).await?;
    Ok(())
}

async fn hold_consent(ctx: &Context, txn: &DatabaseTransaction, claimed: &Claimed) -> Result<()> {
    match (claimed.step.channel, &claimed.step.template_id) {
        (Channel::WechatSubscribe, Some(template)) => {
            ledger::reserve(ctx, txn, template, &[claimed.row.member_id]).await
        }
        _ => Ok(()),
    }
}

async fn put_in_inbox(ctx: &Context, txn: &DatabaseTransaction, judged: &[Judged]) -> Result<()> {
    let message = |one: &Judged| {
        let step = one.steps.iter().find(|step| step.channel == Channel::Inbox)?.clone();
        Some(inbox_message::Model {
            id: ctx.new_id(),
            member_id: one.row.member_id,
            delivery_id: None,
            title: step.title,
            body: step.body,
            page: step.page,
            created_at: ctx.now(),
            read_at: None,
        })
    };
    let messages = judged.iter().filter(|one| one.is_new_to_inbox).filter_map(message).collect();
    insert_all::<inbox_message::Entity>(txn, messages).await?;
    Ok(())
}

/// What the decisions look at, as far as a member's own row tells it.
fn standings(ctx: &Context, rows: Vec<Known>) -> Result<HashMap<MemberId, Standing>> {
    let standing = |row: Known| {
        let phone = match &row.phone_cipher {
            Some(sealed) => Some(Phone::open(ctx, sealed)?.expose().to_owned()),
            None => None,
        };
        let active = row.state == MemberState::Active;
        Ok((row.id, Standing { active, phone, ..Standing::default() }))
    };
    rows.into_iter().map(standing).collect()
}

/// Where the platforms reach them and what they agreed to, with two queries for all members.
async fn add_addresses(
    txn: &impl ConnectionTrait,
    standings: &mut HashMap<MemberId, Standing>,
) -> Result<()> {
    let members: Vec<MemberId> = standings.keys().copied().collect();
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
    Ok(())
}
