//! Staff put items into the mall, change them, publish and withdraw them.

use chrono::{DateTime, Utc};
use entity::states::{CouponTemplateState, MallKind, PublicationState};
use entity::{coupon_template, mall_item};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::list::ItemRow;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponTemplateId, MallItemId};
use crate::staff::{Permission, StaffCaller};

const LONGEST_NAME: usize = 60;
const LONGEST_TEXT: usize = 1000;
const LARGEST: i64 = 100_000_000;

#[derive(Debug, Clone)]
pub struct ItemForm {
    pub name: String,
    pub description: String,
    pub kind: MallKind,
    /// Of a coupon: which.
    pub coupon_template_id: Option<CouponTemplateId>,
    pub points: i64,
    /// Paid at the till besides the points, when it is handed over.
    pub price_fen: i64,
    pub cost_fen: i64,
    pub stock: i64,
    pub limit_per_member: Option<i32>,
    pub open_from: Option<DateTime<Utc>>,
    pub open_until: Option<DateTime<Utc>>,
    pub state: PublicationState,
}

/// A new item, or with an id a change. Exchanges that are there keep what they cost.
pub async fn save_item(
    ctx: &Context,
    staff: &StaffCaller,
    id: Option<MallItemId>,
    form: ItemForm,
) -> Result<ItemRow> {
    staff.require(Permission::WriteCoupons)?;
    validate(&form)?;
    let txn = ctx.db.begin().await?;
    require_template(&txn, form.coupon_template_id).await?;
    let row = match id {
        None => create(ctx, &txn, form).await?,
        Some(id) => change(ctx, &txn, id, form).await?,
    };
    let action = if id.is_some() { "mall_item.change" } else { "mall_item.create" };
    let detail = serde_json::json!({
        "name": row.name, "points": row.points, "price_fen": row.price_fen, "stock": row.stock, "state": row.state,
    });
    let subject = ("mall_item", row.id.to_string());
    audit::record(ctx, &txn, Act { actor: staff.actor(), action, subject, detail }).await?;
    txn.commit().await?;
    Ok(row)
}

async fn create(ctx: &Context, txn: &DatabaseTransaction, form: ItemForm) -> Result<ItemRow> {
    let row = row(ctx, ctx.new_id(), form);
    mall_item::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(txn)
        .await?;
    Ok(row)
}

/// `taken` is not written: exchanges move it meanwhile. Its condition keeps the stock above it.
async fn change(ctx: &Context, txn: &DatabaseTransaction, id: MallItemId, form: ItemForm) -> Result<ItemRow> {
    use mall_item::Column;
    let row = row(ctx, id, form);
    let changed = mall_item::Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name))
        .col_expr(Column::Description, Expr::value(row.description))
        .col_expr(Column::Kind, Expr::value(row.kind.to_value()))
        .col_expr(Column::CouponTemplateId, Expr::value(row.coupon_template_id.map(|id| id.0)))
        .col_expr(Column::Points, Expr::value(row.points))
        .col_expr(Column::PriceFen, Expr::value(row.price_fen))
        .col_expr(Column::CostFen, Expr::value(row.cost_fen))
        .col_expr(Column::Stock, Expr::value(row.stock))
        .col_expr(Column::LimitPerMember, Expr::value(row.limit_per_member))
        .col_expr(Column::OpenFrom, Expr::value(row.open_from))
        .col_expr(Column::OpenUntil, Expr::value(row.open_until))
        .col_expr(Column::State, Expr::value(row.state.to_value()))
        .col_expr(Column::UpdatedAt, Expr::value(row.updated_at))
        .filter(Column::Id.eq(id))
        .filter(Expr::col(Column::Taken).lte(row.stock))
        .exec(txn)
        .await?;
    let known = mall_item::Entity::find_by_id(id).one(txn).await?.ok_or(Error::NotFound("mall item"))?;
    if changed.rows_affected == 1 {
        Ok(known)
    } else {
        Err(Error::invalid("stock", "must not be below what was exchanged"))
    }
}

fn row(ctx: &Context, id: MallItemId, form: ItemForm) -> ItemRow {
    ItemRow {
        id,
        name: form.name.trim().to_owned(),
        description: form.description.trim().to_owned(),
        kind: form.kind,
        coupon_template_id: form.coupon_template_id,
        points: form.points,
        price_fen: form.price_fen,
        cost_fen: form.cost_fen,
        stock: form.stock,
        taken: 0,
        limit_per_member: form.limit_per_member,
        open_from: form.open_from,
        open_until: form.open_until,
        state: form.state,
        created_at: ctx.now(),
        updated_at: ctx.now(),
    }
}

async fn require_template(txn: &DatabaseTransaction, id: Option<CouponTemplateId>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let template = coupon_template::Entity::find_by_id(id).one(txn).await?;
    match template {
        Some(template) if template.state == CouponTemplateState::Published => Ok(()),
        _ => Err(Error::invalid("coupon_template_id", "is no published template")),
    }
}

fn validate(form: &ItemForm) -> Result<()> {
    let mut errors = Vec::new();
    let mut require = |holds: bool, field: &str, message: &str| {
        if !holds {
            errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        }
    };
    let name = form.name.trim().chars().count();
    require((1..=LONGEST_NAME).contains(&name), "name", "has 1 to 60 characters");
    require(form.description.chars().count() <= LONGEST_TEXT, "description", "has at most 1000 characters");
    require((1..=LARGEST).contains(&form.points), "points", "is a number from 1 to 100000000");
    require((0..=LARGEST).contains(&form.price_fen), "price_fen", "is a number from 0 to 100000000");
    require((0..=LARGEST).contains(&form.cost_fen), "cost_fen", "is a number from 0 to 100000000");
    require((0..=LARGEST).contains(&form.stock), "stock", "is a number from 0 to 100000000");
    let limit = form.limit_per_member.is_none_or(|limit| (1..=1000).contains(&limit));
    require(limit, "limit_per_member", "is a number from 1 to 1000");
    let in_order = !matches!((form.open_from, form.open_until), (Some(from), Some(until)) if from >= until);
    require(in_order, "open_until", "is after open_from");
    let is_coupon = form.kind == MallKind::Coupon;
    let names_one = form.coupon_template_id.is_some() == is_coupon;
    require(names_one, "coupon_template_id", "is given for a coupon, and for nothing else");
    require(!is_coupon || form.price_fen == 0, "price_fen", "is 0 for a coupon: it is given without a till");
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
