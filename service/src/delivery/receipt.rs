//! What the platform tells later of a message it accepted: delivered or not. A receipt may come before our own settle,
//! twice, or for a message whose answer we never heard.
//!
//! A receipt that finds nothing waits in `callback_event`. No order of events loses it: it is stored before it is looked
//! up again, and a batch is settled before it looks for what waits, so one of the two sees the other; what a crash leaves
//! between is found by recovery.

use chrono::{DateTime, Duration, Utc};
use entity::states::{Channel, DeliveryState, IdentityProvider};
use entity::{callback_event, delivery, identity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::reason::Reason;
use super::standing::template_of;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{DeliveryId, MemberId};
use crate::notice;

/// A receipt without a known message belongs to an unheard answer only if that is no older; receipts come within minutes.
const OWN_RECEIPT: Duration = Duration::hours(1);
/// How far back recovery looks for receipts that found nothing.
const LOOK_BACK: Duration = Duration::hours(2);
const PAGE: u64 = 500;
/// How the keys of stored receipts begin.
const KEY: &str = "receipt|";

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    pub message_id: String,
    pub delivered: bool,
    pub code: String,
    /// The id that we sent along, where the platform gives it back.
    #[serde(default)]
    pub out_id: Option<String>,
    /// Where it does not: to whom, and with which template.
    #[serde(default)]
    pub openid: Option<String>,
    /// Whose number it was sent to.
    #[serde(default)]
    pub member_id: Option<MemberId>,
    #[serde(default)]
    pub template_id: Option<String>,
}

impl Receipt {
    /// Where the event waits when its delivery is not settled yet.
    pub fn event_key(&self) -> String {
        format!("{KEY}{}", self.message_id)
    }

    fn delivery(&self) -> Option<DeliveryId> {
        self.out_id.as_deref()?.parse().ok()
    }

    pub fn subject(&self) -> Option<&str> {
        self.out_id.as_deref().or(self.openid.as_deref())
    }
}

/// True when the delivery was found, or had been told before.
pub async fn apply_receipt(
    txn: &impl ConnectionTrait,
    receipt: &Receipt,
    now: DateTime<Utc>,
) -> Result<bool> {
    let member = member_of(txn, receipt).await?;
    let found = match known(txn, receipt, member).await? {
        Some(id) => Some(id),
        None => unheard(txn, (receipt, member), now).await?,
    };
    let Some(id) = found else {
        return notice::apply_receipt(txn, &receipt.message_id, receipt.delivered, now).await;
    };
    let (state, reason) = if receipt.delivered {
        (DeliveryState::Delivered, None)
    } else {
        (DeliveryState::Bounced, Some(Reason::DeliveryFailed.code()))
    };
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(state))
        .col_expr(delivery::Column::Reason, Expr::value(reason))
        .col_expr(delivery::Column::PlatformMessageId, Expr::value(receipt.message_id.as_str()))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::Id.eq(id))
        .filter(delivery::Column::State.is_in([DeliveryState::Sent, DeliveryState::Unknown]))
        .exec(txn)
        .await?;
    Ok(true)
}

async fn member_of(txn: &impl ConnectionTrait, receipt: &Receipt) -> Result<Option<MemberId>> {
    let Some(openid) = &receipt.openid else { return Ok(receipt.member_id) };
    let owner = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .filter(identity::Column::Subject.eq(openid))
        .one(txn)
        .await?;
    Ok(owner.map(|owner| owner.member_id))
}

/// The delivery that the platform gave this id: found by its own id or by its member, since an index of the platform's ids would be
/// written at every send.
async fn known(
    txn: &impl ConnectionTrait,
    receipt: &Receipt,
    member: Option<MemberId>,
) -> Result<Option<DeliveryId>> {
    let whose = match (receipt.delivery(), member) {
        (Some(id), _) => delivery::Column::Id.eq(id),
        (None, Some(member)) => delivery::Column::MemberId.eq(member),
        (None, None) => return Ok(None),
    };
    let row = delivery::Entity::find()
        .filter(whose)
        .filter(delivery::Column::PlatformMessageId.eq(&receipt.message_id))
        .one(txn)
        .await?;
    Ok(row.map(|row| row.id))
}

