//! Opt-outs: a no for a channel, a topic or everything. It outranks every consent and holds from the moment it commits, for
//! messages already queued too.
//!
//! What was said is kept apart from what holds: each change writes a row of `opt_out_event` with its source and evidence. Those rows
//! are never deleted: the evidence of a no must last at least five months, also after a new yes (MIIT's rules for SMS).

use entity::{opt_out, opt_out_event};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::redirect;

/// By which way somebody spoke, and what proves it: the text of a reply, the id of the message whose link was used. No phone
/// number and no openid.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    pub source: &'a str,
    pub evidence: Value,
}

impl<'a> Said<'a> {
    pub fn by(source: &'a str, evidence: Value) -> Self {
        Self { source, evidence }
    }
}

/// `channel` and `topic` may be `all`. False when it held before: repeating it changes nothing and is no new evidence.
pub async fn opt_out(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    (channel, topic): (&str, &str),
    said: Said<'_>,
) -> Result<bool> {
    let member_id = redirect::hold_current(txn, member_id).await?;
    let inserted = opt_out::Entity::insert(opt_out::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        channel: Set(channel.to_owned()),
        topic: Set(topic.to_owned()),
        source: Set(said.source.to_owned()),
        created_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::columns([opt_out::Column::MemberId, opt_out::Column::Channel, opt_out::Column::Topic])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(txn)
    .await?;
    if inserted == 1 {
        record(ctx, txn, member_id, Change { channel, topic, name: "opted_out", said }).await?;
    }
    Ok(inserted == 1)
}

/// Takes a no back. False when there was none.
pub async fn opt_in(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    (channel, topic): (&str, &str),
    said: Said<'_>,
) -> Result<bool> {
    let member_id = redirect::hold_current(txn, member_id).await?;
    let deleted = opt_out::Entity::delete_many()
        .filter(opt_out::Column::MemberId.eq(member_id))
        .filter(opt_out::Column::Channel.eq(channel))
        .filter(opt_out::Column::Topic.eq(topic))
        .exec(txn)
        .await?;
    if deleted.rows_affected > 0 {
        record(ctx, txn, member_id, Change { channel, topic, name: "opted_in", said }).await?;
    }
    Ok(deleted.rows_affected > 0)
}

pub async fn opt_outs_of(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Vec<opt_out::Model>> {
    Ok(opt_out::Entity::find()
        .filter(opt_out::Column::MemberId.eq(member_id))
        .order_by_asc(opt_out::Column::Id)
        .all(connection)
        .await?)
}

/// Everything that a member said for or against messages, oldest first.
pub async fn opt_out_history_of(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Vec<opt_out_event::Model>> {
    Ok(opt_out_event::Entity::find()
        .filter(opt_out_event::Column::MemberId.eq(member_id))
        .order_by_asc(opt_out_event::Column::Id)
        .all(connection)
        .await?)
}

/// Whether what somebody said covers a message of this channel and topic.
pub fn covers(no: &opt_out::Model, channel: &str, topic: &str) -> bool {
    (no.channel == "all" || no.channel == channel) && (no.topic == "all" || no.topic == topic)
}

struct Change<'a> {
    channel: &'a str,
    topic: &'a str,
    name: &'a str,
    said: Said<'a>,
}

async fn record(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    change: Change<'_>,
) -> Result<()> {
    opt_out_event::Entity::insert(opt_out_event::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        channel: Set(change.channel.to_owned()),
        topic: Set(change.topic.to_owned()),
        change: Set(change.name.to_owned()),
        source: Set(change.said.source.to_owned()),
        evidence: Set(change.said.evidence),
        created_at: Set(ctx.now()),
    })
    .exec_without_returning(txn)
    .await?;
    Ok(())
}
