//! How many members a move of a campaign touches: asked before it, and told with its answer.

use entity::delivery;
use entity::states::DeliveryState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{find, recurring};
use crate::context::Context;
use crate::error::Result;
use crate::ids::CampaignId;
use crate::staff::StaffCaller;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// Not yet claimed: a pause holds them, a cancel ends them. Deferred ones are among them.
    pub waiting: i64,
    pub deferred: i64,
    /// A worker holds them; whatever is called now is not stopped by it.
    pub in_flight: i64,
    /// Called, whatever came of it.
    pub called: i64,
    /// Ended without a message.
    pub held_back: i64,
    /// Of a recurring campaign: its runs that go on by themselves.
    pub running_children: u64,
}

pub async fn impact(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Impact> {
    let campaign = find(ctx, caller, id).await?;
    let rows: Vec<(DeliveryState, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::State)
        .column_as(delivery::Column::Id.count(), "deliveries")
        .filter(delivery::Column::CampaignId.eq(id))
        .group_by(delivery::Column::State)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut impact = Impact::of(&rows);
    if campaign.recurrence.is_some() {
        impact.running_children = recurring::running_children(ctx, id).await?;
    }
    Ok(impact)
}

impl Impact {
    fn of(rows: &[(DeliveryState, i64)]) -> Self {
        use DeliveryState::*;
        let mut impact = Self::default();
        for (state, count) in rows {
            match state {
                Pending | Queued => impact.waiting += count,
                Deferred => {
                    impact.waiting += count;
                    impact.deferred += count;
                }
                Sending => impact.in_flight += count,
                Sent | Delivered | Bounced | Failed | Unknown => impact.called += count,
                Suppressed => impact.held_back += count,
            }
        }
        impact
    }
}
