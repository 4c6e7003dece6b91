//! The coupons of a company used up, with their redemptions and events, in one statement of PostgreSQL, with one parameter per column.

use chrono::{DateTime, Utc};
use entity::states::CouponState;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::redeem::ReceiptPart;
use crate::context::Context;
use crate::db;
use crate::error::Result;
use crate::ids::CouponEventId;

/// `locked` takes the coupons in the order of their ids, so that two companies don't wait for each other in a circle; `used` changes those
/// that are as they were seen.
const USE_UP: &str = "WITH given AS (SELECT * FROM unnest($1::text::uuid[], $2::text::uuid[], $3::text::text[], \
     $4::text::timestamptz[], $5::text::text[], $6::text::uuid[], $7::text::uuid[], $8::text::uuid[], $9::text::text[], \
     $10::text::text[], $11::text::text[], $12::text::int8[], $13::text::int8[], $14::text::int4[], $15::text::jsonb[], \
     $16::text::text[], $17::text::uuid[]) AS g(coupon_id, member_id, state, seen_at, locked_order_no, id, store_id, \
     staff_id, request_no, request_hash, order_no, amount_fen, discount_fen, part, shares, source, event_id)), \
     locked AS (SELECT id FROM coupon WHERE id = ANY((SELECT $1::text::uuid[])::uuid[]) ORDER BY id FOR NO KEY UPDATE), \
     used AS (UPDATE coupon c SET state = $18, used_at = $19, updated_at = $19, locked_until = NULL, \
       locked_order_no = NULL FROM given g JOIN locked l ON l.id = g.coupon_id \
       WHERE c.id = g.coupon_id AND c.member_id = g.member_id AND c.state = g.state AND c.updated_at = g.seen_at \
         AND c.locked_order_no IS NOT DISTINCT FROM g.locked_order_no RETURNING c.id), \
     made AS (INSERT INTO redemption (id, coupon_id, member_id, store_id, staff_id, request_no, request_hash, order_no, \
       amount_fen, discount_fen, redeemed_at, part, shares, source) \
       SELECT g.id, g.coupon_id, g.member_id, store_id, staff_id, request_no, request_hash, order_no, amount_fen, \
         discount_fen, $19, part, shares, source FROM given g JOIN used u ON u.id = g.coupon_id \
       ON CONFLICT DO NOTHING RETURNING coupon_id) \
     INSERT INTO coupon_event (id, coupon_id, from_state, to_state, actor_kind, actor_id, created_at) \
       SELECT g.event_id, g.coupon_id, g.state, $18, 'staff', g.staff_id, $19 FROM given g JOIN made USING (coupon_id)";

/// False when one of them has changed since it was seen, or its redemption was written before.
pub(super) async fn use_up(
    ctx: &Context,
    txn: &DatabaseTransaction,
    parts: &[&ReceiptPart],
    at: DateTime<Utc>,
) -> Result<bool> {
    let coupons = || parts.iter().map(|part| &part.held.coupon);
    let rows = || parts.iter().map(|part| &part.redemption);
    let shares: Vec<String> = rows().map(|row| row.shares.to_string()).collect();
    let events = parts.iter().map(|_| ctx.new_id::<CouponEventId>());
    let values = [
        db::array(coupons().map(|coupon| coupon.id)).into(),
        db::array(coupons().map(|coupon| coupon.member_id)).into(),
        db::array(coupons().map(|coupon| coupon.state.as_str())).into(),
        db::array(coupons().map(|coupon| coupon.updated_at.to_rfc3339())).into(),
        db::nullable_text_array(coupons().map(|coupon| coupon.locked_order_no.as_deref())).into(),
        db::array(rows().map(|row| row.id)).into(),
        db::array(rows().map(|row| row.store_id)).into(),
        db::array(rows().map(|row| row.staff_id)).into(),
        db::text_array(rows().map(|row| row.request_no.as_str())).into(),
        db::array(rows().map(|row| &row.request_hash)).into(),
        db::nullable_text_array(rows().map(|row| row.order_no.as_deref())).into(),
        db::array(rows().map(|row| row.amount_fen)).into(),
        db::array(rows().map(|row| row.discount_fen)).into(),
        db::array(rows().map(|row| row.part)).into(),
        db::text_array(shares.iter().map(String::as_str)).into(),
        db::array(rows().map(|row| &row.source)).into(),
        db::array(events).into(),
        CouponState::Used.as_str().into(),
        at.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, USE_UP, values);
    Ok(txn.execute_raw(statement).await?.rows_affected() == parts.len() as u64)
}
