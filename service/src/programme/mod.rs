//! The programme as it is seen before anybody has signed in: whose it is, its tiers, what may be subscribed to and how one signs in;
//! the shop as its staff's console needs to know it; and what earns a member points. All of it is settings and what other features
//! have decided; nothing is written here.

mod earning;

pub use earning::{Bonus, Earning, SurveyEarning, TierEarning, read_earning};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::coupon_template;
use entity::states::Channel;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use url::Url;

use crate::context::Context;
use crate::delivery::channel;
use crate::error::Result;
use crate::ids::CouponTemplateId;
use crate::settings::Subscription;
use crate::tier::{self, Right, Tier};

const CHANNELS: [Channel; 3] = [Channel::WechatSubscribe, Channel::Sms, Channel::Inbox];

#[derive(Debug, Clone)]
pub struct Programme {
    pub brand_name: String,
    pub zone: Tz,
    /// From the lowest to the highest.
    pub tiers: Vec<TierOnShow>,
    pub subscriptions: Vec<Subscription>,
    pub privacy: Privacy,
    pub sign_in: WaysIn,
}

/// A tier with what it gives.
#[derive(Debug, Clone)]
pub struct TierOnShow {
    pub tier: Tier,
    pub rights: Vec<Right>,
    /// Given on reaching it: template and name.
    pub coupons: Vec<(CouponTemplateId, String)>,
}

#[derive(Debug, Clone)]
pub struct Privacy {
    pub text: Option<String>,
    pub contact: Option<String>,
    pub version: String,
}

/// Ways to sign in that are set up.
#[derive(Debug, Clone)]
pub struct WaysIn {
    pub wechat: bool,
    pub alipay: bool,
    pub sms: bool,
    /// The origin of `public_url`, to which Alipay's page sends a browser back.
    pub browser_origin: Option<String>,
}

pub async fn read_programme(ctx: &Context) -> Result<Programme> {
    let (settings, platforms) = (&ctx.settings, &ctx.platforms);
    Ok(Programme {
        brand_name: settings.brand_name.clone(),
        zone: settings.timezone,
        tiers: tiers_on_show(ctx).await?,
        // Without an account nobody can be asked.
        subscriptions: match platforms.wechat() {
            Ok(_) => settings.wechat.subscriptions.clone(),
            Err(_) => Vec::new(),
        },
        privacy: Privacy {
            text: some(&settings.privacy.text),
            contact: some(&settings.privacy.contact),
            version: settings.privacy.version.clone(),
        },
        sign_in: WaysIn {
            wechat: platforms.wechat().is_ok(),
            alipay: platforms.alipay().is_ok(),
            sms: platforms.sms().is_ok(),
            browser_origin: Url::parse(&settings.public_url)
                .ok()
                .map(|url| url.origin().ascii_serialization()),
        },
    })
}

async fn tiers_on_show(ctx: &Context) -> Result<Vec<TierOnShow>> {
    let ladder = tier::ladder(ctx.db.read()).await?;
    let given: Vec<Vec<CouponTemplateId>> =
        ladder.iter().map(tier::coupon_templates).collect::<Result<_>>()?;
    let templates = coupon_template::Entity::find()
        .filter(coupon_template::Column::Id.is_in(given.iter().flatten().copied()))
        .all(ctx.db.read())
        .await?;
    let named = |id: CouponTemplateId| {
        let template = templates.iter().find(|template| template.id == id)?;
        Some((id, template.name.clone()))
    };
    ladder
        .into_iter()
        .zip(given)
        .map(|(tier, given)| {
            let coupons = given.into_iter().filter_map(named).collect();
            Ok(TierOnShow { rights: tier::rights(&tier)?, coupons, tier })
        })
        .collect()
}

#[derive(Debug, Clone)]
pub struct Shop {
    pub brand_name: String,
    pub zone: Tz,
    /// What every SMS begins with.
    pub sms_sign_name: Option<String>,
    pub public_url: Option<String>,
    /// Where the virtual phones are; None where this is no demo.
    pub phones_url: Option<String>,
    /// Whether each channel has what it needs.
    pub channels: Vec<(Channel, bool)>,
    pub now: DateTime<Utc>,
}

pub fn read_shop(ctx: &Context) -> Shop {
    let settings = &ctx.settings;
    Shop {
        brand_name: settings.brand_name.clone(),
        zone: settings.timezone,
        sms_sign_name: some(&settings.sms.sign_name),
        public_url: some(&settings.public_url),
        phones_url: some(&settings.demo.phones_url),
        channels: CHANNELS.map(|channel| (channel, channel::ready(ctx, channel).is_ok())).to_vec(),
        now: ctx.now(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
