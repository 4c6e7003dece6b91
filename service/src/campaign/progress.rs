//! How far a campaign is: its deliveries by state and reason, and the list behind each number.

use entity::states::DeliveryState;
use entity::{campaign, delivery};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::find;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CampaignId, DeliveryId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct Progress {
    pub campaign: campaign::Model,
    pub lines: Vec<ProgressLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressLine {
    pub state: DeliveryState,
    pub reason: Option<String>,
    pub deliveries: i64,
}

pub async fn progress(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Progress> {
    let campaign = find(ctx, caller, id).await?;
    let rows: Vec<(DeliveryState, Option<String>, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::State)
        .column(delivery::Column::Reason)
        .column_as(delivery::Column::Id.count(), "deliveries")
        .filter(delivery::Column::CampaignId.eq(id))
        .group_by(delivery::Column::State)
        .group_by(delivery::Column::Reason)
        .order_by_asc(delivery::Column::State)
        .order_by_asc(delivery::Column::Reason)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let lines = rows
        .into_iter()
        .map(|(state, reason, deliveries)| ProgressLine { state, reason, deliveries })
        .collect();
    Ok(Progress { campaign, lines })
}

/// The deliveries of a campaign, in the order of their ids.
pub async fn deliveries(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    state: Option<DeliveryState>,
    page: &PageRequest,
) -> Result<Page<delivery::Model>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .order_by_asc(delivery::Column::Id)
        .limit(page.limit() + 1);
    if let Some(state) = state {
        query = query.filter(delivery::Column::State.eq(state));
    }
    if let Some(after) = page.after::<DeliveryId>()? {
        query = query.filter(delivery::Column::Id.gt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}
