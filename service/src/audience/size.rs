//! How many members a segment picked, day by day: counted when it is saved, and once in each day of the shop.

use chrono::{Days, NaiveDate};
use entity::{segment, segment_size};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

use super::Rule;
use super::segment::{live, picks};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::SegmentId;
use crate::staff::StaffCaller;

const LONGEST_DAYS: u64 = 400;

/// The last days up to today, from the earliest; days on which nobody counted are left out.
pub async fn list_sizes(
    ctx: &Context,
    caller: &StaffCaller,
    id: SegmentId,
    days: u64,
) -> Result<Vec<segment_size::Model>> {
    super::find(ctx, caller, id).await?;
    if !(1..=LONGEST_DAYS).contains(&days) {
        return Err(Error::invalid("days", format!("must be from 1 to {LONGEST_DAYS}")));
    }
    let first = today(ctx).checked_sub_days(Days::new(days - 1)).unwrap_or_default();
    Ok(segment_size::Entity::find()
        .filter(segment_size::Column::SegmentId.eq(id))
        .filter(segment_size::Column::Day.gte(first))
        .order_by_asc(segment_size::Column::Day)
        .all(ctx.db.read())
        .await?)
}

/// Counts every segment that has no size of today yet. Harmless twice: a day has one size, and the later count replaces it.
pub async fn count_segments(ctx: &Context) -> Result<u64> {
    let counted = segment_size::Entity::find()
        .select_only()
        .column(segment_size::Column::SegmentId)
        .filter(segment_size::Column::Day.eq(today(ctx)))
        .into_query();
    let due = live()
        .filter(segment::Column::Id.not_in_subquery(counted))
        .order_by_asc(segment::Column::Id)
        .all(ctx.db.read())
        .await?;
    for row in &due {
        let rule: Rule = serde_json::from_value(row.rule.clone()).map_err(Error::internal)?;
        let members = picks(ctx, &rule).await?;
        let txn = ctx.db.begin().await?;
        keep_size(ctx, &txn, row.id, members).await?;
        txn.commit().await?;
    }
    Ok(due.len() as u64)
}

/// As today's.
pub(super) async fn keep_size(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    segment_id: SegmentId,
    members: u64,
) -> Result<()> {
    use segment_size::Column::{CountedAt, Day, Members, SegmentId};
    let members = i64::try_from(members).map_err(Error::internal)?;
    let row = segment_size::Model { segment_id, day: today(ctx), members, counted_at: ctx.now() };
    segment_size::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::columns([SegmentId, Day]).update_columns([Members, CountedAt]).to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

fn today(ctx: &Context) -> NaiveDate {
    calendar::local_date(ctx.now(), ctx.settings.timezone)
}
