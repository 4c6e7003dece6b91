//! Somebody asks for a run of a day. The row is the request; a worker computes it.

use chrono::NaiveDate;
use entity::rfm_run;
use entity::states::RunState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::read::Run;
use crate::analysis;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StaffId;
use crate::outbox::{self, Job};
use crate::staff::{Permission, StaffCaller};

const LONGEST_MONTHS: i32 = 60;

#[derive(Debug, Clone, Copy, Default)]
pub struct RfmRequest {
    /// Yesterday when absent.
    pub as_of: Option<NaiveDate>,
    /// That of the settings when absent.
    pub window_months: Option<i32>,
}

/// The run of a day and window, which is there already where it was asked for before.
pub async fn compute_rfm(ctx: &Context, caller: &StaffCaller, request: RfmRequest) -> Result<Run> {
    caller.require(Permission::AnalyseMembers)?;
    let as_of = analysis::closed_day(ctx, request.as_of)?;
    let window_months = request.window_months.unwrap_or(ctx.settings.rfm.window_months);
    if !(1..=LONGEST_MONTHS).contains(&window_months) {
        return Err(Error::invalid("window_months", format!("must be from 1 to {LONGEST_MONTHS}")));
    }
    let txn = ctx.db.begin().await?;
    if insert(ctx, &txn, (as_of, window_months), Some(caller.id)).await? {
        outbox::push(&txn, ctx.now(), &[Job::ComputeRfm]).await?;
        let act = Act {
            actor: caller.actor(),
            action: "rfm.compute",
            subject: ("rfm_run", as_of.to_string()),
            detail: serde_json::json!({ "as_of": as_of, "window_months": window_months }),
        };
        audit::record(ctx, &txn, act).await?;
    }
    let row = rfm_run::Entity::find()
        .filter(rfm_run::Column::AsOf.eq(as_of))
        .filter(rfm_run::Column::WindowMonths.eq(window_months))
        .one(&txn)
        .await?;
    txn.commit().await?;
    Run::of(row.ok_or(Error::NotFound("RFM run"))?)
}

/// False: the run is there already.
pub(super) async fn insert(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    (as_of, window_months): (NaiveDate, i32),
    requested_by: Option<StaffId>,
) -> Result<bool> {
    let row = rfm_run::Model {
        id: ctx.new_id(),
        as_of,
        window_months,
        state: RunState::Waiting,
        claim: None,
        claimed_until: None,
        standing: false,
        result: None,
        requested_by,
        created_at: ctx.now(),
        completed_at: None,
    };
    let inserted = rfm_run::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(inserted == 1)
}
