//! From rule to audience: pages of members become delivery rows, unique by campaign and member.

use chrono::Duration;
use entity::campaign;
use entity::states::CampaignState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use super::audience_page::Page;
use crate::context::Context;
use crate::crowding;
use crate::delivery;
use crate::error::{Error, Result};
use crate::ids::CampaignId;
use crate::outbox::{self, Job};

/// Members of the first page, so that sending starts at once.
const FIRST_PAGE: u64 = 500;
/// Members per page: one transaction, so that sending goes on meanwhile and a crash repeats at most one.
const PAGE: u64 = 4000;
/// A page takes well under a second.
const STANDS_STILL: Duration = Duration::seconds(60);

/// Writes the audience page by page. Running it twice, or two at once, is harmless: a member's row is unique, and a page counts
/// only for who moves the cursor from where it was.
pub async fn resolve(ctx: &Context, id: CampaignId) -> Result<()> {
    if resolve_page(ctx, id, FIRST_PAGE).await? {
        // The first are on their way while the rest is written.
        delivery::dispatch(ctx).await?;
        while resolve_page(ctx, id, PAGE).await? {}
    }
    Ok(())
}

/// True while there is more. The rows are written first and the campaign is touched last: who pauses, cancels or dispatches it does
/// not wait for the page, and a page that finds it moved is undone.
async fn resolve_page(ctx: &Context, id: CampaignId, size: u64) -> Result<bool> {
    let campaign =
        campaign::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("campaign"))?;
    if campaign.state != CampaignState::Resolving {
        return Ok(false);
    }
    let page = Page::next(ctx, &campaign, size).await?;
    let _turn = crowding::turn(ctx).await;
    let txn = ctx.db.begin().await?;
    let added = page.insert(ctx, &txn, &campaign).await?;
    if !move_cursor(ctx, &txn, &campaign, (&page, added)).await? {
        txn.rollback().await?;
        return Ok(true);
    }
    txn.commit().await?;
    Ok(!page.is_last)
}

/// False when somebody else has moved the campaign or its cursor since it was read.
async fn move_cursor(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    campaign: &campaign::Model,
    (page, added): (&Page, i64),
) -> Result<bool> {
    let mut update = campaign::Entity::update_many()
        .col_expr(campaign::Column::ResolveCursor, Expr::value(page.until))
        .col_expr(campaign::Column::AudienceCount, Expr::col(campaign::Column::AudienceCount).add(added))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()));
    if page.is_last {
        update = update.col_expr(campaign::Column::State, Expr::value(CampaignState::Sending));
    }
    let stands = match campaign.resolve_cursor {
        Some(cursor) => campaign::Column::ResolveCursor.eq(cursor),
        None => campaign::Column::ResolveCursor.is_null(),
    };
    let moved = update
        .filter(campaign::Column::Id.eq(campaign.id))
        .filter(campaign::Column::State.eq(CampaignState::Resolving))
        .filter(stands)
        .exec(txn)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Asks again for resolutions that have stood still: their message was lost with its queue.
pub async fn ask_again(ctx: &Context) -> Result<u64> {
    let still: Vec<CampaignId> = campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(stands_still(ctx))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    if still.is_empty() {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    let mut asked = 0;
    for id in still {
        let moved = campaign::Entity::update_many()
            .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
            .filter(stands_still(ctx).and(campaign::Column::Id.eq(id)))
            .exec(&txn)
            .await?;
        if moved.rows_affected == 1 {
            outbox::push(&txn, ctx.now(), &[Job::ResolveAudience { campaign_id: id }]).await?;
            asked += 1;
        }
    }
    txn.commit().await?;
    Ok(asked)
}

/// Each page of a resolution touches its campaign, so one that runs never looks like this.
fn stands_still(ctx: &Context) -> Expr {
    campaign::Column::State
        .eq(CampaignState::Resolving)
        .and(campaign::Column::UpdatedAt.lt(ctx.now() - STANDS_STILL))
}
