//! What new members get, as the console sets it; and how it went.

use entity::{coupon_template, setting, welcome_gift};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::{self, Act};
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
    match setting::Entity::find_by_id(NAME).one(connection).await? {
        Some(row) => serde_json::from_value(row.value).map_err(Error::internal),
        None => Ok(WelcomeGift::default()),
    }
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
    let row = setting::ActiveModel {
        name: Set(NAME.to_owned()),
        value: Set(serde_json::to_value(&gift).map_err(Error::internal)?),
        updated_by: Set(Some(caller.id)),
        updated_at: Set(ctx.now()),
    };
    let newest = OnConflict::column(setting::Column::Name)
        .update_columns([setting::Column::Value, setting::Column::UpdatedBy, setting::Column::UpdatedAt])
        .to_owned();
    setting::Entity::insert(row).on_conflict(newest).exec_without_returning(&txn).await?;
    let act = Act {
        actor: caller.actor(),
        action: "welcome_gift.save",
        subject: ("setting", NAME.to_owned()),
        detail: serde_json::json!({ "before": before, "after": gift }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    read_welcome_gift(ctx, caller).await
}
