//! What new members get, as the console sets it; and how it went.

use entity::{coupon_template, welcome_gift};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::CouponTemplateId;
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "welcome_gift";

/// Nothing at all without a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WelcomeGift {
    /// Must be published when somebody enrols.
    pub coupon_template_id: Option<CouponTemplateId>,
}

pub struct WelcomeReport {
    pub gift: WelcomeGift,
    /// How many members had which outcome: `given`, or why not.
    pub outcomes: Vec<(String, i64)>,
}

pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<WelcomeGift> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_welcome_gift(ctx: &Context, caller: &StaffCaller) -> Result<WelcomeReport> {
    caller.require(Permission::ReadCoupons)?;
    let gift = load(ctx.db.read()).await?;
    let outcomes = welcome_gift::Entity::find()
        .select_only()
        .column(welcome_gift::Column::Outcome)
        .column_as(welcome_gift::Column::MemberId.count(), "members")
        .group_by(welcome_gift::Column::Outcome)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(WelcomeReport { gift, outcomes })
}

pub async fn save_welcome_gift(
    ctx: &Context,
    caller: &StaffCaller,
    gift: WelcomeGift,
) -> Result<WelcomeReport> {
    caller.require(Permission::WriteCoupons)?;
    let txn = ctx.db.begin().await?;
    if let Some(id) = gift.coupon_template_id {
        let template = coupon_template::Entity::find_by_id(id).one(&txn).await?;
        template.ok_or_else(|| Error::invalid("coupon_template_id", "is no coupon template"))?;
    }
    let before = load(&txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "welcome_gift.save"), (&before, &gift)).await?;
    txn.commit().await?;
    read_welcome_gift(ctx, caller).await
}
