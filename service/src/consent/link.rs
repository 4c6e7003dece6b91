//! The link in a message by which its receiver says no, without signing in.
//!
//! A token is the delivery's id with a keyed hash of it: nobody can make one, and it names one message to one member. Looking at it
//! changes nothing (mail scanners and previews look at links); only a confirmation does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::delivery;
use entity::states::Channel;
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::opt_out::{Said, covers, opt_out, opt_outs_of};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::ids::DeliveryId;

const ID_LENGTH: usize = 16;
/// 96 bits: beyond guessing, and the token stays at 38 characters, which a text message has to carry.
const MAC_LENGTH: usize = 12;
const SOURCE: &str = "link";

/// What a message says of its link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptOutLink {
    /// For a text message without the scheme: suppliers refuse web addresses in variables.
    pub address: String,
    /// The end of the address, for templates that hold its beginning as fixed text.
    pub token: String,
}

/// What is stopped by confirming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopScope {
    /// The topic of the message, on its channel.
    Topic,
    /// All marketing on its channel.
    Channel,
}

/// What a link is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopOffer {
    pub channel: Channel,
    pub topic: String,
    pub topic_stopped: bool,
    pub channel_stopped: bool,
}

pub fn opt_out_link(ctx: &Context, channel: Channel, id: DeliveryId) -> OptOutLink {
    let token = token_of(ctx, id);
    let address = format!("{}/u/{token}", ctx.settings.public_url.trim_end_matches('/'));
    let bare = address.split_once("://").map(|(_, bare)| bare.to_owned());
    let address = if channel == Channel::Sms { bare.unwrap_or(address) } else { address };
    OptOutLink { address, token }
}

pub async fn read_opt_out_link(ctx: &Context, token: &str) -> Result<StopOffer> {
    let row = message_of(ctx, ctx.db.read(), token).await?;
    offer_of(ctx.db.read(), row).await
}

/// The confirmation. Doing it twice changes nothing.
pub async fn opt_out_by_link(ctx: &Context, token: &str, scope: StopScope) -> Result<StopOffer> {
    let txn = ctx.db.begin().await?;
    let row = message_of(ctx, &txn, token).await?;
    let topic = match scope {
        StopScope::Topic => row.topic.as_str(),
        StopScope::Channel => "all",
    };
    let evidence = serde_json::json!({ "delivery_id": row.id, "campaign_id": row.campaign_id });
    let about = (row.channel.as_str(), topic);
    opt_out(ctx, &txn, row.member_id, about, Said::by(SOURCE, evidence)).await?;
    let offer = offer_of(&txn, row).await?;
    txn.commit().await?;
    Ok(offer)
}

async fn message_of(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    token: &str,
) -> Result<delivery::Model> {
    let unknown = || Error::NotFound("the link");
    let id = id_of(ctx, token).ok_or_else(unknown)?;
    delivery::Entity::find_by_id(id).one(connection).await?.ok_or_else(unknown)
}

async fn offer_of(connection: &impl ConnectionTrait, row: delivery::Model) -> Result<StopOffer> {
    let said = opt_outs_of(connection, row.member_id).await?;
    let channel = row.channel.as_str();
    let all = |no: &entity::opt_out::Model| no.topic == "all" && covers(no, channel, &row.topic);
    Ok(StopOffer {
        topic_stopped: said.iter().any(|no| covers(no, channel, &row.topic)),
        channel_stopped: said.iter().any(all),
        channel: row.channel,
        topic: row.topic,
    })
}

fn token_of(ctx: &Context, id: DeliveryId) -> String {
    let mut bytes = [0; ID_LENGTH + MAC_LENGTH];
    bytes[..ID_LENGTH].copy_from_slice(id.0.as_bytes());
    bytes[ID_LENGTH..].copy_from_slice(&mac(ctx, id));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn id_of(ctx: &Context, token: &str) -> Option<DeliveryId> {
    let bytes: [u8; ID_LENGTH + MAC_LENGTH] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (id, seal) = bytes.split_at(ID_LENGTH);
    let id = DeliveryId(Uuid::from_slice(id).ok()?);
    crypto::constant_time_eq(seal, &mac(ctx, id)).then_some(id)
}

/// Under the key that never changes, so that a link outlives a change of keys.
fn mac(ctx: &Context, id: DeliveryId) -> [u8; MAC_LENGTH] {
    let hash = ctx.keys.index("opt_out_link", &id.to_string());
    let mut mac = [0; MAC_LENGTH];
    // 24 hex digits of the 64.
    let _ = hex::decode_to_slice(&hash[..MAC_LENGTH * 2], &mut mac);
    mac
}
