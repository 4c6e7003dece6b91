//! What a member takes along of points, tiers, the mall and stamp cards.

use entity::{
    check_in, exchange, invitation, points_entry, refund, rfm_member, right_use, stamp, survey_answer,
    tier_change,
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::error::Result;
use crate::ids::MemberId;

pub(super) async fn loyalty(db: &DatabaseConnection, id: MemberId) -> Result<Value> {
    Ok(json!({
        "points": points(db, id).await?,
        "check_ins": check_ins(db, id).await?,
        "invited_by": invitation::Entity::find_by_id(id).one(db).await?.map(|row| {
            json!({ "state": row.state, "created_at": row.created_at, "rewarded_at": row.rewarded_at })
        }),
        "survey_answers": survey_answers(db, id).await?,
        "tier_changes": tier_changes(db, id).await?,
        "right_uses": right_uses(db, id).await?,
        "exchanges": exchanges(db, id).await?,
        "stamps": stamps(db, id).await?,
        "refunds": refunds(db, id).await?,
        "value": value(db, id).await?,
    }))
}

async fn points(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = points_entry::Entity::find()
        .filter(points_entry::Column::MemberId.eq(id))
        .order_by_asc(points_entry::Column::Id)
        .all(db)
        .await?;
    let row = |row: points_entry::Model| {
        json!({
            "kind": row.kind, "points": row.points, "pending": row.pending, "balance_after": row.balance_after,
            "reason": row.reason, "created_at": row.created_at,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn check_ins(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = check_in::Entity::find()
        .filter(check_in::Column::MemberId.eq(id))
        .order_by_asc(check_in::Column::Day)
        .all(db)
        .await?;
    let row = |row: check_in::Model| json!({ "day": row.day, "streak": row.streak, "points": row.points });
    Ok(rows.into_iter().map(row).collect())
}

async fn survey_answers(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let mine = survey_answer::Column::MemberId.eq(id);
    let rows = survey_answer::Entity::find().filter(mine).all(db).await?;
    let row = |row: survey_answer::Model| json!({ "survey_id": row.survey_id, "answers": row.answers, "created_at": row.created_at });
    Ok(rows.into_iter().map(row).collect())
}

async fn tier_changes(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = tier_change::Entity::find()
        .filter(tier_change::Column::MemberId.eq(id))
        .order_by_asc(tier_change::Column::Id)
        .all(db)
        .await?;
    let row = |row: tier_change::Model| json!({ "from": row.from_tier_id, "to": row.to_tier_id, "kind": row.kind, "created_at": row.created_at });
    Ok(rows.into_iter().map(row).collect())
}

async fn right_uses(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = right_use::Entity::find()
        .filter(right_use::Column::MemberId.eq(id))
        .order_by_asc(right_use::Column::Id)
        .all(db)
        .await?;
    let row = |row: right_use::Model| json!({ "right_code": row.right_code, "store_id": row.store_id, "used_at": row.used_at });
    Ok(rows.into_iter().map(row).collect())
}

async fn exchanges(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = exchange::Entity::find()
        .filter(exchange::Column::MemberId.eq(id))
        .order_by_asc(exchange::Column::Id)
        .all(db)
        .await?;
    let row = |row: exchange::Model| {
        json!({
            "item_id": row.item_id, "points": row.points, "price_fen": row.price_fen, "state": row.state,
            "created_at": row.created_at,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn stamps(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = stamp::Entity::find()
        .filter(stamp::Column::MemberId.eq(id))
        .order_by_asc(stamp::Column::Id)
        .all(db)
        .await?;
    let row = |row: stamp::Model| json!({ "card_id": row.card_id, "kind": row.kind, "stamps": row.stamps, "created_at": row.created_at });
    Ok(rows.into_iter().map(row).collect())
}

async fn refunds(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let rows = refund::Entity::find()
        .filter(refund::Column::MemberId.eq(id))
        .order_by_asc(refund::Column::Id)
        .all(db)
        .await?;
    let row = |row: refund::Model| {
        json!({
            "purchase_id": row.purchase_id, "amount_fen": row.amount_fen, "points": row.points,
            "refunded_at": row.refunded_at,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What the member was taken for by when, how often and for how much they bought.
async fn value(db: &DatabaseConnection, id: MemberId) -> Result<Vec<Value>> {
    let mine = rfm_member::Column::MemberId.eq(id);
    let rows = rfm_member::Entity::find().filter(mine).all(db).await?;
    let row = |row: rfm_member::Model| {
        json!({
            "value_class": row.value_class, "stage": row.stage, "recency_days": row.recency_days,
            "frequency": row.frequency, "money_fen": row.money_fen,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}
