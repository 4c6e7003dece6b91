//! The copies of a batch and their events in one statement of PostgreSQL, with one parameter per column.

use std::collections::HashSet;

use entity::coupon;
use entity::states::CouponState;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::issue::actor_of;
use crate::context::Context;
use crate::db;
use crate::error::Result;
use crate::ids::{CouponEventId, CouponId};

/// $1 ids, $2 members, $3 slots, $4 codes, $5 events; the rest is the same for all of them.
const INSERT: &str = "WITH given AS (SELECT * FROM unnest($1::text::uuid[], $2::text::uuid[], $3::text::int4[], \
     $4::text::text[], $5::text::uuid[]) AS g(id, member_id, slot, code, event_id)), \
     made AS (INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source, \
       source_id, claimed_at, updated_at) \
       SELECT id, $6, member_id, slot, code, $7, $8, $9, $10, $11, $12, $12 FROM given \
       ON CONFLICT DO NOTHING RETURNING id) \
     INSERT INTO coupon_event (id, coupon_id, to_state, actor_kind, actor_id, created_at) \
       SELECT g.event_id, g.id, $7, $13, CASE WHEN $13 = 'member' THEN g.member_id END, $12 \
       FROM given g JOIN made USING (id) RETURNING coupon_id";

/// Inserts rows of one order; answers those that another transaction's slot kept out.
pub(super) async fn insert(
    ctx: &Context,
    txn: &DatabaseTransaction,
    rows: &[&coupon::Model],
) -> Result<Vec<CouponId>> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let events = rows.iter().map(|_| ctx.new_id::<CouponEventId>());
    let values = [
        db::array(rows.iter().map(|row| row.id)).into(),
        db::array(rows.iter().map(|row| row.member_id)).into(),
        db::array(rows.iter().map(|row| row.slot)).into(),
        db::array(rows.iter().map(|row| &row.code)).into(),
        db::array(events).into(),
        first.template_id.into(),
        CouponState::Issued.as_str().into(),
        first.valid_from.into(),
        first.valid_until.into(),
        first.source.as_str().into(),
        first.source_id.into(),
        first.claimed_at.into(),
        actor_of(first).kind().into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, INSERT, values);
    let mut made = HashSet::with_capacity(rows.len());
    for row in txn.query_all_raw(statement).await? {
        made.insert(row.try_get::<CouponId>("", "coupon_id")?);
    }
    Ok(rows.iter().map(|row| row.id).filter(|id| !made.contains(id)).collect())
}
