//! Computing what is due. The members are read in pages of ids into a small tuple each, judged together, and written in pages, so that no
//! till waits long behind this. What is counted is told by times that are over, so a page that is read later tells the same.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use entity::states::{MemberState, RunState};
use entity::{member, purchase, rfm_member, rfm_run};
use sea_orm::sea_query::{Expr, LockType, Query};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::read::standing;
use super::request;
use super::rules::{self, Bought, Judged, Measure, RfmResult, StageDays};
use crate::analysis::{self, Claim};
use crate::calendar;
use crate::context::Context;
use crate::db::insert_all;
use crate::error::{Error, Result};
use crate::ids::{MemberId, RfmRunId};
use crate::redirect;

const TABLE: &str = "rfm_run";
/// Members that are read at once.
const READ_PAGE: u64 = 2_000;
/// Rows that are written or deleted in one transaction.
const WRITE_PAGE: usize = 2_000;
/// The hour of the shop from which on the night's run may begin.
const HOUR: u32 = 3;

/// The night's run, and what somebody asked for; answers how many runs were finished. Harmless twice: a day and a window have one run, and
/// whoever comes second finds it claimed or complete.
pub async fn compute_due(ctx: &Context) -> Result<u64> {
    ask_for_the_nights(ctx).await?;
    let mut finished = 0;
    while let Some(row) = next_due(ctx).await? {
        let Some(claim) = Claim::take(ctx, TABLE, row.id.0).await? else { continue };
        finished += u64::from(compute(ctx, claim, &row).await?);
    }
    Ok(finished)
}

async fn ask_for_the_nights(ctx: &Context) -> Result<()> {
    let local = ctx.now().with_timezone(&ctx.settings.timezone);
    if local.hour() < HOUR {
        return Ok(());
    }
    let of = (analysis::yesterday(ctx), ctx.settings.rfm.window_months);
    request::insert(ctx, ctx.db.writer(), of, None).await?;
    Ok(())
}

async fn next_due(ctx: &Context) -> Result<Option<rfm_run::Model>> {
    use rfm_run::Column::{ClaimedUntil, Id, State};
    let due = rfm_run::Entity::find().filter(analysis::is_due(State, ClaimedUntil, ctx.now()));
    Ok(due.order_by_asc(Id).one(ctx.db.read()).await?)
}

/// False: another has taken it over.
async fn compute(ctx: &Context, claim: Claim, row: &rfm_run::Model) -> Result<bool> {
    let Some((buyers, never_bought)) = read_members(ctx, claim, row).await? else { return Ok(false) };
    let stage_days = stage_days(ctx);
    let first_day = rules::first_day(row.as_of, row.window_months);
    let judging = move || {
        let measure = Measure::of(&buyers, stage_days);
        let result = rules::sum_up(&buyers, &measure, (first_day, never_bought));
        (buyers, measure, result)
    };
    let judged = tokio::task::spawn_blocking(judging).await;
    let (buyers, measure, result) = judged.map_err(Error::internal)?;
    let may_stand = row.window_months == ctx.settings.rfm.window_months && is_newest(ctx, row).await?;
    if may_stand && !write_members(ctx, claim, (row.id, &buyers, &measure)).await? {
        return Ok(false);
    }
    let finished = finish(ctx, claim, row, (&result, may_stand)).await?;
    forget_members(ctx).await?;
    Ok(finished)
}

fn stage_days(ctx: &Context) -> StageDays {
    let settings = &ctx.settings.rfm;
    StageDays {
        new_days: settings.new_days,
        active_days: settings.active_days,
        slowing_days: settings.slowing_days,
        asleep_days: settings.asleep_days,
    }
}

async fn is_newest(ctx: &Context, row: &rfm_run::Model) -> Result<bool> {
    Ok(standing(ctx.db.read()).await?.is_none_or(|stands| stands.as_of < row.as_of))
}

