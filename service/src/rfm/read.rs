//! Runs as the console shows them, and what a member is worth.

use entity::{rfm_member, rfm_run};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rules::RfmResult;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, RfmRunId};
use crate::member;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct Run {
    pub row: rfm_run::Model,
    /// None: it is not computed yet.
    pub result: Option<RfmResult>,
}

impl Run {
    pub(super) fn of(row: rfm_run::Model) -> Result<Self> {
        let result = row.result.clone().map(serde_json::from_value).transpose().map_err(Error::internal)?;
        Ok(Self { row, result })
    }
}

/// The latest that was asked for first.
pub async fn list_runs(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<rfm_run::Model>> {
    caller.require(Permission::AnalyseMembers)?;
    let mut query = rfm_run::Entity::find().order_by_desc(rfm_run::Column::Id);
    if let Some(after) = page.after::<RfmRunId>()? {
        query = query.filter(rfm_run::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}

pub async fn find_run(ctx: &Context, caller: &StaffCaller, id: RfmRunId) -> Result<Run> {
    caller.require(Permission::AnalyseMembers)?;
    let row = rfm_run::Entity::find_by_id(id).one(ctx.db.read()).await?;
    Run::of(row.ok_or(Error::NotFound("RFM run"))?)
}

/// What a member is worth by the run that stands.
#[derive(Debug, Clone)]
pub struct ValueOfMember {
    pub run: rfm_run::Model,
    /// None: had bought nothing that was kept.
    pub value: Option<rfm_member::Model>,
}

/// None: no run stands yet.
pub async fn value_of_member(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
) -> Result<Option<ValueOfMember>> {
    let member = member::get_member(ctx, caller, id).await?;
    let Some(run) = standing(ctx.db.read()).await? else { return Ok(None) };
    let value = rfm_member::Entity::find_by_id((run.id, member.member.id)).one(ctx.db.read()).await?;
    Ok(Some(ValueOfMember { run, value }))
}

pub(super) async fn standing(connection: &impl ConnectionTrait) -> Result<Option<rfm_run::Model>> {
    Ok(rfm_run::Entity::find().filter(rfm_run::Column::Standing.eq(true)).one(connection).await?)
}
