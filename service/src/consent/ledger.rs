//! The moves of the consent ledger.

use chrono::{DateTime, Utc};
use entity::states::ConsentKind;
use entity::{consent, consent_event};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
};

use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::redirect;

const REVOKED: &str = "revoked";
const EXHAUSTED: &str = "exhausted";

/// What the member answered to a subscription prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Reject,
}

/// One platform event on one template; `key` makes a repeated event harmless.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    pub member_id: MemberId,
    pub template_id: &'a str,
    pub source: &'a str,
    pub key: String,
    pub detail: serde_json::Value,
}

/// Adds one send (or the long-term yes). False when the event was known.
pub async fn accept(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    kind: ConsentKind,
    evidence: Evidence<'_>,
) -> Result<bool> {
    let member_id = redirect::hold_current(txn, evidence.member_id).await?;
    let template_id = evidence.template_id.to_owned();
    let evidence = Evidence { member_id, ..evidence };
    if !record(ctx, txn, "accepted", 1, evidence).await? {
        return Ok(false);
    }
    let more = match kind {
        ConsentKind::OneTime => Expr::col((consent::Entity, consent::Column::Available)).add(1),
        ConsentKind::LongTerm => Expr::value(1),
    };
    consent::Entity::insert(consent::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        template_id: Set(template_id),
        kind: Set(kind),
        available: Set(1),
        reserved: Set(0),
        updated_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::columns([consent::Column::MemberId, consent::Column::TemplateId])
            .value(consent::Column::Kind, Expr::value(kind))
            .value(consent::Column::Available, more)
            .value(consent::Column::UpdatedAt, Expr::value(ctx.now()))
            .to_owned(),
    )
    .exec_without_returning(txn)
    .await?;
    Ok(true)
}

/// A no to a prompt: earlier accepts stay, since they were given before. Kept as evidence.
pub async fn record_reject(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    evidence: Evidence<'_>,
) -> Result<bool> {
    record(ctx, txn, "rejected", 0, evidence).await
}

/// An accept that the person took back before it reached us: kept as evidence, counted as nothing.
pub async fn record_late_accept(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    evidence: Evidence<'_>,
) -> Result<bool> {
    record(ctx, txn, "accepted_late", 0, evidence).await
}

/// Whether it is known that nothing was left at a later time than `created_at` (seconds, by the platform's clock): the person
/// cancelled, or the platform said so to a send.
pub async fn was_taken_back_after(
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    template_id: &str,
    created_at: i64,
) -> Result<bool> {
    let revoked = consent_event::Entity::find()
        .filter(consent_event::Column::MemberId.eq(member_id))
        .filter(consent_event::Column::TemplateId.eq(template_id))
        .filter(consent_event::Column::Change.is_in([REVOKED, EXHAUSTED]))
        .all(txn)
        .await?;
    Ok(revoked.iter().any(|event| event.evidence["created_at"].as_i64().is_some_and(|at| at > created_at)))
}

/// Takes back everything: a cancellation in the platform's menu. False when the event was known.
pub async fn revoke(ctx: &Context, txn: &impl ConnectionTrait, evidence: Evidence<'_>) -> Result<bool> {
    let member_id = redirect::hold_current(txn, evidence.member_id).await?;
    let template_id = evidence.template_id.to_owned();
    let evidence = Evidence { member_id, ..evidence };
    if !record(ctx, txn, REVOKED, 0, evidence).await? {
        return Ok(false);
    }
    empty(ctx, txn, &template_id, &[member_id]).await?;
    Ok(true)
}

/// What the client says it saw: kept as evidence, counted as nothing.
pub async fn record_hint(ctx: &Context, answer: Answer, evidence: Evidence<'_>) -> Result<()> {
    if evidence.template_id.is_empty() || evidence.template_id.len() > 100 {
        return Err(Error::invalid("template_id", "needs 1 to 100 characters"));
    }
    let change = match answer {
        Answer::Accept => "client_accepted",
        Answer::Reject => "client_rejected",
    };
    let txn = ctx.db.begin().await?;
    record(ctx, &txn, change, 0, evidence).await?;
    txn.commit().await?;
    Ok(())
}

/// The member's ledger, one row a template.
pub async fn ledger_of(ctx: &Context, member_id: MemberId) -> Result<Vec<consent::Model>> {
    Ok(consent::Entity::find()
        .filter(consent::Column::MemberId.eq(member_id))
        .order_by_asc(consent::Column::TemplateId)
        .all(ctx.db.read())
        .await?)
}