/// What every member has bought by the end of the day, in the order of their ids, and how many were there and had not. None: another
/// has taken the run over.
async fn read_members(
    ctx: &Context,
    claim: Claim,
    row: &rfm_run::Model,
) -> Result<Option<(Vec<Bought>, i64)>> {
    let span = Span::of(ctx, row);
    let (mut buyers, mut never_bought) = (Vec::new(), 0);
    let mut after = None;
    loop {
        let members = page_of_members(ctx, after).await?;
        let (Some(first), Some(last)) = (members.first(), members.last()) else { break };
        after = Some(last.0);
        let mut bought = bought_between(ctx, &span, (first.0, last.0)).await?;
        for (id, joined_at) in members {
            match bought.remove(&id) {
                Some(one) => buyers.push(one),
                None => never_bought += i64::from(joined_at < span.until),
            }
        }
        if !claim.renew(ctx, ctx.db.writer()).await? {
            return Ok(None);
        }
    }
    Ok(Some((buyers, never_bought)))
}

async fn page_of_members(ctx: &Context, after: Option<MemberId>) -> Result<Vec<(MemberId, DateTime<Utc>)>> {
    use member::Column::{CreatedAt, Id, State};
    let mut query = member::Entity::find()
        .select_only()
        .columns([Id, CreatedAt])
        .filter(State.is_in([MemberState::Active, MemberState::Disabled]))
        .order_by_asc(Id)
        .limit(READ_PAGE);
    if let Some(after) = after {
        query = query.filter(Id.gt(after));
    }
    Ok(query.into_tuple().all(ctx.db.read()).await?)
}

/// The day and the window of a run, as times.
struct Span {
    as_of: NaiveDate,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    zone: chrono_tz::Tz,
}

impl Span {
    fn of(ctx: &Context, row: &rfm_run::Model) -> Self {
        let zone = ctx.settings.timezone;
        let first_day = rules::first_day(row.as_of, row.window_months);
        Self {
            as_of: row.as_of,
            from: calendar::start_of_day(first_day, zone),
            until: analysis::end_of(ctx, row.as_of),
            zone,
        }
    }

    fn days_since(&self, at: DateTime<Utc>) -> i32 {
        let days = (self.as_of - calendar::local_date(at, self.zone)).num_days();
        i32::try_from(days).unwrap_or(i32::MAX)
    }

    fn add(
        &self,
        bought: &mut HashMap<MemberId, Bought>,
        (member_id, at, kept): (MemberId, DateTime<Utc>, i64),
    ) {
        let days = self.days_since(at);
        let one = bought.entry(member_id).or_insert(Bought {
            member_id,
            first_days: days,
            last_days: days,
            purchases: 0,
            frequency: 0,
            money_fen: 0,
        });
        one.first_days = std::cmp::max(one.first_days, days);
        one.last_days = std::cmp::min(one.last_days, days);
        one.purchases += 1;
        if at >= self.from {
            one.frequency += 1;
            one.money_fen += kept;
        }
    }
}

async fn bought_between(
    ctx: &Context,
    span: &Span,
    (first, last): (MemberId, MemberId),
) -> Result<HashMap<MemberId, Bought>> {
    use purchase::Column::{MemberId as Member, PurchasedAt, TotalFen};
    let rows: Vec<(MemberId, DateTime<Utc>, i64, i64)> = purchase::Entity::find()
        .select_only()
        .columns([Member, PurchasedAt, TotalFen])
        .column_as(analysis::given_back(span.until), "given_back")
        .filter(Member.between(first, last))
        .filter(PurchasedAt.lt(span.until))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut bought = HashMap::new();
    for (member_id, at, total, back) in rows {
        if total == 0 || back < total {
            span.add(&mut bought, (member_id, at, total - back));
        }
    }
    Ok(bought)
}

/// False: another has taken the run over.
async fn write_members(
    ctx: &Context,
    claim: Claim,
    (run_id, buyers, measure): (RfmRunId, &[Bought], &Measure),
) -> Result<bool> {
    // What a worker that died had written of this run.
    forget_run(ctx, run_id).await?;
    for page in buyers.chunks(WRITE_PAGE) {
        let txn = ctx.db.begin().await?;
        if !claim.renew(ctx, &txn).await? {
            return Ok(false);
        }
        // Some may have left since they were read; whoever leaves from now on waits for these rows and takes them away.
        let ids: Vec<MemberId> = page.iter().map(|one| one.member_id).collect();
        let present = redirect::hold_present(&txn, &ids).await?;
        let rows = page
            .iter()
            .filter(|one| present.contains(&one.member_id))
            .map(|one| row_of(run_id, one, measure.judge(one)))
            .collect();
        insert_all::<rfm_member::Entity>(&txn, rows).await?;
        txn.commit().await?;
    }
    Ok(true)
}

