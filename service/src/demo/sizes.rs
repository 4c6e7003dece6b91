//! How many members a segment picked on the days before the shop's first start: its rule as of then, over who had joined.

use chrono::Duration;
use entity::{member, segment_size};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::audience::Rule;
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::SegmentId;

const DAYS: i64 = 28;

pub async fn keep_past_sizes(ctx: &Context, segment_id: SegmentId, rule: &Rule) -> Result<()> {
    let zone = ctx.settings.timezone;
    let mut rows = Vec::new();
    for days in 1..=DAYS {
        let at = ctx.now() - Duration::days(days);
        let members = member::Entity::find()
            .filter(rule.condition(at, zone, ctx.db.backend()))
            .filter(member::Column::CreatedAt.lte(at))
            .count(ctx.db.read())
            .await?;
        rows.push(segment_size::ActiveModel {
            segment_id: Set(segment_id),
            day: Set(calendar::local_date(at, zone)),
            members: Set(i64::try_from(members).map_err(Error::internal)?),
            counted_at: Set(at),
        });
    }
    let txn = ctx.db.begin().await?;
    segment_size::Entity::insert_many(rows).exec_without_returning(&txn).await?;
    txn.commit().await?;
    Ok(())
}
