//! Deliveries, and the cap slots that they hold. A campaign has one delivery for each member: where both have one, the one that is further along
//! is the member's from now on, and the other stays with who is gone. Of two messages of one campaign at most one is still sent.

use std::collections::BTreeMap;

use entity::states::{DeliveryState, MessageClass};
use entity::{delivery, merged_slot};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::Pair;
use super::belongings::run;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CampaignId, DeliveryId, MemberId};

/// A delivery's reason; `delivery/reason.rs` has its words.
pub(super) const MERGED: &str = "merged";
const HOLDOUT: &str = "holdout";

pub(super) async fn move_deliveries(ctx: &Context, txn: &impl ConnectionTrait, pair: Pair) -> Result<u64> {
    let mut swapped = 0;
    for (kept, gone) in in_same_campaign(txn, pair).await? {
        let stays = if is_further(&gone, &kept) {
            swap(txn, &kept, &gone, pair).await?;
            swapped += 1;
            kept
        } else {
            gone
        };
        if is_open(stays.state) {
            suppress(ctx, txn, stays.id).await?;
        }
        carry_slot(txn, &stays, pair).await?;
    }
    let rest = "UPDATE delivery SET member_id = $1 WHERE member_id = $2 AND NOT EXISTS \
         (SELECT 1 FROM delivery kept WHERE kept.member_id = $1 AND kept.campaign_id = delivery.campaign_id)";
    Ok(swapped + run(txn, rest, pair).await?)
}

/// Pairs of deliveries: of who stays, and of who goes.
async fn in_same_campaign(
    txn: &impl ConnectionTrait,
    pair: Pair,
) -> Result<Vec<(delivery::Model, delivery::Model)>> {
    let campaigns = |member: MemberId| {
        delivery::Entity::find()
            .select_only()
            .column(delivery::Column::CampaignId)
            .filter(delivery::Column::MemberId.eq(member))
            .into_query()
    };
    let rows = delivery::Entity::find()
        .filter(delivery::Column::MemberId.is_in([pair.kept, pair.gone]))
        .filter(delivery::Column::CampaignId.in_subquery(campaigns(pair.kept)))
        .filter(delivery::Column::CampaignId.in_subquery(campaigns(pair.gone)))
        .all(txn)
        .await?;
    let (kept, gone): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.member_id == pair.kept);
    let mut gone: BTreeMap<CampaignId, delivery::Model> =
        gone.into_iter().map(|row| (row.campaign_id, row)).collect();
    Ok(kept.into_iter().filter_map(|row| gone.remove(&row.campaign_id).map(|other| (row, other))).collect())
}

fn is_open(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Pending | DeliveryState::Queued | DeliveryState::Deferred)
}

/// Went out, or may have.
fn is_out(state: DeliveryState) -> bool {
    use DeliveryState::{Bounced, Delivered, Sending, Sent, Unknown};
    matches!(state, Sending | Sent | Delivered | Bounced | Unknown)
}

/// Whether the delivery of who goes takes the place of the other. Who stays in the hold-out stays held out.
fn is_further(gone: &delivery::Model, kept: &delivery::Model) -> bool {
    let held_out = kept.reason.as_deref() == Some(HOLDOUT);
    let rank = |state| u8::from(is_open(state)) + 2 * u8::from(is_out(state));
    rank(gone.state) > rank(kept.state) && !(held_out && is_open(gone.state))
}

/// By way of an id that is nobody's, since the pair of campaign and member is unique at every moment.
async fn swap(
    txn: &impl ConnectionTrait,
    kept: &delivery::Model,
    gone: &delivery::Model,
    pair: Pair,
) -> Result<()> {
    let nobody: Uuid = kept.id.0;
    for (id, owner) in [(kept.id, nobody), (gone.id, pair.kept.0), (kept.id, pair.gone.0)] {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::MemberId, Expr::value(owner))
            .filter(delivery::Column::Id.eq(id))
            .exec(txn)
            .await?;
    }
    Ok(())
}

async fn suppress(ctx: &Context, txn: &impl ConnectionTrait, id: DeliveryId) -> Result<()> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Suppressed))
        .col_expr(delivery::Column::Reason, Expr::value(MERGED))
        .col_expr(delivery::Column::DueAt, Expr::value(Option::<chrono::DateTime<chrono::Utc>>::None))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(delivery::Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

/// The delivery can't move, but its message was seen: its slot counts for who stays.
async fn carry_slot(txn: &impl ConnectionTrait, row: &delivery::Model, pair: Pair) -> Result<()> {
    let Some(slot_at) = row.slot_at.filter(|_| row.class == MessageClass::Marketing) else { return Ok(()) };
    let slot = merged_slot::ActiveModel {
        delivery_id: Set(row.id),
        member_id: Set(pair.kept),
        channel: Set(row.channel),
        topic: Set(row.topic.clone()),
        slot_at: Set(slot_at),
    };
    merged_slot::Entity::insert(slot).exec_without_returning(txn).await?;
    Ok(())
}
