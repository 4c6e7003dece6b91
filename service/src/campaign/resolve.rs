//! From rule to audience: pages of members become delivery rows, unique by campaign and member.

use chrono::Duration;
use entity::states::{CampaignState, DeliveryState};
use entity::{campaign, delivery, member};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::experiment::{Place, Split};
use crate::audience::Rule;
use crate::context::Context;
use crate::delivery::Reason;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, MemberId};
use crate::outbox::{self, Job};

/// Members per page: one transaction, so that sending starts with the first page and a crash repeats at most one.
const PAGE: u64 = 2000;
/// A page takes well under a second.
const STANDS_STILL: Duration = Duration::seconds(60);
/// Rows per statement: some 13 KB, since the driver waits for an acknowledgement in the midst of a longer one.
const ROWS: usize = 100;

/// Writes the audience page by page. Running it twice, or two at once, is harmless: the cursor moves under the campaign's
/// lock and a member's row is unique.
pub async fn resolve(ctx: &Context, id: CampaignId) -> Result<()> {
    while resolve_page(ctx, id).await? {}
    Ok(())
}

/// True while there is more.
async fn resolve_page(ctx: &Context, id: CampaignId) -> Result<bool> {
    let txn = ctx.db.begin().await?;
    let campaign = campaign::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&txn)
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    if campaign.state != CampaignState::Resolving {
        return Ok(false);
    }
    let members = next_members(ctx, &txn, &campaign).await?;
    let added = insert_deliveries(ctx, &txn, &campaign, &members).await?;
    let last_page = (members.len() as u64) < PAGE;
    let cursor = if last_page { campaign.audience_end } else { members.last().copied() };
    let mut update = campaign::Entity::update_many()
        .col_expr(campaign::Column::ResolveCursor, Expr::value(cursor))
        .col_expr(campaign::Column::AudienceCount, Expr::col(campaign::Column::AudienceCount).add(added))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()));
    if last_page {
        update = update.col_expr(campaign::Column::State, Expr::value(CampaignState::Sending));
    }
    update.filter(campaign::Column::Id.eq(id)).exec(&txn).await?;
    txn.commit().await?;
    Ok(!last_page)
}

async fn next_members(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    campaign: &campaign::Model,
) -> Result<Vec<MemberId>> {
    let Some(end) = campaign.audience_end else { return Ok(Vec::new()) };
    let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
    // The rule is read as of the campaign's start, so that days do not shift while a large audience resolves.
    let as_of = campaign.started_at.unwrap_or_else(|| ctx.now());
    let mut query = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(rule.condition(as_of, ctx.settings.timezone, ctx.db.backend()))
        .filter(member::Column::Id.lte(end))
        .order_by_asc(member::Column::Id)
        .limit(PAGE);
    if let Some(cursor) = campaign.resolve_cursor {
        query = query.filter(member::Column::Id.gt(cursor));
    }
    Ok(query.into_tuple().all(txn).await?)
}

async fn insert_deliveries(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    campaign: &campaign::Model,
    members: &[MemberId],
) -> Result<i64> {
    let now = ctx.now();
    let split = Split::of(campaign)?;
    let mut added = 0;
    for chunk in members.chunks(ROWS) {
        let rows = chunk.iter().map(|member| {
            let (held_out, variant) = match split.place(*member) {
                Place::Holdout => (true, None),
                Place::Gets(variant) => (false, variant.map(str::to_owned)),
            };
            delivery::ActiveModel {
                id: Set(ctx.new_id()),
                campaign_id: Set(campaign.id),
                member_id: Set(*member),
                channel: Set(campaign.channel),
                class: Set(campaign.class),
                topic: Set(campaign.topic.clone()),
                state: Set(if held_out { DeliveryState::Suppressed } else { DeliveryState::Pending }),
                reason: Set(held_out.then(|| Reason::Holdout.code().to_owned())),
                variant: Set(variant),
                not_before: Set(now),
                attempts: Set(0),
                step: Set(0),
                version: Set(campaign.version),
                cost_fen: Set(0),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            }
        });
        added += delivery::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([delivery::Column::CampaignId, delivery::Column::MemberId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(txn)
            .await?;
    }
    Ok(i64::try_from(added).unwrap_or_default())
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
