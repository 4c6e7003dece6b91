//! What ends by itself: campaigns with nothing left to do, and what a cancelled one's last batches put back.

use entity::campaign;
use entity::states::CampaignState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use crate::context::Context;
use crate::delivery::{self, Open, is_worked_off};
use crate::error::Result;
use crate::ids::CampaignId;

/// Completes campaigns that have nothing left to do. What looks worked off and has open deliveries all the same is taken up again.
pub async fn complete_finished(ctx: &Context) -> Result<u64> {
    for id in of_state(ctx, CampaignState::Sending, delivery::is_in_batches()).await? {
        delivery::end_idle(ctx, id).await?;
    }
    let mut completed = 0;
    for id in of_state(ctx, CampaignState::Sending, is_worked_off()).await? {
        if delivery::take_up(ctx, id).await? == 0 {
            completed += complete(ctx, id).await?;
        }
    }
    Ok(completed)
}

async fn complete(ctx: &Context, id: CampaignId) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let moved = campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Completed))
        .col_expr(campaign::Column::CompletedAt, Expr::value(ctx.now()))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(id))
        .filter(campaign::Column::State.eq(CampaignState::Sending))
        .filter(is_worked_off())
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(moved.rows_affected)
}

/// Ends what a batch put back after its campaign had been cancelled; answers how many deliveries that were.
pub async fn end_cancelled(ctx: &Context) -> Result<u64> {
    let mut ended = 0;
    let waiting = Condition::all().add(delivery::waits_again(None));
    for id in of_state(ctx, CampaignState::Cancelled, waiting).await? {
        let txn = ctx.db.begin().await?;
        ended += delivery::end_open_deliveries(ctx, &txn, Open::Waiting(id)).await?;
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
