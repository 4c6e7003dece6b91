//! What the gates look at, gathered for a batch of members with a fixed number of queries. Inside a claim this runs after
//! the members are locked and in statements of its own: under READ COMMITTED a statement that locks and counts at once would count with
//! the snapshot from before it waited.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::states::{Channel, ConsentKind, IdentityProvider, MemberState, MessageClass, OnCap};
use entity::{campaign, consent, identity, member, opt_out, preference};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Select, SelectModel, Selector,
};

use super::caps::Slot;
use super::channel;
use super::message::MessageDraft;
use super::price::Prices;
use super::slots;
use super::wording::fallback_of;
use crate::audience::Rule;
use crate::budget::Ceilings;
use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{MemberId, StoreId};
use crate::member::Phone;
use crate::policy::{self, CapRule, Caps, Policy};

/// What holds for every member of one campaign.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The campaign's channel and its fall-back, in order; never empty.
    pub steps: Vec<Step>,
    pub class: MessageClass,
    pub topic: String,
    pub offer_ends_at: Option<DateTime<Utc>>,
    pub on_cap: OnCap,
    pub caps: Caps,
    pub cap_rules: Vec<CapRule>,
    pub quiet: Option<(NaiveTime, NaiveTime)>,
    pub shop_zone: Tz,
    /// The audience was picked by personal traits.
    pub personalised: bool,
    pub prices: Prices,
    pub ceilings: Ceilings,
}

/// One channel of the fall-back order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub channel: Channel,
    pub template_id: Option<String>,
    /// The settings have what it takes to call the channel.
    pub configured: bool,
}

impl Terms {
    pub async fn of(
        ctx: &Context,
        connection: &impl ConnectionTrait,
        campaign: &campaign::Model,
    ) -> Result<Self> {
        let policy = policy::load(ctx, connection).await?;
        let coupon_fen = match campaign.coupon_template_id {
            Some(id) => crate::coupon::cost_fen(connection, id).await?,
            None => 0,
        };
        Self::under(ctx, &policy, campaign, coupon_fen)
    }

    /// Under a policy that is known already.
    pub(super) fn under(
        ctx: &Context,
        policy: &Policy,
        campaign: &campaign::Model,
        coupon_fen: i64,
    ) -> Result<Self> {
        let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
        Ok(Self {
            steps: steps_of(ctx, campaign)?,
            class: campaign.class,
            topic: campaign.topic.clone(),
            offer_ends_at: campaign.offer_ends_at,
            on_cap: campaign.on_cap,
            caps: policy.caps,
            cap_rules: policy.cap_rules.clone(),
            quiet: policy.quiet_hours.window()?,
            shop_zone: ctx.settings.timezone,
            personalised: !rule.is_everybody(),
            prices: Prices::of(ctx, policy, coupon_fen),
            ceilings: Ceilings {
                campaign_fen: campaign.budget_fen,
                month_fen: policy.budgets.month_fen,
                brand_fen: policy.budgets.brand_fen,
            },
        })
    }

    pub(super) fn uses(&self, channel: Channel) -> bool {
        self.steps.iter().any(|step| step.channel == channel)
    }
}

fn steps_of(ctx: &Context, campaign: &campaign::Model) -> Result<Vec<Step>> {
    let main: MessageDraft = serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
    let fallback = fallback_of(campaign)?.into_iter().map(|step| (step.channel, step.message));
    let step = |(channel, message): (Channel, MessageDraft)| Step {
        channel,
        template_id: message.template_id,
        configured: channel::ready(ctx, channel).is_ok(),
    };
    Ok(std::iter::once((campaign.channel, main)).chain(fallback).map(step).collect())
}

/// What holds for one member.
#[derive(Debug, Clone)]
pub struct Recipient {
    pub member_id: MemberId,
    pub active: bool,
    pub name: Option<String>,
    pub card_number: String,
    pub marketing_consent: bool,
    pub personalised: bool,
    pub zone: Tz,
    /// Never logged; None also where no channel of the campaign needs it.
    pub openid: Option<String>,
    /// Never logged; None also where no channel of the campaign needs it.
    pub phone: Option<String>,
    /// (channel, topic), `all` for every one.
    pub opt_outs: Vec<(String, String)>,
    pub paused_until: Option<DateTime<Utc>>,
    pub quiet: Option<(NaiveTime, NaiveTime)>,
    pub weekly_limit: Option<u32>,
    /// So many in 7 days on one channel.
    pub channel_limits: Vec<(Channel, u32)>,
    /// Sends left, by template.
    pub consents: BTreeMap<String, i32>,
    /// What marketing messages of the last seven days took.
    pub slots: Vec<Slot>,
}

