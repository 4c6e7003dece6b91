//! The shop that a console belongs to.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service::Context;
use service::programme::{self, Shop};
use service::states::Channel;
use utoipa::ToSchema;

use crate::auth::AnyStaff;

#[derive(Serialize, ToSchema)]
pub struct ShopView {
    pub brand_name: String,
    /// IANA name; the console shows every time in it.
    pub zone: String,
    /// What an SMS begins with, without brackets; null: none is set up.
    pub sms_sign_name: Option<String>,
    /// Where members reach the server; null: messages carry no links of ours.
    pub public_url: Option<String>,
    pub is_demo: bool,
    /// Where the virtual phones of a demo are, perhaps a path of this server; null unless it is one.
    pub sandbox_url: Option<String>,
    pub channels: Vec<ChannelReadinessView>,
    pub now: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct ChannelReadinessView {
    pub channel: Channel,
    /// Whether the settings have what it needs.
    pub is_ready: bool,
}

impl From<Shop> for ShopView {
    fn from(shop: Shop) -> Self {
        let channel = |(channel, is_ready)| ChannelReadinessView { channel, is_ready };
        Self {
            brand_name: shop.brand_name,
            zone: shop.zone.name().to_owned(),
            sms_sign_name: shop.sms_sign_name,
            public_url: shop.public_url,
            is_demo: shop.phones_url.is_some(),
            sandbox_url: shop.phones_url,
            channels: shop.channels.into_iter().map(channel).collect(),
            now: shop.now,
        }
    }
}

/// The shop's name, zone and channels.
#[utoipa::path(tag = "console", responses((status = 200, body = ShopView)), security(("staff" = [])))]
#[get("/v1/console/shop")]
pub async fn get_shop(ctx: Data<Context>, _staff: AnyStaff) -> web::Json<ShopView> {
    web::Json(programme::read_shop(&ctx).into())
}
