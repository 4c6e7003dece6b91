//! What ends by itself: campaigns with nothing left to do, and what a cancelled one's last batches put back.

use entity::states::CampaignState;
use entity::{campaign, delivery};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::context::Context;
use crate::delivery::{OPEN, end_open_deliveries};
use crate::error::Result;
use crate::ids::CampaignId;

/// Completes campaigns that have nothing left to do.
pub async fn complete_finished(ctx: &Context) -> Result<u64> {
    let finished =
        of_state(ctx, CampaignState::Sending, Condition::all().not().add(Expr::exists(open()))).await?;
    if finished.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let moved = campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Completed))
        .col_expr(campaign::Column::CompletedAt, Expr::value(ctx.now()))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.is_in(finished))
        .filter(campaign::Column::State.eq(CampaignState::Sending))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}

/// Ends what a batch put back after its campaign had been cancelled; answers how many deliveries that were.
pub async fn end_cancelled(ctx: &Context) -> Result<u64> {
    let mut ended = 0;
    for id in of_state(ctx, CampaignState::Cancelled, Condition::all().add(Expr::exists(open()))).await? {
        let txn = ctx.db.begin().await?;
        ended += end_open_deliveries(ctx, &txn, id).await?;
        txn.commit().await?;
    }
    Ok(ended)
}

async fn of_state(ctx: &Context, state: CampaignState, and: Condition) -> Result<Vec<CampaignId>> {
    Ok(campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(campaign::Column::State.eq(state))
        .filter(and)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

/// A delivery of the campaign that still waits for something to be done.
fn open() -> SelectStatement {
    Query::select()
        .column(delivery::Column::CampaignId)
        .from(delivery::Entity)
        .and_where(
            Expr::col((delivery::Entity, delivery::Column::CampaignId))
                .equals((campaign::Entity, campaign::Column::Id)),
        )
        .and_where(delivery::Column::State.is_in(OPEN))
        .to_owned()
}
