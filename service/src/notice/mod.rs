//! Notices: messages that belong to no campaign and that somebody waits for, e.g. the receipt of a redemption.
//!
//! A notice is written with its outbox row in the transaction of what it tells of, and unique by its `business_key`: a
//! repeated request writes it once. It is transactional, so no cap, no quiet hours and no marketing opt-out hold it; a subscribe message
//! still needs the member's accept. Its wording for the inbox is always put there; the other steps are tried in
//! their order until one takes it. Written here and by the urgent lane (`delivery/notices`); read by the console.

mod kind;
mod list;

pub use entity::notice::Model as NoticeRow;
pub use kind::Kind;
pub use list::{NoticeFilter, list_notices};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::notice;
use entity::states::{Channel, DeliveryState, Lane};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, NoticeId};
use crate::outbox::{self, Job};

/// What is to be told to whom.
#[derive(Debug, Clone)]
pub struct NewNotice {
    pub member_id: MemberId,
    pub kind: Kind,
    /// What it tells of, e.g. `redemption:ID`: there is one notice for each.
    pub business_key: String,
    /// In the order in which they are tried.
    pub steps: Vec<Step>,
    /// From then on only the inbox is of use.
    pub expires_at: Option<DateTime<Utc>>,
}

/// One way to say it. The fields are those of a campaign's message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub channel: Channel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub body: String,
}

impl Step {
    pub fn inbox(title: String, body: String, page: Option<String>) -> Self {
        Self { channel: Channel::Inbox, template_id: None, page, parameters: BTreeMap::new(), title, body }
    }

    /// The steps of a stored notice.
    pub fn all_of(row: &NoticeRow) -> Result<Vec<Self>> {
        serde_json::from_value(row.message["steps"].clone()).map_err(Error::internal)
    }
}

/// Writes the notice and its job in the caller's transaction. False when there was one with this key already.
pub async fn send(ctx: &Context, txn: &impl ConnectionTrait, new: NewNotice) -> Result<bool> {
    let now = ctx.now();
    let id: NoticeId = ctx.new_id();
    let first =
        new.steps.first().ok_or_else(|| Error::internal(anyhow::anyhow!("a notice without steps")))?;
    let row = notice::ActiveModel {
        id: Set(id),
        member_id: Set(new.member_id),
        lane: Set(Lane::Urgent),
        kind: Set(new.kind.as_str().to_owned()),
        business_key: Set(new.business_key),
        channel: Set(first.channel),
        message: Set(serde_json::json!({ "steps": new.steps })),
        step: Set(0),
        state: Set(DeliveryState::Queued),
        reason: Set(None),
        not_before: Set(now),
        expires_at: Set(new.expires_at),
        claimed_at: Set(None),
        sent_at: Set(None),
        attempts: Set(0),
        platform_message_id: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let inserted = notice::Entity::insert(row)
        .on_conflict(OnConflict::column(notice::Column::BusinessKey).do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    if inserted == 1 {
        outbox::push(txn, now, &[Job::SendNotices { notice_ids: vec![id] }]).await?;
    }
    Ok(inserted == 1)
}

/// What the platform tells later of a message that it took. True when it is a notice's.
pub async fn apply_receipt(
    txn: &impl ConnectionTrait,
    message_id: &str,
    delivered: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let known =
        notice::Entity::find().filter(notice::Column::PlatformMessageId.eq(message_id)).one(txn).await?;
    let Some(row) = known else { return Ok(false) };
    let state = if delivered { DeliveryState::Delivered } else { DeliveryState::Bounced };
    notice::Entity::update_many()
        .col_expr(notice::Column::State, Expr::value(state))
        .col_expr(notice::Column::UpdatedAt, Expr::value(now))
        .filter(notice::Column::Id.eq(row.id))
        .filter(notice::Column::State.eq(DeliveryState::Sent))
        .exec(txn)
        .await?;
    Ok(true)
}
