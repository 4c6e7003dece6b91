//! Makes copies for many members in one transaction, whoever asks: members' claims, campaigns, imports.
//!
//! The cost is a handful of statements, however many members. What must be exact is exact by the statements themselves: stock
//! by a conditional update and its row count, the limit by the unique slot and the rows that were really inserted.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::states::CouponState;
use entity::{coupon, coupon_template};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use super::entitled::entitled;
use super::event::{self, Move};
use super::{code, issue_postgres, rules};
use crate::audit::Actor;
use crate::calendar;
use crate::context::Context;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;

/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

/// One copy for each of `member_ids`; a member who stands there twice asks for two.
///
/// `source` says what gave it (`claim`, `code`, `pack`, `campaign`, `import`), `source_id` which one. A member who already holds a copy of
/// the same template from the same `source` and `source_id` that is not voided gets that one again.
pub struct IssueOrder<'a> {
    pub template_id: CouponTemplateId,
    pub member_ids: &'a [MemberId],
    pub source: &'a str,
    pub source_id: Option<Uuid>,
}

/// What members take themselves; the limits of a day bind these alone.
pub(super) const TAKEN: [&str; 3] = ["claim", "code", "pack"];

impl IssueOrder<'_> {
    fn is_taken(&self) -> bool {
        TAKEN.contains(&self.source)
    }
}

pub struct Issued {
    pub member_id: MemberId,
    pub outcome: std::result::Result<CouponId, Refusal>,
}

/// The copies that `order` asks for, in the order of its members, as part of the caller's transaction. What one member is
/// refused does not touch the others. Locks the members (shared), then the template.
///
/// # Refuses
/// per member: `coupon_not_claimable`, `member_disabled`, `coupon_limit_reached`, `coupon_sold_out`, and of what members take
/// themselves `coupon_not_for_tier`, `coupon_daily_limit_reached`, `coupon_sold_out_today`
pub async fn issue(ctx: &Context, txn: &DatabaseTransaction, order: IssueOrder<'_>) -> Result<Vec<Issued>> {
    let active = redirect::hold_active(txn, order.member_ids).await?;
    let template = lock_template(txn, order.template_id).await?;
    let outcomes = match rules::check_issuable(&template, ctx.now()) {
        Ok(()) => issue_copies(ctx, txn, &template, &active, &order).await?,
        Err(refusal) => vec![Err(refusal); order.member_ids.len()],
    };
    Ok(order
        .member_ids
        .iter()
        .zip(outcomes)
        .map(|(&member_id, outcome)| Issued { member_id, outcome: outcome.map(|coupon| coupon.id) })
        .collect())
}

pub(super) type Outcome = std::result::Result<coupon::Model, Refusal>;

/// The core of [`issue`], for callers that hold the locks and have checked the template.
pub(super) async fn issue_copies(
    ctx: &Context,
    txn: &DatabaseTransaction,
    template: &coupon_template::Model,
    active: &HashSet<MemberId>,
    order: &IssueOrder<'_>,
) -> Result<Vec<Outcome>> {
    let entitled = match order.is_taken() {
        true => entitled(txn, template, order.member_ids).await?,
        false => None,
    };
    let held = held_copies(txn, order).await?;
    let mut outcomes = allot(ctx, template, (active, entitled.as_ref()), held, order);
    let wanted: Vec<CouponId> = fresh_ids(&outcomes);
    let day = order.is_taken().then(|| calendar::local_date(ctx.now(), ctx.settings.timezone));
    let granted = take_stock(txn, (template, day), wanted.len()).await?;
    let (kept, short) = wanted.split_at(granted.min(wanted.len()));
    refuse(&mut outcomes, short, why_short(template, granted));
    let missing = insert(ctx, txn, &outcomes, kept).await?;
    if !missing.is_empty() {
        give_back(txn, template.id, missing.len(), day).await?;
        refuse(&mut outcomes, &missing, Refusal::CouponLimitReached);
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.map(Copy::into_model)).collect())
}

/// Why no more than `granted` were given: all are gone, or those of the day.
fn why_short(template: &coupon_template::Model, granted: usize) -> Refusal {
    let left = usize::try_from(rules::left_in_all(template)).unwrap_or(usize::MAX);
    if granted < left { Refusal::CouponSoldOutToday } else { Refusal::CouponSoldOut }
}

/// A copy that is to be made, or one that the same source gave before.
enum Copy {
    Fresh(coupon::Model),
    Earlier(coupon::Model),
}

impl Copy {
    fn into_model(self) -> coupon::Model {
        match self {
            Self::Fresh(coupon) | Self::Earlier(coupon) => coupon,
        }
    }
}

type Plan = Vec<std::result::Result<Copy, Refusal>>;

