//! "Why did I get this?": for one of the member's messages, what it is about, by which of the member's traits the brand picked, and
//! what it rests on. Also the member's own history over all channels.

use chrono::{DateTime, Utc};
use entity::states::{Channel, DeliveryState, MessageClass};
use entity::{campaign, delivery, inbox_message};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::basis::Basis;
use super::words::{Words, words_of};
use crate::audience::{Rule, Trait, traits_of};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, InboxMessageId, MemberId};
use crate::page::{Page, PageRequest};

#[derive(Debug, Clone)]
pub struct Why {
    pub channel: Channel,
    pub class: MessageClass,
    /// None: it belongs to no campaign.
    pub topic: Option<String>,
    pub sent_at: DateTime<Utc>,
    pub traits: Vec<Trait>,
    pub basis: Basis,
    /// Whether the member can stop such messages: marketing can be, what the membership needs can't.
    pub can_stop: bool,
}

/// States in which a message has reached the member, or may have.
const GONE_OUT: [DeliveryState; 4] =
    [DeliveryState::Sent, DeliveryState::Delivered, DeliveryState::Bounced, DeliveryState::Unknown];

pub async fn why(ctx: &Context, member_id: MemberId, id: InboxMessageId) -> Result<Why> {
    let message = own(ctx.db.read(), member_id, id).await?;
    let Some(row) = delivery_behind(ctx.db.read(), &message).await? else {
        return Ok(Why {
            channel: Channel::Inbox,
            class: MessageClass::Transactional,
            topic: None,
            sent_at: message.created_at,
            traits: Vec::new(),
            basis: Basis::Test,
            can_stop: false,
        });
    };
    let campaign = campaign::Entity::find_by_id(row.campaign_id).one(ctx.db.read()).await?;
    explained(&row, campaign.as_ref())
}

/// The member's message, or that there is none.
pub(super) async fn own(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
    id: InboxMessageId,
) -> Result<inbox_message::Model> {
    inbox_message::Entity::find_by_id(id)
        .filter(inbox_message::Column::MemberId.eq(member_id))
        .one(connection)
        .await?
        .ok_or(Error::NotFound("message"))
}

pub(super) async fn delivery_behind(
    connection: &impl ConnectionTrait,
    message: &inbox_message::Model,
) -> Result<Option<delivery::Model>> {
    let Some(id) = message.delivery_id else { return Ok(None) };
    Ok(delivery::Entity::find_by_id(id).one(connection).await?)
}

fn explained(row: &delivery::Model, campaign: Option<&campaign::Model>) -> Result<Why> {
    let rule: Option<Rule> = campaign
        .map(|campaign| serde_json::from_value(campaign.rule.clone()))
        .transpose()
        .map_err(Error::internal)?;
    Ok(Why {
        channel: row.channel,
        class: row.class,
        topic: Some(row.topic.clone()),
        sent_at: sent_at(row),
        traits: rule.as_ref().map(traits_of).unwrap_or_default(),
        basis: Basis::of(row.channel, row.class),
        can_stop: row.class == MessageClass::Marketing,
    })
}

/// Of one whose answer was never heard: when it was given up.
fn sent_at(row: &delivery::Model) -> DateTime<Utc> {
    row.sent_at.unwrap_or(row.updated_at)
}

/// [`sent_at`] in a query.
fn sent_expr() -> Expr {
    Func::coalesce([Expr::col(delivery::Column::SentAt), Expr::col(delivery::Column::UpdatedAt)]).into()
}

/// One message of the member's history.
#[derive(Debug, Clone)]
pub struct PastMessage {
    pub id: DeliveryId,
    pub state: DeliveryState,
    /// None: its wording is not kept.
    pub words: Option<Words>,
    pub why: Why,
}

/// What was sent to the member over all channels, newest first.
pub async fn history(ctx: &Context, member_id: MemberId, page: &PageRequest) -> Result<Page<PastMessage>> {
    let own = || {
        delivery::Entity::find()
            .filter(delivery::Column::MemberId.eq(member_id))
            .filter(delivery::Column::State.is_in(GONE_OUT))
    };
    let mut query = own();
    if let Some(after) = page.after::<DeliveryId>()? {
        let last = own().filter(delivery::Column::Id.eq(after)).one(ctx.db.read()).await?;
        let last = last.ok_or_else(|| Error::invalid("cursor", "is not a cursor that this list gave"))?;
        let same_time = sent_expr().eq(sent_at(&last)).and(delivery::Column::Id.lt(after));
        query = query.filter(sent_expr().lt(sent_at(&last)).or(same_time));
    }
    let rows = query
        .order_by_desc(sent_expr())
        .order_by_desc(delivery::Column::Id)
        .limit(page.limit() + 1)
        .all(ctx.db.read())
        .await?;
    let mut ids: Vec<_> = rows.iter().map(|row| row.campaign_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let campaigns =
        campaign::Entity::find().filter(campaign::Column::Id.is_in(ids)).all(ctx.db.read()).await?;
    let words = words_of(ctx, member_id, &rows).await?;
    let past = rows
        .iter()
        .zip(words)
        .map(|(row, words)| {
            let campaign = campaigns.iter().find(|campaign| campaign.id == row.campaign_id);
            Ok(PastMessage { id: row.id, state: row.state, words, why: explained(row, campaign)? })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(past, page.limit(), |one| one.id.0))
}
