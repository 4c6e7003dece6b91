//! The statements that write a settled batch: attempts, states, the inbox's messages. Rows with the same fate are written together.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::states::{Channel, DeliveryState};
use entity::{attempt, delivery, inbox_message};
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, Statement,
};

use super::claim::Envelope;
use super::fate::{Fate, Plan};
use super::outcome::Outcome;
use super::reason::Reason;
use crate::context::Context;
use crate::db::{self, is_any};
use crate::error::Result;
use crate::ids::{DeliveryId, MemberId};

pub(super) async fn record_attempts(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    plan: &Plan<'_>,
) -> Result<()> {
    let rows: Vec<_> = plan
        .attempts
        .iter()
        // A message that went out at once says so by its own row.
        .filter(|(envelope, outcome)| {
            !(envelope.delivery.attempts == 1 && matches!(outcome, Outcome::Sent { .. }))
        })
        .filter_map(|(envelope, outcome)| {
            let tried = outcome.attempt()?;
            Some(attempt::ActiveModel {
                id: Set(ctx.new_id()),
                delivery_id: Set(envelope.delivery.id),
                number: Set(envelope.delivery.attempts),
                outcome: Set(tried.outcome.to_owned()),
                code: Set(tried.code.map(str::to_owned)),
                message: Set(tried.message.map(str::to_owned)),
                started_at: Set(tried.started_at),
                ended_at: Set(ctx.now()),
            })
        })
        .collect();
    if !rows.is_empty() {
        attempt::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

pub(super) async fn mark_sent(
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
    now: DateTime<Utc>,
) -> Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    if txn.get_database_backend() == DbBackend::Postgres {
        return mark_sent_in_postgres(txn, sent, now).await;
    }
    let mut update = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Sent))
        .col_expr(delivery::Column::SentAt, Expr::value(now))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now));
    let ids = message_ids(sent);
    if !ids.is_empty() {
        let case = ids.iter().fold(CaseStatement::new(), |case, (id, message_id)| {
            case.case(delivery::Column::Id.eq(*id), Expr::value(message_id.as_str()))
        });
        update = update.col_expr(
            delivery::Column::PlatformMessageId,
            case.finally(Expr::col(delivery::Column::PlatformMessageId)).into(),
        );
    }
    update
        .filter(delivery::Column::Id.is_in(sent.iter().map(|(envelope, _)| envelope.delivery.id)))
        // A claim that outlived its lease is unknown by now; the answer that came after all settles it.
        .filter(delivery::Column::State.is_in([DeliveryState::Sending, DeliveryState::Unknown]))
        .exec(txn)
        .await?;
    Ok(())
}

/// $1 now, $2 deliveries, $3 the platform's ids. A claim that outlived its lease is unknown by now; the answer that came after
/// all settles it.
const SENT: &str = "UPDATE delivery SET state = 'sent', sent_at = $1, updated_at = $1, \
     platform_message_id = coalesce(sent.message_id, delivery.platform_message_id) \
     FROM unnest($2::text::uuid[], $3::text::text[]) AS sent(id, message_id) \
     WHERE delivery.id = sent.id AND delivery.state IN ('sending', 'unknown')";

async fn mark_sent_in_postgres(
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids = db::array(sent.iter().map(|(envelope, _)| envelope.delivery.id));
    let message_ids = db::nullable_text_array(sent.iter().map(|(_, outcome)| outcome.message_id()));
    let values = [now.into(), ids.into(), message_ids.into()];
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, SENT, values)).await?;
    Ok(())
}

fn message_ids(sent: &[(&Envelope, &Outcome)]) -> Vec<(DeliveryId, String)> {
    sent.iter()
        .filter_map(|(envelope, outcome)| Some((envelope.delivery.id, outcome.message_id()?.to_owned())))
        .collect()
}

/// Which supplier has a message, or may have it: one statement for each, and none for channels without several.
pub(super) async fn mark_suppliers(
    txn: &impl ConnectionTrait,
    attempts: &[(&Envelope, &Outcome)],
) -> Result<()> {
    let mut by_supplier: BTreeMap<&str, Vec<DeliveryId>> = BTreeMap::new();
    for (envelope, outcome) in attempts {
        if let Some(supplier) = outcome.supplier() {
            by_supplier.entry(supplier).or_default().push(envelope.delivery.id);
        }
    }
    for (supplier, ids) in by_supplier {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::Supplier, Expr::value(supplier))
            .filter(delivery::Column::Id.is_in(ids))
            .exec(txn)
            .await?;
    }
    Ok(())
}

pub(super) async fn mark(
    txn: &impl ConnectionTrait,
    fate: Fate,
    ids: Vec<DeliveryId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let none = Option::<DateTime<Utc>>::None;
    let update = delivery::Entity::update_many().col_expr(delivery::Column::UpdatedAt, Expr::value(now));
    let update = match fate {
        Fate::Failed(reason) => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Failed))
            .col_expr(delivery::Column::Reason, Expr::value(reason.code()))
            .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
            .col_expr(delivery::Column::SlotAt, Expr::value(none)),
        Fate::Unknown => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
            .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code())),
        Fate::Pending { not_before, reason, tried } => {
            let attempts = Expr::col(delivery::Column::Attempts).sub(i32::from(!tried));
            update
                .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
                .col_expr(delivery::Column::NotBefore, Expr::value(not_before))
                .col_expr(delivery::Column::DueAt, Expr::value(not_before))
                .col_expr(delivery::Column::Reason, Expr::value(reason.map(Reason::code)))
                .col_expr(delivery::Column::SlotAt, Expr::value(none))
                .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
                .col_expr(delivery::Column::ClaimedAt, Expr::value(none))
                .col_expr(delivery::Column::Attempts, attempts)
        }
        Fate::NextStep { reason } => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(delivery::Column::NotBefore, Expr::value(now))
            .col_expr(delivery::Column::DueAt, Expr::value(now))
            .col_expr(delivery::Column::Reason, Expr::value(reason.code()))
            .col_expr(delivery::Column::Step, Expr::col(delivery::Column::Step).add(1))
            .col_expr(delivery::Column::SlotAt, Expr::value(none))
            .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
            .col_expr(delivery::Column::ClaimedAt, Expr::value(none)),
    };
    update
        .filter(is_any(txn.get_database_backend(), delivery::Column::Id, ids))
        .filter(delivery::Column::State.eq(DeliveryState::Sending))
        .exec(txn)
        .await?;
    Ok(())
}

pub(super) async fn put_in_inbox(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
    merged: &HashMap<MemberId, MemberId>,
) -> Result<()> {
    let owner = |id: MemberId| merged.get(&id).copied().unwrap_or(id);
    let rows: Vec<_> = sent
        .iter()
        .filter(|(envelope, _)| envelope.delivery.channel == Channel::Inbox)
        .map(|(envelope, _)| inbox_message::ActiveModel {
            id: Set(ctx.new_id()),
            member_id: Set(owner(envelope.delivery.member_id)),
            delivery_id: Set(Some(envelope.delivery.id)),
            title: Set(envelope.rendered.title.clone()),
            body: Set(envelope.rendered.body.clone()),
            page: Set(envelope.message.page.clone()),
            created_at: Set(ctx.now()),
            read_at: Set(None),
        })
        .collect();
    if !rows.is_empty() {
        inbox_message::Entity::insert_many(rows)
            .on_conflict(OnConflict::column(inbox_message::Column::DeliveryId).do_nothing().to_owned())
            .exec_without_returning(txn)
            .await?;
    }
    Ok(())
}
