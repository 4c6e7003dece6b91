//! Finding the rules that were asked for.

use chrono::{DateTime, Days, Utc};
use entity::association_run;
use entity::states::RunState;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::basket::{self, Baskets, Span};
use super::read::Run;
use super::rules::{self, Limits};
use crate::analysis::{self, Claim};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};

const TABLE: &str = "association_run";
/// Rules that are kept of a run, those with the highest lift; it tells how many there were.
const KEPT: usize = 1_000;

/// What was found in the baskets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssociationResult {
    pub baskets: i64,
    /// Purchases of which no goods are known, or only such as are left out: they are no baskets.
    pub without_goods: i64,
    /// How many rules there are within the limits, of which the thousand with the highest lift are kept.
    pub found: i64,
    /// The highest lift first.
    pub rules: Vec<FoundRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundRule {
    /// One or two.
    pub when: Vec<Good>,
    pub then: Good,
    /// Baskets that hold all of them.
    pub count: i64,
    /// Baskets that hold what stands in front, and what stands behind.
    pub when_count: i64,
    pub then_count: i64,
    pub support: f64,
    pub confidence: f64,
    pub lift: f64,
    pub leverage: f64,
    /// Null: the rule is never wrong.
    pub conviction: Option<f64>,
}

/// A product, or a category by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Good {
    /// Null: it has none, or is a category.
    pub code: Option<String>,
    pub name: String,
}

impl Good {
    /// What tells it from others.
    pub fn key(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.name)
    }
}

/// Finds the rules that were asked for; answers how many runs were finished. Harmless twice: whoever comes second finds the run claimed or
/// complete.
pub async fn find_due(ctx: &Context) -> Result<u64> {
    use association_run::Column::{ClaimedUntil, Id, State};
    let mut finished = 0;
    loop {
        let due = association_run::Entity::find().filter(analysis::is_due(State, ClaimedUntil, ctx.now()));
        let Some(row) = due.order_by_asc(Id).one(ctx.db.read()).await? else { return Ok(finished) };
        let Some(claim) = Claim::take(ctx, TABLE, row.id.0).await? else { continue };
        finished += u64::from(find(ctx, claim, row).await?);
    }
}

/// False: another has taken it over.
async fn find(ctx: &Context, claim: Claim, row: association_run::Model) -> Result<bool> {
    let run = Run::of(row)?;
    let span = span(ctx, &run);
    let mut baskets = Baskets::default();
    let mut after = None;
    loop {
        let last = basket::add_page(ctx, (span, &run.parameters), after, &mut baskets).await?;
        if !claim.renew(ctx, ctx.db.writer()).await? {
            return Ok(false);
        }
        if last.is_none() {
            break;
        }
        after = last;
    }
    let limits = Limits {
        min_support_per_10000: run.parameters.min_support_per_10000,
        min_count: run.parameters.min_count,
        min_confidence_percent: run.parameters.min_confidence_percent,
    };
    let finding = move || result_of(&baskets, limits);
    let result = tokio::task::spawn_blocking(finding).await.map_err(Error::internal)?;
    finish(ctx, claim, &run, &result).await
}

fn span(ctx: &Context, run: &Run) -> Span {
    let days = Days::new(run.parameters.window_days.unsigned_abs().saturating_sub(1));
    let first = run.row.as_of.checked_sub_days(days).unwrap_or(run.row.as_of);
    let from = calendar::start_of_day(first, ctx.settings.timezone);
    Span { from, until: analysis::end_of(ctx, run.row.as_of) }
}

fn result_of(baskets: &Baskets, limits: Limits) -> AssociationResult {
    let found = rules::find(&baskets.baskets, limits);
    let good = |item| baskets.good(item).cloned();
    let rule = |rule: &rules::Rule| {
        Some(FoundRule {
            when: rule.when.iter().map(|item| good(*item)).collect::<Option<_>>()?,
            then: good(rule.then)?,
            count: rule.counts.both,
            when_count: rule.counts.when,
            then_count: rule.counts.then,
            support: rule.counts.support(),
            confidence: rule.counts.confidence(),
            lift: rule.counts.lift(),
            leverage: rule.counts.leverage(),
            conviction: rule.counts.conviction(),
        })
    };
    AssociationResult {
        baskets: i64::try_from(baskets.baskets.len()).unwrap_or(i64::MAX),
        without_goods: baskets.without_goods,
        found: i64::try_from(found.len()).unwrap_or(i64::MAX),
        rules: found.iter().take(KEPT).filter_map(rule).collect(),
    }
}

/// False: another has taken it over.
async fn finish(ctx: &Context, claim: Claim, run: &Run, result: &AssociationResult) -> Result<bool> {
    use association_run::Column::{Claim as Token, ClaimedUntil, CompletedAt, Id, Result as Found, State};
    let txn = ctx.db.begin().await?;
    if !claim.renew(ctx, &txn).await? {
        return Ok(false);
    }
    association_run::Entity::update_many()
        .col_expr(State, Expr::value(RunState::Complete.as_str()))
        .col_expr(Token, Expr::value(Option::<uuid::Uuid>::None))
        .col_expr(ClaimedUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(Found, Expr::value(serde_json::to_value(result).map_err(Error::internal)?))
        .col_expr(CompletedAt, Expr::value(Some(ctx.now())))
        .filter(Id.eq(run.row.id))
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(true)
}
