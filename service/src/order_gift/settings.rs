//! Which orders get which coupon, as the console sets it; and how it went.

use std::collections::BTreeSet;

use entity::{coupon_template, order_gift};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::CouponTemplateId;
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "order_gifts";
const MOST_STEPS: usize = 10;

/// No gifts at all without steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderGifts {
    /// Of those that an order reaches the highest counts.
    #[schema(max_items = 10)]
    pub steps: Vec<OrderGiftStep>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderGiftStep {
    /// What an order must come to; each step has its own.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub threshold_fen: i64,
    /// Must be published when somebody pays.
    pub coupon_template_id: CouponTemplateId,
}

pub struct OrderGiftsReport {
    pub gifts: OrderGifts,
    /// How many orders had which outcome.
    pub outcomes: Vec<(String, i64)>,
}

impl OrderGifts {
    pub fn reached(&self, total_fen: i64) -> Option<OrderGiftStep> {
        let reached = self.steps.iter().filter(|step| step.threshold_fen <= total_fen);
        reached.max_by_key(|step| step.threshold_fen).copied()
    }
}

pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<OrderGifts> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_order_gifts(ctx: &Context, caller: &StaffCaller) -> Result<OrderGiftsReport> {
    caller.require(Permission::ReadCoupons)?;
    let gifts = load(ctx.db.read()).await?;
    let outcomes = order_gift::Entity::find()
        .select_only()
        .column(order_gift::Column::Outcome)
        .column_as(order_gift::Column::PurchaseId.count(), "orders")
        .group_by(order_gift::Column::Outcome)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(OrderGiftsReport { gifts, outcomes })
}

pub async fn save_order_gifts(
    ctx: &Context,
    caller: &StaffCaller,
    gifts: OrderGifts,
) -> Result<OrderGiftsReport> {
    caller.require(Permission::WriteCoupons)?;
    let txn = ctx.db.begin().await?;
    validate(&txn, &gifts).await?;
    let before = load(&txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "order_gifts.save"), (&before, &gifts)).await?;
    txn.commit().await?;
    read_order_gifts(ctx, caller).await
}

async fn validate(connection: &impl ConnectionTrait, gifts: &OrderGifts) -> Result<()> {
    let ids = gifts.steps.iter().map(|step| step.coupon_template_id);
    let known: Vec<CouponTemplateId> = coupon_template::Entity::find()
        .select_only()
        .column(coupon_template::Column::Id)
        .filter(coupon_template::Column::Id.is_in(ids))
        .into_tuple()
        .all(connection)
        .await?;
    let mut errors = Vec::new();
    if gifts.steps.len() > MOST_STEPS {
        errors.push(field("steps".to_owned(), "are at most 10"));
    }
    let mut thresholds = BTreeSet::new();
    for (index, step) in gifts.steps.iter().enumerate() {
        let mut wrong = |name: &str, message| errors.push(field(format!("steps[{index}].{name}"), message));
        if !(1..=1_000_000_000).contains(&step.threshold_fen) {
            wrong("threshold_fen", "must be 1 to 1000000000");
        } else if !thresholds.insert(step.threshold_fen) {
            wrong("threshold_fen", "is another step's");
        }
        if !known.contains(&step.coupon_template_id) {
            wrong("coupon_template_id", "is no coupon template");
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn field(field: String, message: &str) -> FieldError {
    FieldError { field, message: message.to_owned() }
}
