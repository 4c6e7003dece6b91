//! Going through the members for the tags that have a rule: in pages of ids, each a transaction of set-based statements under the lock of the
//! rule's row, so that several processes share the work and a crash goes on from the last page. A pass begins an hour after the one before began.

use chrono::{DateTime, Duration, Utc};
use entity::{member, member_tag, tag_rule};
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::rule::BY_RULE;
use crate::audience::Rule;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, TagId};

/// Members of one transaction.
const PAGE: u64 = 2_000;
/// Between the beginnings of two passes.
const EVERY: Duration = Duration::hours(1);
/// Of one tick, so that other work gets its turn.
const PAGES: usize = 25;

/// Does the next pages that are due; answers how many tags were put on or taken off. Harmless to repeat.
pub async fn apply_tag_rules(ctx: &Context) -> Result<u64> {
    let mut changed = 0;
    for _ in 0..PAGES {
        let due = tag_rule::Entity::find()
            .filter(is_due(ctx.now()))
            .order_by_asc(tag_rule::Column::TagId)
            .one(ctx.db.read())
            .await?;
        let Some(due) = due else { break };
        changed += apply_page(ctx, due.tag_id).await?;
    }
    Ok(changed)
}

fn is_due(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(tag_rule::Column::PassBeganAt.is_null())
        .add(tag_rule::Column::PassEndedAt.is_null())
        .add(tag_rule::Column::PassBeganAt.lte(now - EVERY))
}

async fn apply_page(ctx: &Context, tag_id: TagId) -> Result<u64> {
    let txn = ctx.db.begin().await?;
    let row = tag_rule::Entity::find_by_id(tag_id)
        .filter(is_due(ctx.now()))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(&txn)
        .await?;
    let Some(row) = row else { return Ok(0) };
    let begins = row.pass_began_at.is_none() || row.pass_ended_at.is_some();
    let cursor = if begins { None } else { row.cursor };
    let last = last_of_page(&txn, cursor).await?;
    let mut changed = 0;
    if let Some(last) = last {
        let page = Page { cursor, last };
        changed = put_on(ctx, &txn, &row, page).await? + take_off(ctx, &txn, &row, page).await?;
    }
    let mut next = row.into_active_model();
    if begins {
        next.pass_began_at = Set(Some(ctx.now()));
    }
    next.pass_ended_at = Set(last.is_none().then(|| ctx.now()));
    next.cursor = Set(last);
    next.update(&txn).await?;
    txn.commit().await?;
    Ok(changed)
}

/// Members behind the cursor, up to the last one.
#[derive(Clone, Copy)]
struct Page {
    cursor: Option<MemberId>,
    last: MemberId,
}

impl Page {
    fn holds(self, column: impl ColumnTrait) -> Condition {
        Condition::all().add(column.lte(self.last)).add_option(self.cursor.map(|cursor| column.gt(cursor)))
    }
}

/// None behind the last member.
async fn last_of_page(txn: &impl ConnectionTrait, cursor: Option<MemberId>) -> Result<Option<MemberId>> {
    let mut query = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .order_by_asc(member::Column::Id)
        .limit(PAGE);
    if let Some(cursor) = cursor {
        query = query.filter(member::Column::Id.gt(cursor));
    }
    let ids: Vec<MemberId> = query.into_tuple().all(txn).await?;
    Ok(ids.last().copied())
}

fn fits(ctx: &Context, row: &tag_rule::Model) -> Result<Condition> {
    let rule: Rule = serde_json::from_value(row.rule.clone()).map_err(Error::internal)?;
    Ok(rule.condition(ctx.now(), ctx.settings.timezone, ctx.db.backend()))
}

async fn put_on(ctx: &Context, txn: &DatabaseTransaction, row: &tag_rule::Model, page: Page) -> Result<u64> {
    use member_tag::Column;
    let fitting = Query::select()
        .column((member::Entity, member::Column::Id))
        .expr(Expr::val(row.tag_id))
        .expr(Expr::val(BY_RULE))
        .expr(Expr::val(row.reason.as_str()))
        .expr(Expr::val(ctx.now()))
        .from(member::Entity)
        .cond_where(page.holds(member::Column::Id))
        .cond_where(fits(ctx, row)?)
        .to_owned();
    let mut insert = Query::insert();
    insert
        .into_table(member_tag::Entity)
        .columns([Column::MemberId, Column::TagId, Column::Source, Column::Reason, Column::CreatedAt])
        .select_from(fitting)
        .map_err(Error::internal)?
        .on_conflict(OnConflict::columns([Column::MemberId, Column::TagId]).do_nothing().to_owned());
    Ok(txn.execute(&insert).await?.rows_affected())
}

async fn take_off(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: &tag_rule::Model,
    page: Page,
) -> Result<u64> {
    let fitting = Query::select()
        .column((member::Entity, member::Column::Id))
        .from(member::Entity)
        .cond_where(page.holds(member::Column::Id))
        .cond_where(fits(ctx, row)?)
        .to_owned();
    let taken_off = member_tag::Entity::delete_many()
        .filter(member_tag::Column::TagId.eq(row.tag_id))
        .filter(member_tag::Column::Source.eq(BY_RULE))
        .filter(page.holds(member_tag::Column::MemberId))
        .filter(member_tag::Column::MemberId.not_in_subquery(fitting))
        .exec(txn)
        .await?;
    Ok(taken_off.rows_affected)
}
