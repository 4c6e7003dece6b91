//! Makes copies for many members in one transaction, whoever asks: members' claims, campaigns, imports.
//!
//! The cost is a handful of statements, however many members. What must be exact is exact by the statements themselves: stock
//! by a conditional update and its row count, the limit by the unique slot and the rows that were really inserted.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::states::{CouponState, MemberState};
use entity::{coupon, coupon_template, member};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::event::{self, Move};
use super::{code, rules};
use crate::audit::Actor;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::refusal::Refusal;

/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

/// One copy for each of `member_ids`; a member who stands there twice asks for two.
///
/// `source` says what gave it (`claim`, `campaign`, `import`), `source_id` which one. A member who already holds a copy of
/// the same template from the same `source` and `source_id` that is not voided gets that one again.
pub struct IssueOrder<'a> {
    pub template_id: CouponTemplateId,
    pub member_ids: &'a [MemberId],
    pub source: &'a str,
    pub source_id: Option<Uuid>,
}

pub struct Issued {
    pub member_id: MemberId,
    pub outcome: std::result::Result<CouponId, Refusal>,
}

/// The copies that `order` asks for, in the order of its members, as part of the caller's transaction. What one member is
/// refused does not touch the others. Locks the members (shared), then the template.
///
/// # Refuses
/// per member: `coupon_not_claimable`, `member_disabled`, `coupon_limit_reached`, `coupon_sold_out`
pub async fn issue(ctx: &Context, txn: &DatabaseTransaction, order: IssueOrder<'_>) -> Result<Vec<Issued>> {
    let active = lock_members(txn, order.member_ids).await?;
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
    let held = held_copies(txn, order).await?;
    let mut outcomes = allot(ctx, template, active, held, order);
    let wanted: Vec<CouponId> = fresh_ids(&outcomes);
    let granted = take_stock(txn, template.id, wanted.len()).await?;
    let (kept, short) = wanted.split_at(granted.min(wanted.len()));
    refuse(&mut outcomes, short, Refusal::CouponSoldOut);
    let missing = insert(ctx, txn, &outcomes, kept).await?;
    if !missing.is_empty() {
        give_back(txn, template.id, missing.len()).await?;
        refuse(&mut outcomes, &missing, Refusal::CouponLimitReached);
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.map(Copy::into_model)).collect())
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

/// Decides for each member: disabled, has it already from this source, has reached the limit, or a row with a free slot.
fn allot(
    ctx: &Context,
    template: &coupon_template::Model,
    active: &HashSet<MemberId>,
    mut held: HashMap<MemberId, Vec<coupon::Model>>,
    order: &IssueOrder<'_>,
) -> Plan {
    let now = ctx.now();
    order
        .member_ids
        .iter()
        .map(|&member_id| {
            if !active.contains(&member_id) {
                return Err(Refusal::MemberDisabled);
            }
            let copies = held.entry(member_id).or_default();
            if let Some(earlier) = copies.iter().find(|copy| is_from(copy, order)) {
                return Ok(Copy::Earlier(earlier.clone()));
            }
            let slots: Vec<i32> = copies.iter().map(|copy| copy.slot).collect();
            let slot =
                rules::free_slot(&slots, template.limit_per_member).ok_or(Refusal::CouponLimitReached)?;
            let fresh = new_row(ctx, template, order, (member_id, slot, now));
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
    let made = rows.iter().map(|row| row.id).filter(|id| !missing.contains(id));
    let actor = |row: &coupon::Model| {
        if row.source == "claim" { Actor::Member(row.member_id) } else { Actor::System }
    };
    let actors: HashMap<CouponId, Actor> = rows.iter().map(|row| (row.id, actor(row))).collect();
    let moves = made.map(|id| Move {
        coupon_id: id,
        from: None,
        to: CouponState::Issued,
        reason: None,
        actor: actors.get(&id).copied().unwrap_or(Actor::System),
    });
    event::record(ctx, txn, moves.collect()).await?;
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

/// Takes `wanted` copies, or what is left of them; answers how many were taken.
async fn take_stock(txn: &impl ConnectionTrait, id: CouponTemplateId, wanted: usize) -> Result<usize> {
    let mut asked = i64::try_from(wanted).map_err(Error::internal)?;
    while asked > 0 {
        let column = || Expr::col(coupon_template::Column::Taken);
        let taken = coupon_template::Entity::update_many()
            .col_expr(coupon_template::Column::Taken, column().add(asked))
            .filter(coupon_template::Column::Id.eq(id))
            .filter(column().add(asked).lte(Expr::col(coupon_template::Column::Stock)))
            .exec(txn)
            .await?;
        if taken.rows_affected == 1 {
            return usize::try_from(asked).map_err(Error::internal);
        }
        let row = coupon_template::Entity::find_by_id(id).one(txn).await?;
        let left = row.map_or(0, |row| row.stock - row.taken);
        asked = std::cmp::min(left, asked - 1);
    }
    Ok(0)
}

/// Gives back stock that no member's copy stands for.
pub(super) async fn give_back(txn: &impl ConnectionTrait, id: CouponTemplateId, copies: usize) -> Result<()> {
    let copies = i64::try_from(copies).map_err(Error::internal)?;
    coupon_template::Entity::update_many()
        .col_expr(coupon_template::Column::Taken, Expr::col(coupon_template::Column::Taken).sub(copies))
        .filter(coupon_template::Column::Id.eq(id))
        .exec(txn)
        .await?;
    Ok(())
}

async fn held_copies(
    txn: &DatabaseTransaction,
    order: &IssueOrder<'_>,
) -> Result<HashMap<MemberId, Vec<coupon::Model>>> {
    let rows = coupon::Entity::find()
        .filter(coupon::Column::TemplateId.eq(order.template_id))
        .filter(coupon::Column::MemberId.is_in(order.member_ids.iter().copied()))
        .all(txn)
        .await?;
    let mut held: HashMap<MemberId, Vec<coupon::Model>> = HashMap::new();
    for row in rows {
        held.entry(row.member_id).or_default().push(row);
    }
    Ok(held)
}

/// Locks the members against being changed under us, in the order of their ids; answers those who are active.
pub(super) async fn lock_members(txn: &DatabaseTransaction, ids: &[MemberId]) -> Result<HashSet<MemberId>> {
    let rows: Vec<(MemberId, MemberState)> = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .column(member::Column::State)
        .filter(member::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(member::Column::Id)
        .lock(LockType::KeyShare)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(rows.into_iter().filter(|(_, state)| *state == MemberState::Active).map(|(id, _)| id).collect())
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
