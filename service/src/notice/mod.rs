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
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::{MemberId, NoticeId};
use crate::outbox::{self, Job};

/// Notices of one message of the queue; each is settled when all have been tried.
const SENT_TOGETHER: usize = 20;

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
pub async fn send(ctx: &Context, txn: &DatabaseTransaction, new: NewNotice) -> Result<bool> {
    Ok(send_all(ctx, txn, vec![new]).await? == 1)
}

/// As [`send`]; answers how many there were not yet.
pub async fn send_all(ctx: &Context, txn: &DatabaseTransaction, new: Vec<NewNotice>) -> Result<usize> {
    let rows: Vec<NoticeRow> = new.into_iter().map(|new| row_of(ctx, new)).collect::<Result<_>>()?;
    let mut ids: Vec<NoticeId> = rows.iter().map(|row| row.id).collect();
    if db::insert_all::<notice::Entity>(txn, rows).await? < ids.len() as u64 {
        ids = inserted(txn, &ids).await?;
    }
    let jobs: Vec<Job> =
        ids.chunks(SENT_TOGETHER).map(|ids| Job::SendNotices { notice_ids: ids.to_vec() }).collect();
    outbox::push(txn, ctx.now(), &jobs).await?;
    Ok(ids.len())
}

fn row_of(ctx: &Context, new: NewNotice) -> Result<NoticeRow> {
    let now = ctx.now();
    let first =
        new.steps.first().ok_or_else(|| Error::internal(anyhow::anyhow!("a notice without steps")))?;
    Ok(NoticeRow {
        id: ctx.new_id(),
        member_id: new.member_id,
        lane: Lane::Urgent,
        kind: new.kind.as_str().to_owned(),
        business_key: new.business_key,
        channel: first.channel,
        message: serde_json::json!({ "steps": new.steps }),
        step: 0,
        state: DeliveryState::Queued,
        reason: None,
        not_before: now,
        expires_at: new.expires_at,
        claimed_at: None,
        sent_at: None,
        attempts: 0,
        platform_message_id: None,
        created_at: now,
        updated_at: now,
    })
}

async fn inserted(txn: &DatabaseTransaction, ids: &[NoticeId]) -> Result<Vec<NoticeId>> {
    let rows = notice::Entity::find()
        .select_only()
        .column(notice::Column::Id)
        .filter(db::is_any(txn.get_database_backend(), notice::Column::Id, ids.iter().copied()))
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows)
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
