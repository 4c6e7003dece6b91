//! A member's daily check-in: once per day of the brand's zone, with rewards for streaks.

use chrono::NaiveDate;
use entity::check_in;
use entity::states::PointsKind;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::acts::{self, Gift};
use super::ledger;
use super::policy::{self, CheckInPolicy};
use crate::audit::Actor;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::refusal::Refusal;

pub use entity::check_in::Model as CheckIn;

/// A second tap of the day is answered with the first one's row, and gives nothing.
///
/// # Refuses
/// `check_in_closed`
pub async fn check_in(ctx: &Context, member_id: MemberId) -> Result<CheckIn> {
    let day = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let txn = ctx.db.begin().await?;
    let member_id = ledger::lock(&txn, member_id).await?;
    let policy = policy::load(&txn).await?.check_in.ok_or(Refusal::CheckInClosed)?;
    let before = latest(&txn, member_id).await?;
    if let Some(today) = before.as_ref().filter(|row| row.day >= day) {
        return Ok(today.clone());
    }
    let streak = next_streak(before.as_ref(), day);
    let points = points_for(&policy, streak);
    let row = CheckIn { member_id, day, streak, points, created_at: ctx.now() };
    check_in::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    let gift = Gift {
        member_id,
        kind: PointsKind::CheckIn,
        business_id: format!("{member_id}:{day}"),
        points,
        actor: Actor::Member(member_id),
        reason: None,
    };
    acts::give(ctx, &txn, gift).await?;
    txn.commit().await?;
    Ok(row)
}

/// The member's last check-in, and the streak that still lives: until the end of the day after it.
pub async fn last_check_in(ctx: &Context, member_id: MemberId) -> Result<Option<CheckIn>> {
    latest(ctx.db.read(), member_id).await
}

async fn latest(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<Option<CheckIn>> {
    Ok(check_in::Entity::find()
        .filter(check_in::Column::MemberId.eq(member_id))
        .order_by_desc(check_in::Column::Day)
        .one(connection)
        .await?)
}

/// Days in a row, this one included.
pub fn next_streak(before: Option<&CheckIn>, day: NaiveDate) -> i32 {
    match before {
        Some(before) if before.day.succ_opt() == Some(day) => before.streak + 1,
        _ => 1,
    }
}

/// The day's points, and those of the longest streak that is completed with it.
pub fn points_for(policy: &CheckInPolicy, streak: i32) -> i64 {
    let completed = policy.streaks.iter().filter(|one| one.days > 0 && streak % one.days == 0);
    policy.points + completed.max_by_key(|one| one.days).map_or(0, |one| one.points)
}