/// The delivery whose answer was never heard and that this receipt is about.
async fn unheard(
    txn: &impl ConnectionTrait,
    (receipt, member): (&Receipt, Option<MemberId>),
    now: DateTime<Utc>,
) -> Result<Option<DeliveryId>> {
    if let Some(id) = receipt.delivery() {
        let row = delivery::Entity::find_by_id(id)
            .filter(delivery::Column::State.eq(DeliveryState::Unknown))
            .one(txn)
            .await?;
        return Ok(row.map(|row| row.id));
    }
    match (member, &receipt.template_id) {
        (Some(member), Some(template)) => unheard_by(txn, member, template, now).await,
        _ => Ok(None),
    }
}

/// The oldest unheard one with this template. While one is still under way the receipt may be that one's, and waits.
async fn unheard_by(
    txn: &impl ConnectionTrait,
    member: MemberId,
    template: &str,
    now: DateTime<Utc>,
) -> Result<Option<DeliveryId>> {
    let open = delivery::Entity::find()
        .filter(delivery::Column::MemberId.eq(member))
        .filter(delivery::Column::Channel.eq(Channel::WechatSubscribe))
        .filter(delivery::Column::State.is_in([DeliveryState::Sending, DeliveryState::Unknown]))
        .filter(delivery::Column::PlatformMessageId.is_null())
        .filter(delivery::Column::ClaimedAt.gt(now - OWN_RECEIPT))
        .order_by_asc(delivery::Column::ClaimedAt)
        .order_by_asc(delivery::Column::Id)
        .all(txn)
        .await?;
    let mut oldest = None;
    for row in open {
        if template_of(txn, row.campaign_id).await?.as_deref() != Some(template) {
            continue;
        }
        if row.state == DeliveryState::Sending {
            return Ok(None);
        }
        oldest.get_or_insert(row.id);
    }
    Ok(oldest)
}

/// Applies receipts that came before their messages were settled: of messages with an id, and of unheard ones by their
/// subject. Called after the settle has committed.
pub async fn apply_waiting(ctx: &Context, message_ids: &[String], subjects: &[String]) -> Result<()> {
    if message_ids.is_empty() && subjects.is_empty() {
        return Ok(());
    }
    let keys = message_ids.iter().map(|id| format!("{KEY}{id}"));
    let about = Condition::any()
        .add(callback_event::Column::EventKey.is_in(keys))
        .add(callback_event::Column::Subject.is_in(subjects.iter().map(String::as_str)));
    let waiting = callback_event::Entity::find()
        .filter(about)
        .filter(callback_event::Column::EventKey.starts_with(KEY))
        .filter(callback_event::Column::AppliedAt.is_null())
        .order_by_asc(callback_event::Column::Id)
        .all(ctx.db.read())
        .await?;
    for event in waiting {
        apply_stored(ctx, event).await?;
    }
    Ok(())
}

/// What a crash between storing and applying, or between settling and looking, has left behind.
pub async fn apply_left_behind(ctx: &Context) -> Result<u64> {
    let since = ctx.now() - LOOK_BACK;
    let (mut applied, mut after) = (0, None);
    loop {
        let mut waiting = callback_event::Entity::find()
            .filter(callback_event::Column::EventKey.starts_with(KEY))
            .filter(callback_event::Column::AppliedAt.is_null())
            .filter(callback_event::Column::ReceivedAt.gt(since));
        if let Some(after) = after {
            waiting = waiting.filter(callback_event::Column::Id.gt(after));
        }
        let page = waiting.order_by_asc(callback_event::Column::Id).limit(PAGE).all(ctx.db.read()).await?;
        let Some(last) = page.last() else { return Ok(applied) };
        after = Some(last.id);
        for event in page {
            applied += u64::from(apply_stored(ctx, event).await?);
        }
    }
}

/// Applies one receipt that waits; false when it goes on waiting, or somebody else has applied it.
async fn apply_stored(ctx: &Context, row: callback_event::Model) -> Result<bool> {
    let receipt: Receipt = serde_json::from_value(row.body).map_err(Error::internal)?;
    let txn = ctx.db.begin().await?;
    let marked = callback_event::Entity::update_many()
        .col_expr(callback_event::Column::AppliedAt, Expr::value(ctx.now()))
        .filter(callback_event::Column::Id.eq(row.id))
        .filter(callback_event::Column::AppliedAt.is_null())
        .exec(&txn)
        .await?;
    let applied = marked.rows_affected == 1 && apply_receipt(&txn, &receipt, ctx.now()).await?;
    if applied {
        txn.commit().await?;
    } else {
        txn.rollback().await?;
    }
    Ok(applied)
}
