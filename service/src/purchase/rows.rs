//! The rows of purchases and the running sums of their members, for the till and for bulk writers alike.

use entity::{member, purchase, purchase_line};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::rules::NewLine;
use crate::context::Context;
use crate::error::Result;
use crate::ids::PurchaseId;

/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

/// Inserts purchases whose `(store, order number)` is not there yet; answers how many were inserted.
pub async fn insert_rows(connection: &impl ConnectionTrait, rows: &[purchase::Model]) -> Result<u64> {
    let mut inserted = 0;
    for chunk in rows.chunks(INSERT_ROWS) {
        inserted += purchase::Entity::insert_many(
            chunk.iter().map(|row| row.clone().into_active_model().reset_all()),
        )
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    }
    Ok(inserted)
}

/// The lines of a purchase; their ids keep the order in which they were given.
pub fn line_rows(ctx: &Context, purchase_id: PurchaseId, lines: &[NewLine]) -> Vec<purchase_line::Model> {
    lines
        .iter()
        .map(|line| purchase_line::Model {
            id: ctx.new_id(),
            purchase_id,
            product_code: line.product_code.clone(),
            name: line.name.clone(),
            category: line.category.clone(),
            quantity: line.quantity,
            price_fen: line.price_fen,
            cost_fen: line.cost_fen,
        })
        .collect()
}

pub async fn insert_lines(connection: &impl ConnectionTrait, rows: &[purchase_line::Model]) -> Result<()> {
    for chunk in rows.chunks(INSERT_ROWS) {
        purchase_line::Entity::insert_many(
            chunk.iter().map(|row| row.clone().into_active_model().reset_all()),
        )
        .exec_without_returning(connection)
        .await?;
    }
    Ok(())
}

/// Adds a purchase to its member's running sums.
pub async fn add_to_member(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    purchase: &purchase::Model,
) -> Result<()> {
    use member::Column::{FirstPurchaseAt, LastPurchaseAt, PurchaseCount, PurchaseTotalFen, UpdatedAt};
    let at = purchase.purchased_at;
    let earlier = Expr::col(FirstPurchaseAt).is_null().or(Expr::col(FirstPurchaseAt).gt(at));
    let later = Expr::col(LastPurchaseAt).is_null().or(Expr::col(LastPurchaseAt).lt(at));
    member::Entity::update_many()
        .col_expr(PurchaseCount, Expr::col(PurchaseCount).add(1))
        .col_expr(PurchaseTotalFen, Expr::col(PurchaseTotalFen).add(purchase.total_fen))
        .col_expr(FirstPurchaseAt, Expr::case(earlier, at).finally(Expr::col(FirstPurchaseAt)).into())
        .col_expr(LastPurchaseAt, Expr::case(later, at).finally(Expr::col(LastPurchaseAt)).into())
        .col_expr(UpdatedAt, Expr::value(ctx.now()))
        .filter(member::Column::Id.eq(purchase.member_id))
        .exec(connection)
        .await?;
    Ok(())
}

/// Takes a refund off its member's running sums. A purchase of which nothing is left counts no more; first and last purchase are told by
/// those that are left.
pub(super) async fn take_from_member(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    refunded: &purchase::Model,
    amount_fen: i64,
) -> Result<()> {
    use member::Column::{FirstPurchaseAt, LastPurchaseAt, PurchaseCount, PurchaseTotalFen, UpdatedAt};
    let update = member::Entity::update_many()
        .col_expr(PurchaseTotalFen, Expr::col(PurchaseTotalFen).sub(amount_fen))
        .col_expr(UpdatedAt, Expr::value(ctx.now()))
        .filter(member::Column::Id.eq(refunded.member_id));
    let is_gone = amount_fen > 0 && refunded.refunded_fen + amount_fen == refunded.total_fen;
    let update = if is_gone {
        let left = |end: &str| {
            let sql = format!(
                "(SELECT {end}(purchased_at) FROM purchase \
                 WHERE member_id = member.id AND (refunded_fen < total_fen OR total_fen = 0))"
            );
            Expr::cust(sql)
        };
        update
            .col_expr(PurchaseCount, Expr::col(PurchaseCount).sub(1))
            .col_expr(FirstPurchaseAt, left("MIN"))
            .col_expr(LastPurchaseAt, left("MAX"))
    } else {
        update
    };
    update.exec(connection).await?;
    Ok(())
}