/// Decides for each member: disabled, has it already from this source, is of another tier, has reached the limit, or a row with a free slot.
fn allot(
    ctx: &Context,
    template: &coupon_template::Model,
    (active, entitled): (&HashSet<MemberId>, Option<&HashSet<MemberId>>),
    mut held: HashMap<MemberId, Vec<coupon::Model>>,
    order: &IssueOrder<'_>,
) -> Plan {
    let now = ctx.now();
    let zone = ctx.settings.timezone;
    let today = calendar::start_of_day(calendar::local_date(now, zone), zone);
    let limit_per_day = template.limit_per_day.filter(|_| order.is_taken());
    let mut made = HashSet::new();
    order
        .member_ids
        .iter()
        .map(|&member_id| {
            if !active.contains(&member_id) {
                return Err(Refusal::MemberDisabled);
            }
            let copies = held.entry(member_id).or_default();
            let mut before = copies.iter().filter(|copy| !made.contains(&copy.id));
            if let Some(earlier) = before.find(|copy| is_from(copy, order)) {
                return Ok(Copy::Earlier(earlier.clone()));
            }
            if entitled.is_some_and(|entitled| !entitled.contains(&member_id)) {
                return Err(Refusal::CouponNotForTier);
            }
            let of_today = copies
                .iter()
                .filter(|copy| copy.claimed_at >= today && TAKEN.contains(&copy.source.as_str()));
            if limit_per_day.is_some_and(|limit| of_today.count() >= usize::try_from(limit).unwrap_or(0)) {
                return Err(Refusal::CouponDailyLimitReached);
            }
            let slots: Vec<i32> = copies.iter().map(|copy| copy.slot).collect();
            let slot =
                rules::free_slot(&slots, template.limit_per_member).ok_or(Refusal::CouponLimitReached)?;
            let fresh = new_row(ctx, template, order, (member_id, slot, now));
            made.insert(fresh.id);
            copies.push(fresh.clone());
            Ok(Copy::Fresh(fresh))
        })
        .collect()
}

fn is_from(copy: &coupon::Model, order: &IssueOrder<'_>) -> bool {
    order.source_id.is_some()
        && copy.source_id == order.source_id
        && copy.source == order.source
        && copy.state != CouponState::Voided
}

fn new_row(
    ctx: &Context,
    template: &coupon_template::Model,
    order: &IssueOrder<'_>,
    (member_id, slot, now): (MemberId, i32, DateTime<Utc>),
) -> coupon::Model {
    let (valid_from, valid_until) = rules::validity(template, now, ctx.settings.timezone);
    coupon::Model {
        id: ctx.new_id(),
        template_id: template.id,
        member_id,
        slot,
        code: code::generate(),
        state: CouponState::Issued,
        valid_from,
        valid_until,
        source: order.source.to_owned(),
        source_id: order.source_id,
        claimed_at: now,
        used_at: None,
        updated_at: now,
        locked_until: None,
        locked_order_no: None,
    }
}

fn fresh_ids(plan: &Plan) -> Vec<CouponId> {
    plan.iter()
        .filter_map(|one| if let Ok(Copy::Fresh(coupon)) = one { Some(coupon.id) } else { None })
        .collect()
}

fn refuse(plan: &mut Plan, ids: &[CouponId], refusal: Refusal) {
    let ids: HashSet<CouponId> = ids.iter().copied().collect();
    for one in plan {
        if matches!(one, Ok(Copy::Fresh(coupon) | Copy::Earlier(coupon)) if ids.contains(&coupon.id)) {
            *one = Err(refusal);
        }
    }
}

/// Inserts the fresh rows among `kept` and their events; answers those that another transaction's slot kept out.
async fn insert(
    ctx: &Context,
    txn: &DatabaseTransaction,
    plan: &Plan,
    kept: &[CouponId],
) -> Result<Vec<CouponId>> {
    let kept: HashSet<CouponId> = kept.iter().copied().collect();
    let rows: Vec<&coupon::Model> = plan
        .iter()
        .filter_map(|one| match one {
            Ok(Copy::Fresh(coupon)) if kept.contains(&coupon.id) => Some(coupon),
            _ => None,
        })
        .collect();
    match txn.get_database_backend() {
        DbBackend::Postgres => issue_postgres::insert(ctx, txn, &rows).await,
        _ => insert_rows(ctx, txn, &rows).await,
    }
}

pub(super) fn actor_of(row: &coupon::Model) -> Actor {
    if TAKEN.contains(&row.source.as_str()) { Actor::Member(row.member_id) } else { Actor::System }
}

async fn insert_rows(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: &[&coupon::Model],
) -> Result<Vec<CouponId>> {
    let mut missing = Vec::new();
    for chunk in rows.chunks(INSERT_ROWS) {
        let models = chunk.iter().map(|row| (*row).clone().into_active_model().reset_all());
        let inserted = coupon::Entity::insert_many(models)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(txn)
            .await?;
        if inserted < chunk.len() as u64 {
            missing.extend(absent(txn, chunk).await?);
        }
    }
    let made = rows.iter().filter(|row| !missing.contains(&row.id)).map(|row| Move {
        coupon_id: row.id,
        from: None,
        to: CouponState::Issued,
        reason: None,
        actor: actor_of(row),
    });
    event::record(ctx, txn, made.collect()).await?;
    Ok(missing)
}

