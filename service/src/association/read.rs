//! Runs as the console shows them.

use entity::association_run;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::find::AssociationResult;
use super::request::Parameters;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::AssociationRunId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct Run {
    pub row: association_run::Model,
    pub parameters: Parameters,
    /// None: it is not found yet.
    pub result: Option<AssociationResult>,
}

impl Run {
    pub(super) fn of(row: association_run::Model) -> Result<Self> {
        let parameters = serde_json::from_value(row.parameters.clone()).map_err(Error::internal)?;
        let result = row.result.clone().map(serde_json::from_value).transpose().map_err(Error::internal)?;
        Ok(Self { row, parameters, result })
    }
}

/// The latest that was asked for first.
pub async fn list_runs(ctx: &Context, caller: &StaffCaller, page: &PageRequest) -> Result<Page<Run>> {
    caller.require(Permission::AnalyseMembers)?;
    let mut query = association_run::Entity::find().order_by_desc(association_run::Column::Id);
    if let Some(after) = page.after::<AssociationRunId>()? {
        query = query.filter(association_run::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let items = page.items.into_iter().map(Run::of).collect::<Result<_>>()?;
    Ok(Page { items, next_cursor: page.next_cursor })
}

pub async fn find_run(ctx: &Context, caller: &StaffCaller, id: AssociationRunId) -> Result<Run> {
    caller.require(Permission::AnalyseMembers)?;
    let row = association_run::Entity::find_by_id(id).one(ctx.db.read()).await?;
    Run::of(row.ok_or(Error::NotFound("association run"))?)
}
