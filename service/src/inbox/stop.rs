//! One tap under a message: no more of these. Holds at once, for what is already queued too.

use entity::delivery;
use entity::states::MessageClass;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::why::{delivery_behind, own};
use crate::consent::{self, Said};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, InboxMessageId, MemberId};
use crate::refusal::Refusal;

/// How far a stop reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The message's topic on its channel.
    Channel,
    /// The message's topic on every channel.
    Everywhere,
}

/// The no that now holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    pub channel: String,
    pub topic: String,
}

/// Stops messages like this one of the inbox. Repeating it changes nothing.
///
/// # Refuses
/// `nothing_to_stop`
pub async fn stop(ctx: &Context, member_id: MemberId, id: InboxMessageId, reach: Reach) -> Result<Stopped> {
    let message = own(ctx.db.read(), member_id, id).await?;
    let row = delivery_behind(ctx.db.read(), &message).await?.ok_or(Refusal::NothingToStop)?;
    stop_like(ctx, &row, reach).await
}

/// The same for a message of any channel in the member's history.
///
/// # Refuses
/// `nothing_to_stop`
pub async fn stop_delivery(
    ctx: &Context,
    member_id: MemberId,
    id: DeliveryId,
    reach: Reach,
) -> Result<Stopped> {
    let row = delivery::Entity::find_by_id(id)
        .filter(delivery::Column::MemberId.eq(member_id))
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("message"))?;
    stop_like(ctx, &row, reach).await
}

async fn stop_like(ctx: &Context, row: &delivery::Model, reach: Reach) -> Result<Stopped> {
    if row.class != MessageClass::Marketing {
        return Err(Refusal::NothingToStop.into());
    }
    let channel = match reach {
        Reach::Channel => row.channel.as_str(),
        Reach::Everywhere => "all",
    };
    let said =
        Said::by("message", serde_json::json!({ "delivery_id": row.id, "campaign_id": row.campaign_id }));
    let txn = ctx.db.begin().await?;
    consent::opt_out(ctx, &txn, row.member_id, (channel, &row.topic), said).await?;
    txn.commit().await?;
    Ok(Stopped { channel: channel.to_owned(), topic: row.topic.clone() })
}
