//! What the answers do to the notices: one transaction for states and for the consents that the claim had held.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::notice;
use entity::states::{Channel, DeliveryState};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::super::claim::lock_members;
use super::super::outcome::Outcome;
use super::super::reason::Reason;
use super::super::{receipt, rest};
use super::claim::Claimed;
use super::rules::{Fate, after};
use crate::consent;
use crate::context::Context;
use crate::db::is_any;
use crate::error::Result;
use crate::ids::{MemberId, NoticeId};
use crate::notice::Kind;
use crate::redirect;

/// What the platform has answered must not be lost to a database that is away for a moment.
const TRIES: u32 = 6;
const BETWEEN_TRIES: std::time::Duration = std::time::Duration::from_millis(250);

/// Harmless to repeat: what was settled is no longer `sending`.
pub async fn settle(ctx: &Context, claimed: &[Claimed], outcomes: &[Outcome]) -> Result<()> {
    let mut tries = 1;
    while let Err(error) = settle_once(ctx, claimed, outcomes).await {
        if tries == TRIES || !error.is_passing() {
            return Err(error);
        }
        tracing::warn!(%error, tries, "notices could not be settled; trying again");
        ctx.clock.sleep(BETWEEN_TRIES * tries).await;
        tries += 1;
    }
    for (one, outcome) in claimed.iter().zip(outcomes) {
        rest::rest_if_throttled(ctx, one.step.channel, &[outcome]).await;
    }
    let message_ids: Vec<String> =
        outcomes.iter().filter_map(|outcome| outcome.message_id().map(str::to_owned)).collect();
    receipt::apply_waiting(ctx, &message_ids, &[]).await
}

async fn settle_once(ctx: &Context, claimed: &[Claimed], outcomes: &[Outcome]) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let ours = still_ours(&txn, claimed).await?;
    let members: Vec<MemberId> = claimed.iter().map(|one| one.row.member_id).collect();
    lock_members(&txn, &members).await?;
    let merged = redirect::current_of(&txn, &members).await?;
    for (one, outcome) in claimed.iter().zip(outcomes) {
        if ours.contains(&one.row.id) {
            let owner = merged.get(&one.row.member_id).copied().unwrap_or(one.row.member_id);
            settle_one(ctx, &txn, (one, owner), outcome).await?;
        }
    }
    txn.commit().await?;
    Ok(())
}

async fn still_ours(txn: &impl ConnectionTrait, claimed: &[Claimed]) -> Result<BTreeSet<NoticeId>> {
    let ids = claimed.iter().map(|one| one.row.id);
    let rows: Vec<(NoticeId, DeliveryState)> = notice::Entity::find()
        .select_only()
        .columns([notice::Column::Id, notice::Column::State])
        .filter(is_any(txn.get_database_backend(), notice::Column::Id, ids))
        .order_by_asc(notice::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows.into_iter().filter(|(_, state)| *state == DeliveryState::Sending).map(|(id, _)| id).collect())
}

async fn settle_one(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (claimed, owner): (&Claimed, MemberId),
    outcome: &Outcome,
) -> Result<()> {
    let tries = (claimed.row.attempts, ctx.settings.delivery.max_attempts);
    let fate = after(outcome, Kind::parse(&claimed.row.kind), tries, ctx.now());
    if let Fate::Next(reason) = &fate {
        tracing::warn!(notice_id = %claimed.row.id, reason = reason.code(), "a notice goes to its next step");
    }
    write(txn, &claimed.row, &fate, ctx.now()).await?;
    settle_consent(ctx, txn, (claimed, owner), outcome).await
}

/// Also what recovery makes of a claim that was never settled.
pub async fn write(
    txn: &impl ConnectionTrait,
    row: &notice::Model,
    fate: &Fate,
    now: DateTime<Utc>,
) -> Result<()> {
    let update = notice::Entity::update_many()
        .col_expr(notice::Column::UpdatedAt, Expr::value(now))
        .filter(notice::Column::Id.eq(row.id))
        .filter(notice::Column::State.eq(DeliveryState::Sending));
    let update = match fate {
        Fate::Sent { message_id } => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Sent))
            .col_expr(notice::Column::Reason, Expr::value(Option::<String>::None))
            .col_expr(notice::Column::SentAt, Expr::value(now))
            .col_expr(notice::Column::PlatformMessageId, Expr::value(message_id.clone())),
        Fate::Unknown => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Unknown))
            .col_expr(notice::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code())),
        Fate::Again { not_before, reason } => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(notice::Column::NotBefore, Expr::value(*not_before))
            .col_expr(notice::Column::Reason, Expr::value(reason.map(Reason::code))),
        Fate::Next(reason) => update
            .col_expr(notice::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(notice::Column::NotBefore, Expr::value(now))
            .col_expr(notice::Column::Step, Expr::value(row.step + 1))
            .col_expr(notice::Column::Reason, Expr::value(reason.code())),
    };
    update.exec(txn).await?;
    Ok(())
}

async fn settle_consent(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (claimed, owner): (&Claimed, MemberId),
    outcome: &Outcome,
) -> Result<()> {
    let (Channel::WechatSubscribe, Some(template)) = (claimed.step.channel, &claimed.step.template_id) else {
        return Ok(());
    };
    let member = [owner];
    match outcome {
        Outcome::Sent { .. } | Outcome::Unknown(_) => consent::spend(ctx, txn, template, &member).await,
        Outcome::Refused { reason: Reason::NoConsent, told } => {
            let emptied = consent::Emptied {
                member_id: owner,
                key: format!("notice|{}|exhausted", claimed.row.id),
                asked_at: told.started_at,
            };
            consent::exhaust(ctx, txn, template, &[emptied]).await
        }
        _ => consent::give_back(ctx, txn, template, &member).await,
    }
}
