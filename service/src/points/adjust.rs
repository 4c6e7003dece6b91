//! Staff give or take points with a reason. A large adjustment waits until a second person decides.

use entity::points_adjustment;
use entity::states::{AdjustmentState, MemberState, PointsKind};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::acts::{self, Gift, Spending};
use super::{ledger, policy};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, PointsAdjustmentId};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

pub use entity::points_adjustment::Model as Adjustment;

const LONGEST_REASON: usize = 200;
const MOST_POINTS: i64 = 100_000_000;

/// Done at once, or waiting where it is above `review_above`. Taking more than there is is refused.
///
/// # Refuses
/// `points_short`
pub async fn adjust_points(
    ctx: &Context,
    staff: &StaffCaller,
    member_id: MemberId,
    (points, reason): (i64, &str),
) -> Result<Adjustment> {
    staff.require(Permission::WriteMembers)?;
    let reason = text::line("reason", reason, LONGEST_REASON)?;
    if points == 0 || !(-MOST_POINTS..=MOST_POINTS).contains(&points) {
        return Err(Error::invalid("points", "is a number from -100000000 to 100000000, and not 0"));
    }
    let txn = ctx.db.begin().await?;
    let member_id = require_member(&txn, member_id).await?;
    let waits = points.abs() > policy::load(&txn).await?.review_above;
    let row = Adjustment {
        id: ctx.new_id(),
        member_id,
        points,
        reason,
        state: if waits { AdjustmentState::Waiting } else { AdjustmentState::Done },
        requested_by: staff.id,
        decided_by: None,
        decided_at: None,
        created_at: ctx.now(),
    };
    points_adjustment::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(&txn)
        .await?;
    if !waits {
        carry_out(ctx, &txn, staff, &row).await?;
    }
    record(ctx, &txn, staff, ("points.adjust", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

async fn require_member(txn: &DatabaseTransaction, id: MemberId) -> Result<MemberId> {
    let id = ledger::lock(txn, id).await?;
    let member = entity::member::Entity::find_by_id(id).one(txn).await?;
    let present = member.is_some_and(|row| matches!(row.state, MemberState::Active | MemberState::Disabled));
    if present { Ok(id) } else { Err(Error::NotFound("member")) }
}

async fn carry_out(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    row: &Adjustment,
) -> Result<()> {
    let (member_id, kind) = (row.member_id, PointsKind::Adjustment);
    let (actor, reason, business_id) = (staff.actor(), Some(row.reason.as_str()), row.id.to_string());
    if row.points > 0 {
        let gift = Gift { member_id, kind, business_id, points: row.points, actor, reason };
        acts::give(ctx, txn, gift).await?;
    } else {
        let spending = Spending { member_id, kind, business_id, points: -row.points, actor, reason };
        acts::spend(ctx, txn, spending).await?;
    }
    Ok(())
}

/// A second person's word on an adjustment that waits. The same word again changes nothing.
///
/// # Refuses
/// `adjustment_by_requester`, `adjustment_decided`, `points_short`
pub async fn decide_adjustment(
    ctx: &Context,
    staff: &StaffCaller,
    id: PointsAdjustmentId,
    approve: bool,
) -> Result<Adjustment> {
    staff.require(Permission::WriteMembers)?;
    let to = if approve { AdjustmentState::Done } else { AdjustmentState::Rejected };
    let row = find(ctx.db.read(), id).await?;
    if row.requested_by == staff.id {
        return Err(Refusal::AdjustmentByRequester.into());
    }
    let txn = ctx.db.begin().await?;
    let row = Adjustment { member_id: ledger::lock(&txn, row.member_id).await?, ..row };
    if move_to(ctx, &txn, staff, (id, to)).await? {
        if approve {
            carry_out(ctx, &txn, staff, &row).await?;
        }
        let action = if approve { "points.approve" } else { "points.reject" };
        record(ctx, &txn, staff, (action, &row)).await?;
    }
    let row = find(&txn, id).await?;
    txn.commit().await?;
    if row.state == to && row.decided_by == Some(staff.id) {
        Ok(row)
    } else {
        Err(Refusal::AdjustmentDecided.into())
    }
}

async fn move_to(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (id, to): (PointsAdjustmentId, AdjustmentState),
) -> Result<bool> {
    use points_adjustment::Column;
    let moved = points_adjustment::Entity::update_many()
        .col_expr(Column::State, Expr::value(to.to_value()))
        .col_expr(Column::DecidedBy, Expr::value(staff.id.0))
        .col_expr(Column::DecidedAt, Expr::value(ctx.now()))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(AdjustmentState::Waiting))
        .exec(txn)
        .await?;
    Ok(moved.rows_affected == 1)
}

async fn find(connection: &impl ConnectionTrait, id: PointsAdjustmentId) -> Result<Adjustment> {
    let row = points_adjustment::Entity::find_by_id(id).one(connection).await?;
    row.ok_or(Error::NotFound("adjustment"))
}

/// Adjustments, the latest first.
pub async fn list_adjustments(
    ctx: &Context,
    staff: &StaffCaller,
    state: Option<AdjustmentState>,
    page: &PageRequest,
) -> Result<Page<Adjustment>> {
    staff.require(Permission::ReadMembers)?;
    let mut query = points_adjustment::Entity::find().order_by_desc(points_adjustment::Column::Id);
    if let Some(state) = state {
        query = query.filter(points_adjustment::Column::State.eq(state));
    }
    if let Some(after) = page.after::<PointsAdjustmentId>()? {
        query = query.filter(points_adjustment::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}

async fn record(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (action, row): (&str, &Adjustment),
) -> Result<()> {
    let subject = ("member", row.member_id.to_string());
    let detail = serde_json::json!({ "adjustment_id": row.id, "points": row.points, "reason": row.reason });
    audit::record(ctx, txn, Act { actor: staff.actor(), action, subject, detail }).await
}
