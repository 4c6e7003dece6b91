//! Opt-outs: a no for a channel, a topic or everything. It outranks every consent and holds from the moment it commits, for
//! messages already queued too.

use entity::opt_out;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;

/// `channel` and `topic` may be `all`. Repeating it changes nothing.
pub async fn opt_out(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    (channel, topic): (&str, &str),
    source: &str,
) -> Result<()> {
    opt_out::Entity::insert(opt_out::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        channel: Set(channel.to_owned()),
        topic: Set(topic.to_owned()),
        source: Set(source.to_owned()),
        created_at: Set(ctx.now()),
    })
    .on_conflict(
        OnConflict::columns([opt_out::Column::MemberId, opt_out::Column::Channel, opt_out::Column::Topic])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(txn)
    .await?;
    Ok(())
}

/// Takes a no back.
pub async fn opt_in(
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    (channel, topic): (&str, &str),
) -> Result<()> {
    opt_out::Entity::delete_many()
        .filter(opt_out::Column::MemberId.eq(member_id))
        .filter(opt_out::Column::Channel.eq(channel))
        .filter(opt_out::Column::Topic.eq(topic))
        .exec(txn)
        .await?;
    Ok(())
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
