//! What the analyses of buyers and baskets share: the day that one is of, and whose work a run is.
//!
//! A run is a row before it is computed. Whoever claims it works on it until the claim ends, and says with every page that they are still
//! there; after that another may claim it and begins anew. So a worker that died loses nothing, and two never finish one run.

use chrono::{DateTime, Datelike, Duration, NaiveDate, Utc};
use entity::states::RunState;
use entity::{purchase, refund};
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, Query, UpdateStatement};
use sea_orm::{ColumnTrait, ConnectionTrait};
use uuid::Uuid;

use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};

/// For how long whoever works on a run need not be heard of.
const CLAIM: Duration = Duration::minutes(10);
const EARLIEST_YEAR: i32 = 1970;

/// The day that is asked for, else yesterday. One that is not over would have another answer an hour later.
pub(crate) fn closed_day(ctx: &Context, asked: Option<NaiveDate>) -> Result<NaiveDate> {
    let yesterday = yesterday(ctx);
    let day = asked.unwrap_or(yesterday);
    if day > yesterday {
        return Err(Error::invalid("as_of", "is a day that is over"));
    }
    if day.year() < EARLIEST_YEAR {
        return Err(Error::invalid("as_of", format!("is not before {EARLIEST_YEAR}")));
    }
    Ok(day)
}

pub(crate) fn yesterday(ctx: &Context) -> NaiveDate {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    today.pred_opt().unwrap_or(today)
}

/// The moment in which a day of the shop has ended.
pub(crate) fn end_of(ctx: &Context, day: NaiveDate) -> DateTime<Utc> {
    calendar::start_of_day(day.succ_opt().unwrap_or(day), ctx.settings.timezone)
}

/// What of a purchase was given back by then, in fen.
pub(crate) fn given_back(until: DateTime<Utc>) -> Expr {
    use refund::Column::{AmountFen, PurchaseId, RefundedAt};
    let refunds = Query::select()
        .expr(Expr::col((refund::Entity, AmountFen)).sum().cast_as("bigint"))
        .from(refund::Entity)
        .and_where(Expr::col((refund::Entity, PurchaseId)).equals((purchase::Entity, purchase::Column::Id)))
        .and_where(RefundedAt.lt(until))
        .to_owned();
    let sum = Func::coalesce([Expr::SubQuery(None, Box::new(refunds.into())), Expr::cust("0")]);
    Expr::case(purchase::Column::RefundedFen.gt(0), sum).finally(Expr::cust("0")).into()
}

/// A run that nobody works on.
pub(crate) fn is_due<C: ColumnTrait>(state: C, claimed_until: C, now: DateTime<Utc>) -> Condition {
    let given_up = Condition::all().add(state.eq(RunState::Computing)).add(claimed_until.lt(now));
    Condition::any().add(state.eq(RunState::Waiting)).add(given_up)
}

/// The right to work on a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    table: &'static str,
    id: Uuid,
    token: Uuid,
}

impl Claim {
    /// None: another was faster.
    pub async fn take(ctx: &Context, table: &'static str, id: Uuid) -> Result<Option<Self>> {
        let claim = Self { table, id, token: ctx.new_id() };
        let (column, now) = (|name: &str| Expr::col(Alias::new(name)), ctx.now());
        let given_up = column("state").eq(RunState::Computing.as_str()).and(column("claimed_until").lt(now));
        let statement = claim
            .update(now)
            .value(Alias::new("state"), RunState::Computing.as_str())
            .value(Alias::new("claim"), claim.token)
            .and_where(column("state").eq(RunState::Waiting.as_str()).or(given_up))
            .to_owned();
        let taken = ctx.db.writer().execute(&statement).await?.rows_affected();
        Ok((taken == 1).then_some(claim))
    }

    /// Whether the run is still ours; it is for a while longer then.
    pub async fn renew(&self, ctx: &Context, connection: &impl ConnectionTrait) -> Result<bool> {
        let statement =
            self.update(ctx.now()).and_where(Expr::col(Alias::new("claim")).eq(self.token)).to_owned();
        Ok(connection.execute(&statement).await?.rows_affected() == 1)
    }

    fn update(&self, now: DateTime<Utc>) -> UpdateStatement {
        Query::update()
            .table(Alias::new(self.table))
            .value(Alias::new("claimed_until"), now + CLAIM)
            .and_where(Expr::col(Alias::new("id")).eq(self.id))
            .to_owned()
    }
}
