//! The programme for who has not signed in yet.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use service::Context;
use service::ids::{CouponTemplateId, TierId};
use service::programme::{self, Programme, TierOnShow};
use service::settings::{PromptMoment, Subscription, SubscriptionKind};
use service::tier::Right;
use utoipa::ToSchema;

use crate::held;
use crate::problem::Problem;

const KEPT_SECONDS: u32 = 300;

#[derive(Serialize, ToSchema)]
pub struct ProgrammeView {
    pub brand: String,
    /// IANA name; days and ends of days are the shop's.
    pub zone: String,
    /// From the lowest to the highest; empty where the brand has none.
    pub tiers: Vec<ProgrammeTierView>,
    /// What may be asked for at a tap.
    pub subscriptions: Vec<SubscriptionView>,
    pub privacy: PrivacyView,
    pub sign_in: SignInWaysView,
}

#[derive(Serialize, ToSchema)]
pub struct ProgrammeTierView {
    pub id: TierId,
    /// 0 is the lowest.
    pub rank: i32,
    pub name: String,
    /// What it asks for; null: nothing of the kind.
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
    /// Of the normal points.
    pub points_percent: i32,
    /// Of the normal points, in the month of the birthday.
    pub birthday_percent: i32,
    pub rights: Vec<Right>,
    /// Given on reaching it.
    pub coupons: Vec<TierCouponView>,
}

#[derive(Serialize, ToSchema)]
pub struct TierCouponView {
    pub template_id: CouponTemplateId,
    pub name: String,
}

impl From<TierOnShow> for ProgrammeTierView {
    fn from(shown: TierOnShow) -> Self {
        let TierOnShow { tier: row, rights, coupons } = shown;
        let coupon = |(template_id, name)| TierCouponView { template_id, name };
        Self {
            points_percent: row.points_percent,
            birthday_percent: row.birthday_percent,
            rights,
            coupons: coupons.into_iter().map(coupon).collect(),
            id: row.id,
            rank: row.rank,
            name: row.name,
            spend_fen: row.spend_fen,
            visits: row.visits,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SubscriptionView {
    /// For `wx.requestSubscribeMessage`.
    pub template_id: String,
    pub title: String,
    pub kind: SubscriptionKind,
    /// At which taps it may be asked for; at most 3 templates of one kind stand at a moment.
    pub moments: Vec<PromptMoment>,
}

impl From<Subscription> for SubscriptionView {
    fn from(one: Subscription) -> Self {
        let Subscription { template_id, title, kind, moments } = one;
        Self { template_id, title, kind, moments }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PrivacyView {
    /// Null: the app's own words.
    pub text: Option<String>,
    /// Whom to ask about one's data.
    pub contact: Option<String>,
    /// Another one: the text has changed.
    pub version: String,
}

/// Ways to sign in that are set up.
#[derive(Serialize, ToSchema)]
pub struct SignInWaysView {
    pub wechat: bool,
    pub alipay: bool,
    pub sms: bool,
    /// Where a browser must be to sign in by Alipay's page, which sends it back there; null where `public_url` is not set.
    pub browser_origin: Option<String>,
}

impl From<Programme> for ProgrammeView {
    fn from(programme: Programme) -> Self {
        let Programme { brand_name, zone, tiers, subscriptions, privacy, sign_in } = programme;
        Self {
            brand: brand_name,
            zone: zone.name().to_owned(),
            tiers: tiers.into_iter().map(Into::into).collect(),
            subscriptions: subscriptions.into_iter().map(Into::into).collect(),
            privacy: PrivacyView { text: privacy.text, contact: privacy.contact, version: privacy.version },
            sign_in: SignInWaysView {
                wechat: sign_in.wechat,
                alipay: sign_in.alipay,
                sms: sign_in.sms,
                browser_origin: sign_in.browser_origin,
            },
        }
    }
}

/// What an app has to know before anybody signs in. May be kept for five minutes; with its `ETag` it is asked for again cheaply.
#[utoipa::path(
    tag = "sign-in",
    responses(
        (status = 200, body = ProgrammeView),
        (status = 304, description = "The one named in If-None-Match is current."),
    ),
)]
#[get("/v1/programme")]
pub async fn get_programme(ctx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let view = ProgrammeView::from(programme::read_programme(&ctx).await?);
    held::answer(&request, KEPT_SECONDS, &view)
}
