//! "Why did I get this?" and the one tap that ends it, for the inbox and for messages of every channel.

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::audience::Trait;
use service::ids::{DeliveryId, InboxMessageId};
use service::inbox::{self, Basis, PastMessage, Reach, Stopped, Why, Words};
use service::states::{Channel, DeliveryState, MessageClass};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// A code with its words.
#[derive(Serialize, ToSchema)]
pub struct WordsView {
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
}

impl From<Trait> for WordsView {
    fn from(one: Trait) -> Self {
        Self { code: one.code(), chinese: one.chinese(), english: one.english() }
    }
}

impl From<Basis> for WordsView {
    fn from(one: Basis) -> Self {
        Self { code: one.code(), chinese: one.chinese(), english: one.english() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WhyView {
    brand: String,
    channel: Channel,
    class: MessageClass,
    /// What it is about; null: it belongs to no campaign.
    topic: Option<String>,
    sent_at: DateTime<Utc>,
    /// By what the brand picked its members: the kinds of facts, never the values.
    picked_by: Vec<WordsView>,
    /// What the message rests on.
    basis: WordsView,
    /// Whether such messages can be stopped.
    can_stop: bool,
}

impl WhyView {
    fn of(ctx: &Context, why: Why) -> Self {
        Self {
            brand: ctx.settings.brand_name.clone(),
            channel: why.channel,
            class: why.class,
            topic: why.topic,
            sent_at: why.sent_at,
            picked_by: why.traits.into_iter().map(WordsView::from).collect(),
            basis: why.basis.into(),
            can_stop: why.can_stop,
        }
    }
}

/// Why the member got a message of the inbox.
#[utoipa::path(tag = "member", responses((status = 200, body = WhyView)), security(("member" = [])))]
#[get("/v1/me/inbox/{id}/why")]
pub async fn explain_inbox_message(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<InboxMessageId>,
) -> Result<web::Json<WhyView>, Problem> {
    let why = inbox::why(&ctx, caller.0.member.id, id.0).await?;
    Ok(web::Json(WhyView::of(&ctx, why)))
}

/// How far a stop reaches.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReach {
    /// The message's topic on its channel.
    #[default]
    Channel,
    /// The message's topic on every channel.
    Everywhere,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopBody {
    /// `channel` unless told.
    reach: StopReach,
}

impl StopBody {
    fn reach(&self) -> Reach {
        match self.reach {
            StopReach::Channel => Reach::Channel,
            StopReach::Everywhere => Reach::Everywhere,
        }
    }
}

/// The no that now holds.
#[derive(Serialize, ToSchema)]
pub struct StoppedView {
    channel: String,
    topic: String,
}

impl From<Stopped> for StoppedView {
    fn from(stopped: Stopped) -> Self {
        Self { channel: stopped.channel, topic: stopped.topic }
    }
}

/// Ends messages like this one, at once and for what is already queued too; again changes nothing.
#[utoipa::path(
    tag = "member",
    request_body = StopBody,
    responses((status = 200, body = StoppedView)),
    security(("member" = []))
)]
#[post("/v1/me/inbox/{id}/stop")]
pub async fn stop_inbox_messages(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<InboxMessageId>,
    body: Json<StopBody>,
) -> Result<web::Json<StoppedView>, Problem> {
    Ok(web::Json(inbox::stop(&ctx, caller.0.member.id, id.0, body.0.reach()).await?.into()))
}

#[derive(Serialize, ToSchema)]
pub struct PastMessageView {
    id: DeliveryId,
    state: DeliveryState,
    /// As it was sent; null: its wording is not kept.
    words: Option<WordsSentView>,
    why: WhyView,
}

/// What the member read.
#[derive(Serialize, ToSchema)]
pub struct WordsSentView {
    /// Of the inbox, and the name of the template that was subscribed to in WeChat.
    title: Option<String>,
    /// One text, or in WeChat the template's values in their order.
    lines: Vec<String>,
}

impl From<Words> for WordsSentView {
    fn from(Words { title, lines }: Words) -> Self {
        Self { title, lines }
    }
}

/// What was sent to the member over all channels, newest first, each with its words and its why.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PageView<PastMessageView>)),
    security(("member" = []))
)]
#[get("/v1/me/deliveries")]
pub async fn list_my_deliveries(
    ctx: Data<Context>,
    caller: MemberSession,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<PastMessageView>>, Problem> {
    let page = inbox::history(&ctx, caller.0.member.id, &page.0.into()).await?;
    let view = |PastMessage { id, state, words, why }| PastMessageView {
        id,
        state,
        words: words.map(Into::into),
        why: WhyView::of(&ctx, why),
    };
    Ok(web::Json(PageView::of(page, view)))
}

/// Ends messages like this one, whatever channel it came by; again changes nothing.
#[utoipa::path(
    tag = "member",
    request_body = StopBody,
    responses((status = 200, body = StoppedView)),
    security(("member" = []))
)]
#[post("/v1/me/deliveries/{id}/stop")]
pub async fn stop_my_deliveries(
    ctx: Data<Context>,
    caller: MemberSession,
    id: Segments<DeliveryId>,
    body: Json<StopBody>,
) -> Result<web::Json<StoppedView>, Problem> {
    Ok(web::Json(inbox::stop_delivery(&ctx, caller.0.member.id, id.0, body.0.reach()).await?.into()))
}
