//! The batches in which codes that are good once were made: how many, by whom, what became of them, and the codes again.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{audit_entry, coupon, coupon_code};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use uuid::Uuid;

use super::offer;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CouponTemplateId;
use crate::names;
use crate::staff::{Permission, StaffCaller};

/// Codes of one download.
const MOST: u64 = 50_000;
/// Batches that are listed.
const MOST_BATCHES: u64 = 200;

/// Batches with one name are one.
#[derive(Debug, Clone)]
pub struct CodeBatch {
    pub name: String,
    pub made: i64,
    /// Typed in by a member, who got a copy.
    pub given: i64,
    /// Of those the copies that were redeemed.
    pub used: i64,
    /// When the first of them were made, and by whom, as far as the audit log tells.
    pub made_at: DateTime<Utc>,
    pub made_by: Option<String>,
}

#[derive(FromQueryResult)]
struct Counted {
    batch: String,
    made: i64,
    given: i64,
    used: i64,
    made_at: DateTime<Utc>,
}

/// The newest first.
pub async fn list_code_batches(
    ctx: &Context,
    staff: &StaffCaller,
    template_id: CouponTemplateId,
) -> Result<Vec<CodeBatch>> {
    staff.require(Permission::ReadCoupons)?;
    offer::load(ctx.db.read(), template_id).await?;
    let makers = makers(ctx, template_id).await?;
    let batch = |row: Counted| CodeBatch {
        made_by: makers.get(&row.batch).cloned(),
        name: row.batch,
        made: row.made,
        given: row.given,
        used: row.used,
        made_at: row.made_at,
    };
    Ok(counted(ctx, template_id).await?.into_iter().map(batch).collect())
}

async fn counted(ctx: &Context, template_id: CouponTemplateId) -> Result<Vec<Counted>> {
    use coupon_code::Column;
    let count = |what: &str| Expr::cust(format!("count({what})"));
    Ok(coupon_code::Entity::find()
        .select_only()
        .column(Column::Batch)
        .column_as(count("*"), "made")
        .column_as(count("coupon_code.used_at"), "given")
        .column_as(count("case when coupon.state = 'used' then 1 end"), "used")
        .column_as(Column::CreatedAt.min(), "made_at")
        .join(JoinType::LeftJoin, copy_of_code())
        .filter(Column::TemplateId.eq(template_id))
        .group_by(Column::Batch)
        .order_by_desc(Column::CreatedAt.min())
        .limit(MOST_BATCHES)
        .into_model()
        .all(ctx.db.read())
        .await?)
}

fn copy_of_code() -> RelationDef {
    coupon_code::Entity::belongs_to(coupon::Entity)
        .from(coupon_code::Column::CouponId)
        .to(coupon::Column::Id)
        .into()
}

/// Who first made codes of each batch, by name; what the log no longer has is left out.
async fn makers(ctx: &Context, template_id: CouponTemplateId) -> Result<HashMap<String, String>> {
    use audit_entry::Column;
    let rows: Vec<(serde_json::Value, Option<Uuid>)> = audit_entry::Entity::find()
        .select_only()
        .columns([Column::Detail, Column::ActorId])
        .filter(Column::SubjectKind.eq("coupon_template"))
        .filter(Column::SubjectId.eq(template_id.to_string()))
        .filter(Column::Action.eq(super::typed_code::MADE))
        .order_by_desc(Column::CreatedAt)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let made: HashMap<String, Uuid> = rows
        .into_iter()
        .filter_map(|(detail, staff)| Some((detail.get("batch")?.as_str()?.trim().to_owned(), staff?)))
        .collect();
    let names = names::of_staff(ctx, made.values().copied()).await?;
    Ok(made.into_iter().filter_map(|(batch, id)| Some((batch, names.get(&id)?.clone()))).collect())
}

/// A code of a batch and whether it is still good.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct BatchCode {
    pub code: String,
    /// When a member typed it in.
    pub used_at: Option<DateTime<Utc>>,
}

/// The codes of a batch again, 50,000 at most. Codes are worth money, so the audit log tells who took them.
pub async fn download_codes(
    ctx: &Context,
    staff: &StaffCaller,
    template_id: CouponTemplateId,
    batch: &str,
) -> Result<Vec<BatchCode>> {
    staff.require(Permission::WriteCoupons)?;
    let codes: Vec<BatchCode> = coupon_code::Entity::find()
        .select_only()
        .columns([coupon_code::Column::Code, coupon_code::Column::UsedAt])
        .filter(coupon_code::Column::TemplateId.eq(template_id))
        .filter(coupon_code::Column::Batch.eq(batch.trim()))
        .order_by_asc(coupon_code::Column::Code)
        .limit(MOST)
        .into_model()
        .all(ctx.db.read())
        .await?;
    if codes.is_empty() {
        return Err(Error::NotFound("batch of codes"));
    }
    let act = Act {
        actor: staff.actor(),
        action: "coupon_code.download",
        subject: ("coupon_template", template_id.to_string()),
        detail: serde_json::json!({ "batch": batch.trim(), "count": codes.len() }),
    };
    let txn = ctx.db.begin().await?;
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(codes)
}
