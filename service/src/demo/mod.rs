//! An invented shop for `huike demo`: 山月茶点, a tea room and bakery with three stores in Shenzhen, with its staff, sixty
//! members and a year of their purchases, points, tiers, coupons, segments and campaigns, one of them weekly. Nothing here is a real person or shop.
//!
//! What the shop looks like is fixed but for the dates, which count back from now. Seeding may be cut off anywhere and
//! begun again: every step looks for what it would make, and a row of `setting` tells that all of them are done. From then
//! on the shop belongs to whoever tries it, and what they change or remove stays so.

mod analyses;
mod dice;
mod loyalty;
mod members;
mod offers;
mod people;
mod phones;
mod prompts;
mod runs;
mod sizes;
mod team;

pub use phones::{PhoneOwner, phone_owners};
pub use prompts::subscriptions;
pub use team::{ACCOUNTS, Account, PASSWORD};

use entity::setting;
use entity::states::CampaignState;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponTemplateId, StoreId};

pub const BRAND: &str = "山月茶点";
const SEEDED: &str = "demo";

/// Where somebody who tries the shop begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    pub store_id: StoreId,
    /// Can be claimed by every member.
    pub coupon_template_id: CouponTemplateId,
    pub sent_campaign_id: CampaignId,
    pub draft_campaign_id: CampaignId,
}

/// The member whom the printed commands sign in: always the first one.
pub fn first_member() -> (String, String) {
    let first = people::person(0);
    (first.name, first.phone)
}

/// Makes the shop, or finds it.
pub async fn seed(ctx: &Context) -> Result<Shop> {
    if let Some(row) = setting::Entity::find_by_id(SEEDED).one(ctx.db.read()).await? {
        return serde_json::from_value(row.value).map_err(Error::internal);
    }
    let owner = team::ensure_owner(ctx).await?;
    let stores = team::ensure_stores(ctx, &owner).await?;
    team::ensure_accounts(ctx, &stores).await?;
    members::ensure(ctx, &owner, &stores).await?;
    let templates = offers::ensure_templates(ctx, &owner).await?;
    loyalty::ensure(ctx, &owner, &templates).await?;
    let segments = offers::ensure_segments(ctx, &owner).await?;
    // Before the others: what lies in the outbox is of its runs alone.
    runs::ensure_runs(ctx, &owner, segments.regulars).await?;
    let (sent, draft) = offers::ensure_campaigns(ctx, &owner, &segments, &templates).await?;
    members::ensure_held(ctx, templates.for_a_friend).await?;
    analyses::ensure(ctx, &owner).await?;
    let shop = Shop {
        store_id: stores[0],
        coupon_template_id: templates.claimable,
        sent_campaign_id: sent,
        draft_campaign_id: draft,
    };
    remember(ctx, &shop).await?;
    Ok(shop)
}

/// Whether a campaign is over, and whether it still waits to be scheduled.
pub async fn campaign_state(ctx: &Context, id: CampaignId) -> Result<CampaignState> {
    let campaign = entity::campaign::Entity::find_by_id(id).one(ctx.db.read()).await?;
    campaign.map(|campaign| campaign.state).ok_or(Error::NotFound("campaign"))
}

async fn remember(ctx: &Context, shop: &Shop) -> Result<()> {
    let txn = ctx.db.begin().await?;
    setting::Entity::insert(setting::ActiveModel {
        name: Set(SEEDED.to_owned()),
        value: Set(serde_json::to_value(shop).map_err(Error::internal)?),
        updated_by: Set(None),
        updated_at: Set(ctx.now()),
    })
    .on_conflict(OnConflict::column(setting::Column::Name).do_nothing().to_owned())
    .exec_without_returning(&txn)
    .await?;
    txn.commit().await?;
    Ok(())
}
