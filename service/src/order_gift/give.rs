//! Giving it, or saying why not.

use std::collections::HashMap;

use entity::{coupon_template, order_gift, purchase};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter,
};

use super::settings::{OrderGiftStep, load};
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::Result;
use crate::ids::PurchaseId;

pub(super) const GIVEN: &str = "given";
const SOURCE: &str = "order_gift";

/// What an order was given, with the coupon's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Gift {
    pub row: order_gift::Model,
    pub name: String,
}

/// The step that an order reaches.
pub(crate) async fn due(
    connection: &impl ConnectionTrait,
    purchase: &purchase::Model,
) -> Result<Option<OrderGiftStep>> {
    Ok(load(connection).await?.reached(purchase.total_fen))
}

/// For a purchase that was just recorded.
pub(crate) async fn give(
    ctx: &Context,
    txn: &DatabaseTransaction,
    purchase: &purchase::Model,
    step: OrderGiftStep,
) -> Result<()> {
    let order = IssueOrder {
        template_id: step.coupon_template_id,
        member_ids: &[purchase.member_id],
        source: SOURCE,
        source_id: Some(purchase.id.0),
    };
    let issued = coupon::issue(ctx, txn, order).await?.pop();
    let (outcome, coupon_id) = match issued.map(|one| one.outcome) {
        Some(Ok(id)) => (GIVEN, Some(id)),
        Some(Err(refusal)) => (refusal.code(), None),
        None => return Ok(()),
    };
    let row = order_gift::Model {
        purchase_id: purchase.id,
        template_id: step.coupon_template_id,
        threshold_fen: step.threshold_fen,
        outcome: outcome.to_owned(),
        coupon_id,
        value_fen: 0,
        created_at: ctx.now(),
        taken_back_at: None,
    };
    order_gift::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(txn).await?;
    Ok(())
}

pub async fn gifts_of(
    connection: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = PurchaseId>,
) -> Result<HashMap<PurchaseId, Gift>> {
    let rows =
        order_gift::Entity::find().filter(order_gift::Column::PurchaseId.is_in(ids)).all(connection).await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let templates = coupon_template::Entity::find()
        .filter(coupon_template::Column::Id.is_in(rows.iter().map(|row| row.template_id)))
        .all(connection)
        .await?;
    let names: HashMap<_, _> = templates.into_iter().map(|template| (template.id, template.name)).collect();
    let with_name = |row: order_gift::Model| {
        let name = names.get(&row.template_id).cloned().unwrap_or_default();
        (row.purchase_id, Gift { row, name })
    };
    Ok(rows.into_iter().map(with_name).collect())
}
