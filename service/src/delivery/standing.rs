//! What deliveries ask of their campaign's row: whether it runs, which template it uses; and their common end when it does not.

use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{campaign, delivery};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::message::MessageDraft;
use super::reason::Reason;
use super::wording::fallback_of;
use crate::budget::Ceiling;
use crate::context::Context;
use crate::coupon;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponId, DeliveryId};

/// The states in which deliveries go out.
pub const RUNNING: [CampaignState; 2] = [CampaignState::Resolving, CampaignState::Sending];

/// The WeChat template that a campaign's messages use, on whichever step of its fall-back order.
pub async fn template_of(connection: &impl ConnectionTrait, id: CampaignId) -> Result<Option<String>> {
    let campaign =
        campaign::Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound("campaign"))?;
    if campaign.channel == Channel::WechatSubscribe {
        let message: MessageDraft = serde_json::from_value(campaign.message).map_err(Error::internal)?;
        return Ok(message.template_id);
    }
    let steps = fallback_of(&campaign)?;
    let wechat = steps.into_iter().find(|step| step.channel == Channel::WechatSubscribe);
    Ok(wechat.and_then(|step| step.message.template_id))
}

/// A ceiling is reached: the campaign stops with it as its reason until somebody raises it and resumes. In a transaction of its own,
/// since a claim holds deliveries and the dispatch locks the campaign first; a crash before it only means that the next claim does
/// it.
pub async fn pause_at_ceiling(ctx: &Context, id: CampaignId, ceiling: Ceiling) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let moved = campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Paused))
        .col_expr(campaign::Column::StateReason, Expr::value(ceiling.code()))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(id))
        .filter(campaign::Column::State.is_in(RUNNING))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    if moved.rows_affected == 1 {
        tracing::warn!(campaign_id = %id, ceiling = ceiling.code(), "campaign paused: its budget is used up");
    }
    Ok(())
}

/// Which open deliveries.
#[derive(Debug, Clone, Copy)]
pub enum Open<'a> {
    All(CampaignId),
    /// What waits again: all that a batch can put back of a campaign that has ended.
    Waiting(CampaignId),
    Of(&'a [DeliveryId]),
}

impl Open<'_> {
    fn condition(self, backend: DbBackend) -> Condition {
        let waiting = [DeliveryState::Pending, DeliveryState::Queued, DeliveryState::Deferred];
        let which = match self {
            Self::All(id) => delivery::Column::CampaignId.eq(id),
            Self::Waiting(id) => {
                delivery::Column::CampaignId.eq(id).and(delivery::Column::DueAt.is_not_null())
            }
            Self::Of(ids) => is_any(backend, delivery::Column::Id, ids.iter().copied()),
        };
        Condition::all().add(which).add(delivery::Column::State.is_in(waiting))
    }
}

/// A cancelled campaign's deliveries that were not yet claimed end with it, and the coupons that they held go back.
pub async fn end_open_deliveries(ctx: &Context, txn: &DatabaseTransaction, open: Open<'_>) -> Result<u64> {
    let unclaimed = open.condition(ctx.db.backend());
    // Locked, so that no coupon is taken back of one that is claimed meanwhile.
    let held: Vec<CouponId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::CouponId)
        .filter(unclaimed.clone())
        .filter(delivery::Column::CouponId.is_not_null())
        .order_by_asc(delivery::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    let ended = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Suppressed))
        .col_expr(delivery::Column::Reason, Expr::value(Reason::CampaignCancelled.code()))
        .col_expr(delivery::Column::DueAt, Expr::value(Option::<DateTimeUtc>::None))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(unclaimed)
        .exec(txn)
        .await?;
    if !held.is_empty() {
        coupon::void(ctx, txn, &held, "campaign_cancelled", true).await?;
    }
    Ok(ended.rows_affected)
}