fn row_of(run_id: RfmRunId, one: &Bought, judged: Judged) -> rfm_member::Model {
    let scores = judged.within.map(|(_, scores)| scores);
    rfm_member::Model {
        run_id,
        member_id: one.member_id,
        value_class: judged.within.map(|(class, _)| class),
        stage: judged.stage,
        recency_days: one.last_days,
        frequency: one.frequency.into(),
        money_fen: one.money_fen,
        recency_score: scores.map(|scores| scores.recency),
        frequency_score: scores.and_then(|scores| scores.frequency),
        money_score: scores.map(|scores| scores.money),
    }
}

/// False: another has taken the run over.
async fn finish(
    ctx: &Context,
    claim: Claim,
    row: &rfm_run::Model,
    (result, may_stand): (&RfmResult, bool),
) -> Result<bool> {
    use rfm_run::Column::{Claim as Token, ClaimedUntil, CompletedAt, Id, Result as Found, Standing, State};
    let txn = ctx.db.begin().await?;
    lock_runs(&txn).await?;
    if !claim.renew(ctx, &txn).await? {
        return Ok(false);
    }
    // Another day's run may have been finished meanwhile.
    let stands = may_stand && standing(&txn).await?.is_none_or(|other| other.as_of < row.as_of);
    if stands {
        rfm_run::Entity::update_many()
            .col_expr(Standing, Expr::value(false))
            .filter(Standing.eq(true))
            .exec(&txn)
            .await?;
    }
    rfm_run::Entity::update_many()
        .col_expr(State, Expr::value(RunState::Complete.as_str()))
        .col_expr(Token, Expr::value(Option::<uuid::Uuid>::None))
        .col_expr(ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(Found, Expr::value(serde_json::to_value(result).map_err(Error::internal)?))
        .col_expr(Standing, Expr::value(stands))
        .col_expr(CompletedAt, Expr::value(Some(ctx.now())))
        .filter(Id.eq(row.id))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(true)
}

/// So that of two that are finished at once one sees the other.
async fn lock_runs(txn: &DatabaseTransaction) -> Result<()> {
    let _: Vec<RfmRunId> = rfm_run::Entity::find()
        .select_only()
        .column(rfm_run::Column::Id)
        .order_by_asc(rfm_run::Column::Id)
        .lock(LockType::Update)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(())
}

/// The members' rows of complete runs that do not stand.
async fn forget_members(ctx: &Context) -> Result<()> {
    use rfm_run::Column::{Id, Standing, State};
    let old: Vec<RfmRunId> = rfm_run::Entity::find()
        .select_only()
        .column(Id)
        .filter(State.eq(RunState::Complete))
        .filter(Standing.eq(false))
        .filter(Id.in_subquery(
            Query::select().column(rfm_member::Column::RunId).from(rfm_member::Entity).to_owned(),
        ))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    for id in old {
        forget_run(ctx, id).await?;
    }
    Ok(())
}

async fn forget_run(ctx: &Context, run_id: RfmRunId) -> Result<()> {
    use rfm_member::Column::{MemberId as Member, RunId};
    loop {
        let page: Vec<MemberId> = rfm_member::Entity::find()
            .select_only()
            .column(Member)
            .filter(RunId.eq(run_id))
            .order_by_asc(Member)
            .limit(WRITE_PAGE as u64)
            .into_tuple()
            .all(ctx.db.read())
            .await?;
        let Some(last) = page.last() else { return Ok(()) };
        rfm_member::Entity::delete_many()
            .filter(RunId.eq(run_id))
            .filter(Member.lte(*last))
            .exec(ctx.db.writer())
            .await?;
    }
}
