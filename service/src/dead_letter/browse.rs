//! Looking at dead letters: by cause, and the letters behind each.

use chrono::{DateTime, Utc};
use entity::dead_letter;
use entity::states::DeadLetterState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::cause::{Remedy, remedy};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::DeadLetterId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

/// Letters that died of one thing.
#[derive(Debug, Clone)]
pub struct CauseGroup {
    pub cause: String,
    pub queue: String,
    pub job: String,
    pub problem: String,
    pub letters: i64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    pub remedy: Remedy,
}

/// A handful of causes is many; beyond this the newest are shown.
const MOST_CAUSES: u64 = 200;

/// The causes of the letters in a state, the one that struck last first.
pub async fn causes(ctx: &Context, caller: &StaffCaller, state: DeadLetterState) -> Result<Vec<CauseGroup>> {
    caller.require(Permission::HandleDeadLetters)?;
    use dead_letter::Column;
    type Row = (String, String, String, String, i64, DateTime<Utc>, DateTime<Utc>);
    let by = [Column::Cause, Column::Queue, Column::Job, Column::Problem];
    let mut query = dead_letter::Entity::find()
        .select_only()
        .columns(by)
        .column_as(Column::Id.count(), "letters")
        .column_as(Column::DiedAt.min(), "first_at")
        .column_as(Column::DiedAt.max(), "last_at")
        .filter(Column::State.eq(state))
        .order_by_desc(Expr::cust("last_at"))
        .limit(MOST_CAUSES);
    for column in by {
        query = query.group_by(column);
    }
    let rows: Vec<Row> = query.into_tuple().all(ctx.db.read()).await?;
    Ok(rows
        .into_iter()
        .map(|(cause, queue, job, problem, letters, first_at, last_at)| {
            let remedy = remedy(&problem);
            CauseGroup { cause, queue, job, problem, letters, first_at, last_at, remedy }
        })
        .collect())
}

/// The letters of one cause, newest first.
pub async fn letters(
    ctx: &Context,
    caller: &StaffCaller,
    cause: &str,
    state: Option<DeadLetterState>,
    page: &PageRequest,
) -> Result<Page<dead_letter::Model>> {
    caller.require(Permission::HandleDeadLetters)?;
    let mut query = dead_letter::Entity::find()
        .filter(dead_letter::Column::Cause.eq(cause))
        .order_by_desc(dead_letter::Column::Id)
        .limit(page.limit() + 1);
    if let Some(state) = state {
        query = query.filter(dead_letter::Column::State.eq(state));
    }
    if let Some(after) = page.after::<DeadLetterId>()? {
        query = query.filter(dead_letter::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

pub async fn find(ctx: &Context, caller: &StaffCaller, id: DeadLetterId) -> Result<dead_letter::Model> {
    caller.require(Permission::HandleDeadLetters)?;
    let row = dead_letter::Entity::find_by_id(id).one(ctx.db.read()).await?;
    row.ok_or(Error::NotFound("dead letter"))
}
