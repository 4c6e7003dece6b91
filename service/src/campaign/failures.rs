//! Failed deliveries by cause, and putting them back once the cause is mended.
//!
//! Only `failed` ones go back: the platform surely did nothing for them. An `unknown` one may have arrived, and a second
//! message would be the harm that it was left alone to avoid. What goes back is `pending` like a new one, so every gate is asked again.

use chrono::{DateTime, Utc};
use entity::states::{CampaignState, DeliveryState};
use entity::{attempt, campaign, delivery};
use sea_orm::sea_query::{Expr, IntoColumnRef, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::find;
use super::plan::act;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::delivery::Reason;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponId};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// Deliveries that failed for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub state: DeliveryState,
    pub reason: Option<String>,
    /// The platform's, of the last attempt.
    pub code: Option<String>,
    pub deliveries: i64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// The most frequent first.
pub async fn failures(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Vec<Failure>> {
    find(ctx, caller, id).await?;
    type Row = (DeliveryState, Option<String>, Option<String>, i64, DateTime<Utc>, DateTime<Utc>);
    let code = || Expr::SubQuery(None, Box::new(last_code().into()));
    let rows: Vec<Row> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::State)
        .column(delivery::Column::Reason)
        .column_as(code(), "code")
        .column_as(delivery::Column::Id.count(), "deliveries")
        .column_as(delivery::Column::UpdatedAt.min(), "first_at")
        .column_as(delivery::Column::UpdatedAt.max(), "last_at")
        .filter(delivery::Column::CampaignId.eq(id))
        .filter(delivery::Column::State.is_in([DeliveryState::Failed, DeliveryState::Unknown]))
        .group_by(delivery::Column::State)
        .group_by(delivery::Column::Reason)
        .group_by(Expr::cust("3"))
        .order_by_desc(Expr::cust("4"))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(state, reason, code, deliveries, first_at, last_at)| Failure {
            state,
            reason,
            code,
            deliveries,
            first_at,
            last_at,
        })
        .collect())
}

/// The code of a delivery's last attempt.
fn last_code() -> SelectStatement {
    Query::select()
        .column((attempt::Entity, attempt::Column::Code))
        .from(attempt::Entity)
        .and_where(of_delivery())
        .order_by((attempt::Entity, attempt::Column::Id), sea_orm::Order::Desc)
        .limit(1)
        .to_owned()
}

fn of_delivery() -> Expr {
    Expr::col((attempt::Entity, attempt::Column::DeliveryId))
        .equals((delivery::Entity, delivery::Column::Id).into_column_ref())
}

/// Which failed deliveries are to be tried again.
#[derive(Debug, Clone)]
pub struct Replay {
    pub reason: String,
    /// Only those whose last attempt got this code.
    pub code: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Replayed {
    pub campaign: campaign::Model,
    pub deliveries: u64,
}

/// Puts failed deliveries back to `pending`. A campaign that was over sends again; a paused one stays paused. Repeating it
/// finds nothing more to put back. A delivery that had used up its tries gets one more.
///
/// # Refuses
/// `campaign_state_conflict`, `offer_over`, `unknown_not_replayed`
pub async fn replay_failures(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    replay: Replay,
) -> Result<Replayed> {
    caller.require(Permission::WriteCampaigns)?;
    let reason = Reason::from_code(&replay.reason)
        .ok_or_else(|| Error::invalid("reason", "is not a reason of a delivery"))?;
    if reason == Reason::AnswerNeverHeard {
        return Err(Refusal::UnknownNotReplayed.into());
    }
    let txn = ctx.db.begin().await?;
    let campaign = campaign::Entity::find_by_id(id)
        .lock_exclusive()
        .one(&txn)
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    check(ctx, &campaign)?;
    let deliveries = put_back(ctx, &txn, &campaign, reason, replay.code.as_deref()).await?;
    let campaign = if deliveries > 0 {
        let subject = ("campaign", id.to_string());
        let detail =
            serde_json::json!({ "reason": replay.reason, "code": replay.code, "deliveries": deliveries });
        let act = Act { actor: caller.actor(), action: "campaign.replay_failures", subject, detail };
        audit::record(ctx, &txn, act).await?;
        reopen(ctx, caller, &txn, campaign).await?
    } else {
        campaign
    };
    txn.commit().await?;
    Ok(Replayed { campaign, deliveries })
}

fn check(ctx: &Context, campaign: &campaign::Model) -> Result<()> {
    let may =
        [CampaignState::Resolving, CampaignState::Sending, CampaignState::Paused, CampaignState::Completed];
    if !may.contains(&campaign.state) {
        return Err(Refusal::CampaignStateConflict.into());
    }
    if campaign.offer_ends_at.is_some_and(|end| end <= ctx.now()) {
        return Err(Refusal::OfferOver.into());
    }
    Ok(())
}

/// Their coupons were taken back when they failed, so they are issued afresh.
async fn put_back(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    reason: Reason,
    code: Option<&str>,
) -> Result<u64> {
    let none = Option::<DateTime<Utc>>::None;
    let moved = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
        .col_expr(delivery::Column::Reason, Expr::value(Option::<String>::None))
        .col_expr(delivery::Column::NotBefore, Expr::value(ctx.now()))
        .col_expr(delivery::Column::Channel, Expr::value(campaign.channel))
        .col_expr(delivery::Column::Step, Expr::value(0))
        .col_expr(delivery::Column::CouponId, Expr::value(Option::<CouponId>::None))
        .col_expr(delivery::Column::DueAt, Expr::value(ctx.now()))
        .col_expr(delivery::Column::ClaimedAt, Expr::value(none))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(without_effect(campaign.id, reason, code))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected)
}

/// Failed, never taken by a platform, and no attempt that may have had an effect.
fn without_effect(id: CampaignId, reason: Reason, code: Option<&str>) -> Condition {
    let attempts = |and: Expr| -> SelectStatement {
        Query::select()
            .expr(Expr::val(1))
            .from(attempt::Entity)
            .and_where(of_delivery())
            .and_where(and)
            .to_owned()
    };
    let outcome = Expr::col((attempt::Entity, attempt::Column::Outcome));
    let mut wanted = Condition::all()
        .add(delivery::Column::CampaignId.eq(id))
        .add(delivery::Column::State.eq(DeliveryState::Failed))
        .add(delivery::Column::Reason.eq(reason.code()))
        .add(delivery::Column::SentAt.is_null())
        .add(delivery::Column::PlatformMessageId.is_null())
        .add(Condition::all().not().add(Expr::exists(attempts(outcome.is_in(["sent", "unknown"])))));
    if let Some(code) = code {
        let last = Expr::SubQuery(None, Box::new(last_code().into()));
        wanted = wanted.add(last.eq(code));
    }
    wanted
}

async fn reopen(
    ctx: &Context,
    caller: &StaffCaller,
    txn: &DatabaseTransaction,
    campaign: campaign::Model,
) -> Result<campaign::Model> {
    if campaign.state != CampaignState::Completed {
        return Ok(campaign);
    }
    campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Sending))
        .col_expr(campaign::Column::CompletedAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(campaign.id))
        .exec(txn)
        .await?;
    let row = campaign::Entity::find_by_id(campaign.id).one(txn).await?.ok_or(Error::NotFound("campaign"))?;
    audit::record(ctx, txn, act(caller, "campaign.reopen", &row)).await?;
    Ok(row)
}