impl Recipient {
    /// Openid or phone number; the inbox needs none.
    pub fn address(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::WechatSubscribe => self.openid.as_deref(),
            Channel::Sms => self.phone.as_deref(),
            Channel::Inbox => None,
        }
    }
}

pub type Facts = HashMap<MemberId, Recipient>;

/// The widest cap window.
const LOOK_BACK: Duration = Duration::days(7);

pub async fn gather(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    terms: &Terms,
    members: &[MemberId],
) -> Result<Facts> {
    let rows = known(connection, members).all(connection).await?;
    gather_for(ctx, connection, &[terms], rows).await
}

/// A member's own row, as far as a gate or a message asks for it.
#[derive(Debug, FromQueryResult)]
pub(super) struct Known {
    id: MemberId,
    name: Option<String>,
    card_number: String,
    state: MemberState,
    marketing_consent: bool,
    zone: Option<String>,
    home_store_id: Option<StoreId>,
    phone_cipher: Option<Vec<u8>>,
}

impl Known {
    const COLUMNS: [member::Column; 8] = [
        member::Column::Id,
        member::Column::Name,
        member::Column::CardNumber,
        member::Column::State,
        member::Column::MarketingConsent,
        member::Column::Zone,
        member::Column::HomeStoreId,
        member::Column::PhoneCipher,
    ];
}

fn known(connection: &impl ConnectionTrait, members: &[MemberId]) -> Selector<SelectModel<Known>> {
    in_order(connection, members).into_model::<Known>()
}

fn in_order(connection: &impl ConnectionTrait, members: &[MemberId]) -> Select<member::Entity> {
    member::Entity::find()
        .select_only()
        .columns(Known::COLUMNS)
        .filter(is_any(connection.get_database_backend(), member::Column::Id, members.iter().copied()))
        .order_by_asc(member::Column::Id)
}

/// Locks the members and reads their rows. In the order of the ids, so that two batches never wait for each other; NO KEY UPDATE, so
/// that foreign-key checks pass by.
pub(super) async fn lock(txn: &impl ConnectionTrait, members: &[MemberId]) -> Result<Vec<Known>> {
    Ok(in_order(txn, members).lock(LockType::NoKeyUpdate).into_model::<Known>().all(txn).await?)
}

/// What the gates of several campaigns look at, of these members.
pub(super) async fn gather_for(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    terms: &[&Terms],
    rows: Vec<Known>,
) -> Result<Facts> {
    let phones = terms.iter().any(|terms| terms.uses(Channel::Sms));
    let zones = store_zones(connection, &rows).await?;
    let mut facts: Facts = HashMap::with_capacity(rows.len());
    for row in rows {
        facts.insert(row.id, recipient(ctx, row, &zones, phones)?);
    }
    let members: Vec<MemberId> = facts.keys().copied().collect();
    add_all(ctx, connection, (terms, Whose::These(&members)), &mut facts).await?;
    Ok(facts)
}

/// Whose facts are read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    These(&'a [MemberId]),
    /// From the first to the last, both of them included; who is not among the facts is passed by.
    Between(MemberId, MemberId),
}

impl Whose<'_> {
    pub(super) fn holds(self, backend: DbBackend, column: impl ColumnTrait) -> Expr {
        match self {
            Self::These(members) => is_any(backend, column, members.iter().copied()),
            Self::Between(first, last) => column.between(first, last),
        }
    }
}

/// What is told of members outside of their own row.
pub(super) async fn add_all(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    (terms, whose): (&[&Terms], Whose<'_>),
    facts: &mut Facts,
) -> Result<()> {
    if terms.iter().any(|terms| terms.uses(Channel::WechatSubscribe)) {
        add_openids(connection, whose, facts).await?;
        add_consents(connection, terms, whose, facts).await?;
    }
    add_opt_outs(connection, whose, facts).await?;
    add_preferences(connection, whose, facts).await?;
    slots::add(connection, whose, ctx.now() - LOOK_BACK, facts).await
}

fn recipient(ctx: &Context, row: Known, zones: &HashMap<StoreId, Tz>, phones: bool) -> Result<Recipient> {
    let zone = row
        .zone
        .as_deref()
        .and_then(|zone| zone.parse().ok())
        .or_else(|| row.home_store_id.and_then(|store| zones.get(&store).copied()))
        .unwrap_or(ctx.settings.timezone);
    let phone = match &row.phone_cipher {
        Some(sealed) if phones => Some(Phone::open(ctx, sealed)?.expose().to_owned()),
        _ => None,
    };
    Ok(Recipient {
        member_id: row.id,
        active: row.state == MemberState::Active,
        name: row.name,
        card_number: row.card_number,
        marketing_consent: row.marketing_consent,
        personalised: true,
        zone,
        openid: None,
        phone,
        opt_outs: Vec::new(),
        paused_until: None,
        quiet: None,
        weekly_limit: None,
        channel_limits: Vec::new(),
        consents: BTreeMap::new(),
        slots: Vec::new(),
    })
}

async fn store_zones(connection: &impl ConnectionTrait, rows: &[Known]) -> Result<HashMap<StoreId, Tz>> {
    let mut stores: Vec<_> = rows.iter().filter_map(|row| row.home_store_id).collect();
    stores.sort_unstable();
    stores.dedup();
    if stores.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        entity::store::Entity::find().filter(entity::store::Column::Id.is_in(stores)).all(connection).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, row.zone?.parse().ok()?))).collect())
}

