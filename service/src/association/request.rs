//! Somebody asks which goods go together. The row is the request; a worker finds the rules.

use chrono::NaiveDate;
use entity::association_run;
use entity::states::RunState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::exclusion::{self, Exclusions};
use super::read::Run;
use crate::analysis;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, FieldError, Result};
use crate::outbox::{self, Job};
use crate::staff::{Permission, StaffCaller};

const LONGEST_DAYS: i64 = 400;

/// What baskets are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    #[default]
    Product,
    Category,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociationRequest {
    /// Yesterday when absent.
    pub as_of: Option<NaiveDate>,
    pub window_days: i64,
    pub grain: Grain,
    pub min_support_per_10000: i64,
    pub min_count: i64,
    pub min_confidence_percent: i64,
}

impl Default for AssociationRequest {
    fn default() -> Self {
        Self {
            as_of: None,
            window_days: 90,
            grain: Grain::Product,
            min_support_per_10000: 50,
            min_count: 5,
            min_confidence_percent: 20,
        }
    }
}

/// Everything that a run hangs on but its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Parameters {
    /// Days up to the day of the run, that one included.
    pub window_days: i64,
    pub grain: Grain,
    /// Of all baskets, in ten-thousandths.
    pub min_support_per_10000: i64,
    pub min_count: i64,
    pub min_confidence_percent: i64,
    /// As the brand had set it.
    pub exclusions: Exclusions,
}

/// The run of a day and parameters, which is there already where it was asked for before.
pub async fn find_associations(
    ctx: &Context,
    caller: &StaffCaller,
    request: AssociationRequest,
) -> Result<Run> {
    caller.require(Permission::AnalyseMembers)?;
    let as_of = analysis::closed_day(ctx, request.as_of)?;
    check(&request)?;
    let txn = ctx.db.begin().await?;
    let parameters = Parameters {
        window_days: request.window_days,
        grain: request.grain,
        min_support_per_10000: request.min_support_per_10000,
        min_count: request.min_count,
        min_confidence_percent: request.min_confidence_percent,
        exclusions: exclusion::load(&txn).await?,
    };
    let hash = crypto::sha256_hex(format!("{as_of}\n{parameters:?}").as_bytes());
    if insert(ctx, &txn, caller, (as_of, &parameters, &hash)).await? {
        outbox::push(&txn, ctx.now(), &[Job::FindAssociations]).await?;
        let act = Act {
            actor: caller.actor(),
            action: "association.find",
            subject: ("association_run", as_of.to_string()),
            detail: serde_json::json!({ "as_of": as_of, "parameters": parameters }),
        };
        audit::record(ctx, &txn, act).await?;
    }
    let of_these = association_run::Column::ParametersHash.eq(hash);
    let row = association_run::Entity::find().filter(of_these).one(&txn).await?;
    txn.commit().await?;
    Run::of(row.ok_or(Error::NotFound("association run"))?)
}

fn check(request: &AssociationRequest) -> Result<()> {
    let limits = [
        ("window_days", request.window_days, 1, LONGEST_DAYS),
        ("min_support_per_10000", request.min_support_per_10000, 1, 10_000),
        // One basket is no rule.
        ("min_count", request.min_count, 2, 1_000_000),
        ("min_confidence_percent", request.min_confidence_percent, 1, 100),
    ];
    let wrong = limits.into_iter().filter(|(_, value, low, high)| !(low..=high).contains(&value));
    let errors: Vec<FieldError> = wrong
        .map(|(field, _, low, high)| FieldError {
            field: field.to_owned(),
            message: format!("must be from {low} to {high}"),
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// False: the run is there already.
async fn insert(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    caller: &StaffCaller,
    (as_of, parameters, hash): (NaiveDate, &Parameters, &str),
) -> Result<bool> {
    let row = association_run::Model {
        id: ctx.new_id(),
        parameters_hash: hash.to_owned(),
        as_of,
        parameters: serde_json::to_value(parameters).map_err(Error::internal)?,
        state: RunState::Waiting,
        claim: None,
        claimed_until: None,
        result: None,
        requested_by: Some(caller.id),
        created_at: ctx.now(),
        completed_at: None,
    };
    let inserted = association_run::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(inserted == 1)
}