/// Holds one send of each member, who are locked and known to have one.
pub async fn reserve(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    template: &str,
    members: &[MemberId],
) -> Result<()> {
    let moved = one_time(ctx, template, members)
        .col_expr(consent::Column::Available, Expr::col(consent::Column::Available).sub(1))
        .col_expr(consent::Column::Reserved, Expr::col(consent::Column::Reserved).add(1))
        .filter(consent::Column::Available.gt(0));
    run(txn, members, moved).await
}

/// The held send is used up.
pub async fn spend(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    template: &str,
    members: &[MemberId],
) -> Result<()> {
    let moved = one_time(ctx, template, members)
        .col_expr(consent::Column::Reserved, Expr::col(consent::Column::Reserved).sub(1))
        .filter(consent::Column::Reserved.gt(0));
    run(txn, members, moved).await
}

/// The held send was not used: a failed call does not consume the ledger.
pub async fn give_back(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    template: &str,
    members: &[MemberId],
) -> Result<()> {
    let moved = one_time(ctx, template, members)
        .col_expr(consent::Column::Reserved, Expr::col(consent::Column::Reserved).sub(1))
        .col_expr(consent::Column::Available, Expr::col(consent::Column::Available).add(1))
        .filter(consent::Column::Reserved.gt(0));
    run(txn, members, moved).await
}

/// A send that the platform refused because nothing is left.
#[derive(Debug, Clone)]
pub struct Emptied {
    pub member_id: MemberId,
    /// Makes a repetition harmless.
    pub key: String,
    /// When the platform was asked: an accept from before that is no longer there.
    pub asked_at: DateTime<Utc>,
}

/// The platform says that nothing is left (43101): all counts go to zero, and that it said so is kept.
pub async fn exhaust(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    template: &str,
    emptied: &[Emptied],
) -> Result<()> {
    if emptied.is_empty() {
        return Ok(());
    }
    let rows = emptied.iter().map(|one| consent_event::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(one.member_id),
        template_id: Set(template.to_owned()),
        change: Set(EXHAUSTED.to_owned()),
        amount: Set(0),
        source: Set("send".to_owned()),
        event_key: Set(one.key.clone()),
        evidence: Set(serde_json::json!({ "code": "43101", "created_at": one.asked_at.timestamp() })),
        created_at: Set(ctx.now()),
    });
    consent_event::Entity::insert_many(rows)
        .on_conflict(OnConflict::column(consent_event::Column::EventKey).do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    let members: Vec<MemberId> = emptied.iter().map(|one| one.member_id).collect();
    empty(ctx, txn, template, &members).await
}

async fn empty(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    template: &str,
    members: &[MemberId],
) -> Result<()> {
    let moved = consent::Entity::update_many()
        .col_expr(consent::Column::Available, Expr::value(0))
        .col_expr(consent::Column::Reserved, Expr::value(0))
        .col_expr(consent::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(consent::Column::TemplateId.eq(template))
        .filter(is_any(ctx.db.backend(), consent::Column::MemberId, members.iter().copied()));
    run(txn, members, moved).await
}

fn one_time(ctx: &Context, template: &str, members: &[MemberId]) -> sea_orm::UpdateMany<consent::Entity> {
    consent::Entity::update_many()
        .col_expr(consent::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(consent::Column::TemplateId.eq(template))
        .filter(consent::Column::Kind.eq(ConsentKind::OneTime))
        .filter(is_any(ctx.db.backend(), consent::Column::MemberId, members.iter().copied()))
}

async fn run(
    txn: &impl ConnectionTrait,
    members: &[MemberId],
    update: sea_orm::UpdateMany<consent::Entity>,
) -> Result<()> {
    if !members.is_empty() {
        update.exec(txn).await?;
    }
    Ok(())
}

async fn record(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    change: &str,
    amount: i32,
    evidence: Evidence<'_>,
) -> Result<bool> {
    let inserted = consent_event::Entity::insert(consent_event::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(evidence.member_id),
        template_id: Set(evidence.template_id.to_owned()),
        change: Set(change.to_owned()),
        amount: Set(amount),
        source: Set(evidence.source.to_owned()),
        event_key: Set(evidence.key),
        evidence: Set(evidence.detail),
        created_at: Set(ctx.now()),
    })
    .on_conflict(OnConflict::column(consent_event::Column::EventKey).do_nothing().to_owned())
    .exec_without_returning(txn)
    .await?;
    Ok(inserted == 1)
}
