//! What the platform tells later of a message it accepted: delivered or not. A receipt may come before our own settle,
//! twice, or for a message whose answer we never heard.

use chrono::{DateTime, Utc};
use entity::states::DeliveryState;
use entity::{callback_event, delivery};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::reason::Reason;
use crate::error::Result;
use crate::ids::DeliveryId;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    pub message_id: String,
    pub delivered: bool,
    pub code: String,
}

impl Receipt {
    /// Where the event waits when its delivery is not settled yet.
    pub fn event_key(&self) -> String {
        format!("receipt|{}", self.message_id)
    }
}

/// True when the delivery was found, or had been told before.
pub async fn apply_receipt(
    txn: &impl ConnectionTrait,
    receipt: &Receipt,
    now: DateTime<Utc>,
) -> Result<bool> {
    let (state, reason) = if receipt.delivered {
        (DeliveryState::Delivered, None)
    } else {
        (DeliveryState::Bounced, Some(Reason::DeliveryFailed.code()))
    };
    let moved = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(state))
        .col_expr(delivery::Column::Reason, Expr::value(reason))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now))
        .filter(delivery::Column::PlatformMessageId.eq(&receipt.message_id))
        .filter(delivery::Column::State.is_in([DeliveryState::Sent, DeliveryState::Unknown]))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected > 0)
}

/// Applies receipts that came before their message was settled.
pub async fn apply_waiting(
    txn: &impl ConnectionTrait,
    settled: &[(DeliveryId, String)],
    now: DateTime<Utc>,
) -> Result<()> {
    if settled.is_empty() {
        return Ok(());
    }
    let waiting = callback_event::Entity::find()
        .filter(callback_event::Column::EventKey.is_in(settled.iter().map(|(_, id)| format!("receipt|{id}"))))
        .filter(callback_event::Column::AppliedAt.is_null())
        .all(txn)
        .await?;
    for event in waiting {
        let Ok(receipt) = serde_json::from_value::<Receipt>(event.body.clone()) else { continue };
        if apply_receipt(txn, &receipt, now).await? {
            callback_event::Entity::update_many()
                .col_expr(callback_event::Column::AppliedAt, Expr::value(now))
                .filter(callback_event::Column::Id.eq(event.id))
                .exec(txn)
                .await?;
        }
    }
    Ok(())
}
