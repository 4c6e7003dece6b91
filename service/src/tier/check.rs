//! The monthly check: who has not earned their tier for some months in a row falls, after a warning and a grace. Done once per member
//! and month, however often it runs.

use entity::states::TierMove;
use entity::{tier, tier_standing};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::policy::{self, TierPolicy};
use super::rules::{self, Checked, Verdict};
use super::standing::{self, Change, Place, Span, Standing};
use crate::audit::Actor;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, TierId};
use crate::notice::{self, Kind, NewNotice, Step};
use crate::points;
use crate::redirect;

/// Members per transaction, so that a till never waits long behind this.
const PAGE: u64 = 100;

/// Checks everybody above the lowest tier whose month is due, and ends what its grace has run out for; answers how many were looked at.
pub async fn check_tiers(ctx: &Context) -> Result<u64> {
    let policy = policy::load(ctx.db.read()).await?;
    let mut looked_at = 0;
    loop {
        let members = due(ctx).await?;
        if members.is_empty() {
            return Ok(looked_at);
        }
        let txn = ctx.db.begin().await?;
        for &member_id in &members {
            // The standing of who was merged away meanwhile is with who stays.
            if redirect::lock_itself(&txn, member_id).await? {
                check_member(ctx, &txn, &policy, member_id).await?;
            }
        }
        txn.commit().await?;
        looked_at += members.len() as u64;
    }
}

async fn due(ctx: &Context) -> Result<Vec<MemberId>> {
    use tier_standing::Column;
    let period = rules::period(ctx.now(), ctx.settings.timezone);
    let unchecked = Column::CheckedPeriod.is_null().or(Column::CheckedPeriod.lt(period));
    let lowest: Option<TierId> = tier::Entity::find()
        .select_only()
        .column(tier::Column::Id)
        .filter(tier::Column::Rank.eq(0))
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    let Some(lowest) = lowest else { return Ok(Vec::new()) };
    Ok(tier_standing::Entity::find()
        .select_only()
        .column(Column::MemberId)
        .filter(Column::TierId.ne(lowest))
        .filter(unchecked.or(Column::EndsAt.lte(ctx.now())))
        .order_by_asc(Column::MemberId)
        .limit(PAGE)
        .into_tuple()
        .all(ctx.db.read())
        .await?)
}

async fn check_member(
    ctx: &Context,
    txn: &DatabaseTransaction,
    policy: &TierPolicy,
    member_id: MemberId,
) -> Result<()> {
    let now = ctx.now();
    let Some(place) = standing::place_of(txn, member_id).await? else { return Ok(()) };
    let Some(row) = place.standing.clone() else { return Ok(()) };
    let period = rules::period(now, ctx.settings.timezone);
    let grace_over = row.ends_at.is_some_and(|at| at <= now);
    let checked_before = row.checked_period.as_deref().is_some_and(|done| done >= period.as_str());
    if checked_before && !grace_over {
        return Ok(());
    }
    let row = Standing { checked_period: Some(period), updated_at: now, ..row };
    if place.is_frozen(now) {
        return standing::write_standing(txn, row).await;
    }
    let return_days = points::load_policy(txn).await?.return_days;
    let span = Span::at(ctx, (policy, return_days), Some(&row), now);
    let numbers = standing::numbers(txn, member_id, span).await?;
    let deserved = rules::deserved(&place.ladder, numbers.counted(policy.counts), policy.need);
    let checked = Checked { current: place.current, deserved, misses: row.misses };
    let verdict = if grace_over {
        rules::judge_grace(policy, checked)
    } else if row.ends_at.is_some() && deserved < place.current {
        // The grace still runs: no further miss is counted.
        return standing::write_standing(txn, row).await;
    } else {
        rules::judge(policy, checked, now)
    };
    carry_out(ctx, txn, (&place, row), verdict).await
}

async fn carry_out(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (place, row): (&Place, Standing),
    verdict: Verdict,
) -> Result<()> {
    let member_id = row.member_id;
    let name = place.tier().map(|tier| tier.name.clone()).unwrap_or_default();
    match verdict {
        Verdict::Stays => standing::write_standing(txn, Standing { misses: 0, ends_at: None, ..row }).await,
        Verdict::Missed { misses, left } => {
            let body =
                format!("您近期的消费未达到“{name}”的保级标准，再有 {left} 次月度考核未达标，等级将下调。");
            warn(ctx, txn, &row, body).await?;
            standing::write_standing(txn, Standing { misses, ..row }).await
        }
        Verdict::Ends { misses, at } => {
            let day = calendar::local_date(at, ctx.settings.timezone).format("%Y年%-m月%-d日");
            warn(ctx, txn, &row, format!("“{name}”将保留至{day}，在此之前达标即可保级。")).await?;
            standing::write_standing(txn, Standing { misses, ends_at: Some(at), ..row }).await
        }
        Verdict::Falls { to } => {
            let change = Change {
                member_id,
                to,
                kind: TierMove::Downgrade,
                frozen_until: None,
                note: None,
                actor: Actor::System,
            };
            standing::change(ctx, txn, place, change).await.map(|_| ())
        }
    }
}

async fn warn(ctx: &Context, txn: &DatabaseTransaction, row: &Standing, body: String) -> Result<()> {
    let period = row.checked_period.as_deref().unwrap_or_default();
    let new = NewNotice {
        member_id: row.member_id,
        kind: Kind::TierWarning,
        business_key: format!("{}:{}:{period}", Kind::TierWarning.as_str(), row.member_id),
        steps: vec![Step::inbox("会员等级保级提醒".to_owned(), body, None)],
        expires_at: None,
    };
    notice::send(ctx, txn, new).await?;
    Ok(())
}