async fn absent(txn: &DatabaseTransaction, rows: &[&coupon::Model]) -> Result<Vec<CouponId>> {
    let there: HashSet<CouponId> = coupon::Entity::find()
        .select_only()
        .column(coupon::Column::Id)
        .filter(coupon::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .into_tuple()
        .all(txn)
        .await?
        .into_iter()
        .collect();
    Ok(rows.iter().map(|row| row.id).filter(|id| !there.contains(id)).collect())
}

/// Takes `wanted` copies, or what is left of them; answers how many were taken. With a day, of that day's stock too.
async fn take_stock(
    txn: &impl ConnectionTrait,
    (template, day): (&coupon_template::Model, Option<NaiveDate>),
    wanted: usize,
) -> Result<usize> {
    use coupon_template::Column::{BudgetFen, CostFen, DailyStock, Id, Stock, Taken, TakenDay, TakenToday};
    let mut asked = i64::try_from(wanted).map_err(Error::internal)?;
    let mut left = still_left(template, day);
    while asked > 0 && left > 0 {
        asked = std::cmp::min(asked, left);
        let after = || Expr::col(Taken).add(asked);
        let mut update = coupon_template::Entity::update_many()
            .col_expr(Taken, after())
            .filter(Id.eq(template.id))
            .filter(after().lte(Expr::col(Stock)))
            .filter(BudgetFen.is_null().or(after().mul(Expr::col(CostFen)).lte(Expr::col(BudgetFen))));
        if let Some(day) = day {
            let today = || -> Expr {
                let same = Expr::case(TakenDay.eq(day), Expr::col(TakenToday).add(asked));
                same.finally(Expr::val(asked)).into()
            };
            update = update
                .col_expr(TakenToday, today())
                .col_expr(TakenDay, Expr::value(day))
                .filter(DailyStock.is_null().or(today().lte(Expr::col(DailyStock))));
        }
        if update.exec(txn).await?.rows_affected == 1 {
            return usize::try_from(asked).map_err(Error::internal);
        }
        let row = coupon_template::Entity::find_by_id(template.id).one(txn).await?;
        left = row.map_or(0, |row| still_left(&row, day));
        asked -= 1;
    }
    Ok(0)
}

fn still_left(template: &coupon_template::Model, day: Option<NaiveDate>) -> i64 {
    let on_day = day.map_or(i64::MAX, |day| rules::left_on(template, day));
    std::cmp::min(rules::left_in_all(template), on_day)
}

/// Gives back stock that no member's copy stands for, to the day's too where it was taken on that day.
pub(super) async fn give_back(
    txn: &impl ConnectionTrait,
    id: CouponTemplateId,
    copies: usize,
    day: Option<NaiveDate>,
) -> Result<()> {
    use coupon_template::Column::{Id, Taken, TakenDay, TakenToday};
    let copies = i64::try_from(copies).map_err(Error::internal)?;
    let mut update = coupon_template::Entity::update_many()
        .col_expr(Taken, Expr::col(Taken).sub(copies))
        .filter(Id.eq(id));
    if let Some(day) = day {
        let today = Expr::case(TakenDay.eq(day), Expr::col(TakenToday).sub(copies));
        update = update.col_expr(TakenToday, today.finally(Expr::col(TakenToday)).into());
    }
    update.exec(txn).await?;
    Ok(())
}

async fn held_copies(
    txn: &DatabaseTransaction,
    order: &IssueOrder<'_>,
) -> Result<HashMap<MemberId, Vec<coupon::Model>>> {
    let rows = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(order.template_id))
        .filter(db::is_any(
            txn.get_database_backend(),
            coupon::Column::MemberId,
            order.member_ids.iter().copied(),
        ))
        .all(txn)
        .await?;
    let mut held: HashMap<MemberId, Vec<coupon::Model>> = HashMap::new();
    for row in rows {
        held.entry(row.member_id).or_default().push(row);
    }
    Ok(held)
}

/// For a transaction that will issue of several: they are locked in the order of their ids.
pub(crate) async fn lock_templates(
    txn: &DatabaseTransaction,
    ids: impl IntoIterator<Item = CouponTemplateId>,
) -> Result<()> {
    let ids: BTreeSet<CouponTemplateId> = ids.into_iter().collect();
    for id in ids {
        lock_template(txn, id).await?;
    }
    Ok(())
}

pub(super) async fn lock_template(
    txn: &DatabaseTransaction,
    id: CouponTemplateId,
) -> Result<coupon_template::Model> {
    coupon_template::Entity::find_by_id(id)
        .lock_exclusive()
        .one(txn)
        .await?
        .ok_or(Error::NotFound("coupon template"))
}
