//! What time does to points, written down in pages: lots that are past end, pending ones become available, members are told before
//! points expire. Only tidies up: every use catches up with the time itself, so that a late run harms nobody.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::{LotState, MemberState};
use entity::{member, points_lot};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::ledger::{self, Origin};
use super::policy;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::MemberId;
use crate::notice::{self, Kind, NewNotice, Step};
use crate::redirect;

/// Members per transaction, so that a till never waits long behind this.
const PAGE: u64 = 100;

/// Ends what is past and makes available what is due; answers how many members that touched. Harmless twice and side by side: under
/// a member's lock there is nothing left to do the second time.
pub async fn keep_points(ctx: &Context) -> Result<u64> {
    let mut touched = 0;
    loop {
        let members = due_members(ctx).await?;
        if members.is_empty() {
            return Ok(touched);
        }
        let txn = ctx.db.begin().await?;
        for &member_id in &members {
            // Who was merged away meanwhile has nothing left; the next page finds it with who stays.
            if redirect::lock_itself(&txn, member_id).await? {
                let opened = ledger::open(ctx, &txn, member_id).await?;
                opened.save(ctx, &txn, &Origin::SYSTEM).await?;
            }
        }
        txn.commit().await?;
        touched += members.len() as u64;
    }
}

/// Members with lots whose time has come, in the order of their ids.
async fn due_members(ctx: &Context) -> Result<Vec<MemberId>> {
    use points_lot::Column;
    let now = ctx.now();
    let past = Column::State.eq(LotState::Open).and(Column::ExpiresAt.lte(now));
    let due = Column::State.eq(LotState::Pending).and(Column::AvailableAt.lte(now));
    Ok(points_lot::Entity::find()
        .select_only()
        .column(Column::MemberId)
        .distinct()
        .filter(past.or(due))
        .order_by_asc(Column::MemberId)
        .limit(PAGE)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

/// Tells members of points that expire soon, once per member and day of expiry; answers how many were told.
pub async fn remind(ctx: &Context) -> Result<u64> {
    let days = policy::load(ctx.db.read()).await?.remind_days;
    if days == 0 {
        return Ok(0);
    }
    let until = ctx.now() + Duration::days(i64::from(days));
    let mut told = 0;
    loop {
        let members = members_to_remind(ctx, until).await?;
        if members.is_empty() {
            return Ok(told);
        }
        let txn = ctx.db.begin().await?;
        for &member_id in &members {
            told += remind_member(ctx, &txn, member_id, until).await?;
        }
        txn.commit().await?;
    }
}

fn soon(until: DateTime<Utc>) -> Expr {
    use points_lot::Column;
    Column::State.eq(LotState::Open).and(Column::ExpiresAt.lte(until)).and(Column::RemindedAt.is_null())
}

async fn members_to_remind(ctx: &Context, until: DateTime<Utc>) -> Result<Vec<MemberId>> {
    Ok(points_lot::Entity::find()
        .select_only()
        .column(points_lot::Column::MemberId)
        .distinct()
        .filter(soon(until))
        .order_by_asc(points_lot::Column::MemberId)
        .limit(PAGE)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

async fn remind_member(
    ctx: &Context,
    txn: &DatabaseTransaction,
    member_id: MemberId,
    until: DateTime<Utc>,
) -> Result<u64> {
    if !redirect::lock_itself(txn, member_id).await? {
        return Ok(0);
    }
    let mine = soon(until).and(points_lot::Column::MemberId.eq(member_id));
    let lots = points_lot::Entity::find().filter(mine.clone()).all(txn).await?;
    points_lot::Entity::update_many()
        .col_expr(points_lot::Column::RemindedAt, Expr::value(ctx.now()))
        .filter(mine)
        .exec(txn)
        .await?;
    let member = member::Entity::find_by_id(member_id).one(txn).await?;
    if member.is_none_or(|member| member.state != MemberState::Active) {
        return Ok(0);
    }
    let mut by_end: BTreeMap<DateTime<Utc>, i64> = BTreeMap::new();
    for lot in lots {
        if let Some(at) = lot.expires_at.filter(|at| *at > ctx.now()) {
            *by_end.entry(at).or_default() += lot.remaining;
        }
    }
    let mut told = 0;
    for (at, points) in by_end {
        told += u64::from(notice::send(ctx, txn, reminder(ctx, member_id, (at, points))).await?);
    }
    Ok(told)
}

fn reminder(ctx: &Context, member_id: MemberId, (at, points): (DateTime<Utc>, i64)) -> NewNotice {
    // The last day on which they are good.
    let day = calendar::local_date(at - Duration::seconds(1), ctx.settings.timezone);
    let body =
        format!("您有 {points} 积分将于 {} 到期，过期后自动失效，请尽快使用。", day.format("%Y年%-m月%-d日"));
    NewNotice {
        member_id,
        kind: Kind::PointsExpiry,
        business_key: format!("{}:{member_id}:{day}", Kind::PointsExpiry.as_str()),
        steps: vec![Step::inbox("积分即将到期".to_owned(), body, None)],
        expires_at: Some(at),
    }
}