async fn add_openids(connection: &impl ConnectionTrait, whose: Whose<'_>, facts: &mut Facts) -> Result<()> {
    let rows: Vec<(MemberId, String)> = identity::Entity::find()
        .select_only()
        .columns([identity::Column::MemberId, identity::Column::Subject])
        .filter(whose.holds(connection.get_database_backend(), identity::Column::MemberId))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .order_by_asc(identity::Column::Id)
        .into_tuple()
        .all(connection)
        .await?;
    for (member, openid) in rows {
        if let Some(recipient) = facts.get_mut(&member) {
            recipient.openid = Some(openid);
        }
    }
    Ok(())
}

fn subscribe_templates<'a>(terms: &[&'a Terms]) -> Vec<&'a str> {
    let steps = terms.iter().flat_map(|terms| &terms.steps);
    let wechat = steps.filter(|step| step.channel == Channel::WechatSubscribe);
    wechat.filter_map(|step| step.template_id.as_deref()).collect()
}

async fn add_consents(
    connection: &impl ConnectionTrait,
    terms: &[&Terms],
    whose: Whose<'_>,
    facts: &mut Facts,
) -> Result<()> {
    let rows: Vec<(MemberId, String, ConsentKind, i32)> = consent::Entity::find()
        .select_only()
        .columns([
            consent::Column::MemberId,
            consent::Column::TemplateId,
            consent::Column::Kind,
            consent::Column::Available,
        ])
        .filter(whose.holds(connection.get_database_backend(), consent::Column::MemberId))
        .filter(consent::Column::TemplateId.is_in(subscribe_templates(terms)))
        .into_tuple()
        .all(connection)
        .await?;
    for (member, template, kind, available) in rows {
        if let Some(recipient) = facts.get_mut(&member) {
            let left = match kind {
                ConsentKind::OneTime => available,
                ConsentKind::LongTerm => available.min(1),
            };
            recipient.consents.insert(template, left);
        }
    }
    Ok(())
}

async fn add_opt_outs(connection: &impl ConnectionTrait, whose: Whose<'_>, facts: &mut Facts) -> Result<()> {
    let rows = opt_out::Entity::find()
        .filter(whose.holds(connection.get_database_backend(), opt_out::Column::MemberId))
        .all(connection)
        .await?;
    for row in rows {
        if let Some(recipient) = facts.get_mut(&row.member_id) {
            recipient.opt_outs.push((row.channel, row.topic));
        }
    }
    Ok(())
}

async fn add_preferences(
    connection: &impl ConnectionTrait,
    whose: Whose<'_>,
    facts: &mut Facts,
) -> Result<()> {
    let rows = preference::Entity::find()
        .filter(whose.holds(connection.get_database_backend(), preference::Column::MemberId))
        .all(connection)
        .await?;
    for row in rows {
        let Some(recipient) = facts.get_mut(&row.member_id) else { continue };
        recipient.personalised = row.personalised;
        recipient.paused_until = row.paused_until;
        recipient.weekly_limit = row.weekly_limit.and_then(|limit| u32::try_from(limit).ok());
        recipient.channel_limits = channel_limits(row.channel_limits);
        recipient.quiet = match (row.quiet_start, row.quiet_end) {
            (Some(start), Some(end)) => policy::QuietHours { start, end }.window()?,
            _ => None,
        };
    }
    Ok(())
}

fn channel_limits(stored: Option<serde_json::Value>) -> Vec<(Channel, u32)> {
    let limits: BTreeMap<String, u32> =
        stored.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
    limits.into_iter().filter_map(|(channel, limit)| Some((channel.parse().ok()?, limit))).collect()
}
