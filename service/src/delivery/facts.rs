//! What the gates look at, gathered for a batch of members with a fixed number of queries. Inside a claim this runs after
//! the members are locked and in statements of its own: under READ COMMITTED a statement that locks and counts at once would count with
//! the snapshot from before it waited.

use std::collections::HashMap;

use chrono::{DateTime, Duration, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::states::{Channel, ConsentKind, IdentityProvider, MemberState, MessageClass, OnCap};
use entity::{campaign, consent, delivery, identity, member, opt_out, preference};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::message::MessageDraft;
use crate::audience::Rule;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, StoreId};
use crate::member::Phone;
use crate::policy::{self, Caps};

/// What holds for every member of one campaign.
#[derive(Debug, Clone)]
pub struct Terms {
    pub channel: Channel,
    pub class: MessageClass,
    pub topic: String,
    pub template_id: Option<String>,
    pub offer_ends_at: Option<DateTime<Utc>>,
    pub on_cap: OnCap,
    pub caps: Caps,
    pub quiet: Option<(NaiveTime, NaiveTime)>,
    /// The audience was picked by personal traits.
    pub personalised: bool,
}

impl Terms {
    pub async fn of(
        ctx: &Context,
        connection: &impl ConnectionTrait,
        campaign: &campaign::Model,
    ) -> Result<Self> {
        let policy = policy::load(ctx, connection).await?;
        let message: MessageDraft =
            serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
        let rule: Rule = serde_json::from_value(campaign.rule.clone()).map_err(Error::internal)?;
        Ok(Self {
            channel: campaign.channel,
            class: campaign.class,
            topic: campaign.topic.clone(),
            template_id: message.template_id,
            offer_ends_at: campaign.offer_ends_at,
            on_cap: campaign.on_cap,
            caps: policy.caps,
            quiet: policy.quiet_hours.window()?,
            personalised: !rule.is_everybody(),
        })
    }
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
    /// Openid or phone number; never logged.
    pub address: Option<String>,
    /// (channel, topic), `all` for every one.
    pub opt_outs: Vec<(String, String)>,
    pub paused_until: Option<DateTime<Utc>>,
    pub quiet: Option<(NaiveTime, NaiveTime)>,
    pub weekly_limit: Option<u32>,
    /// Sends left of the campaign's template.
    pub consents: i32,
    /// When marketing messages of the last seven days took their cap slot.
    pub slots: Vec<DateTime<Utc>>,
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
    let rows = member::Entity::find()
        .filter(member::Column::Id.is_in(members.iter().copied()))
        .all(connection)
        .await?;
    let zones = store_zones(connection, &rows).await?;
    let mut facts: Facts = HashMap::with_capacity(rows.len());
    for row in rows {
        facts.insert(row.id, recipient(ctx, terms, row, &zones)?);
    }
    if terms.channel == Channel::WechatSubscribe {
        add_openids(connection, members, &mut facts).await?;
        add_consents(connection, terms, members, &mut facts).await?;
    }
    add_opt_outs(connection, members, &mut facts).await?;
    add_preferences(connection, members, &mut facts).await?;
    add_slots(connection, members, ctx.now() - LOOK_BACK, &mut facts).await?;
    Ok(facts)
}

fn recipient(
    ctx: &Context,
    terms: &Terms,
    row: member::Model,
    zones: &HashMap<StoreId, Tz>,
) -> Result<Recipient> {
    let zone = row
        .zone
        .as_deref()
        .and_then(|zone| zone.parse().ok())
        .or_else(|| row.home_store_id.and_then(|store| zones.get(&store).copied()))
        .unwrap_or(ctx.settings.timezone);
    let address = match (terms.channel, &row.phone_cipher) {
        (Channel::Sms, Some(sealed)) => Some(Phone::open(ctx, sealed)?.expose().to_owned()),
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
        address,
        opt_outs: Vec::new(),
        paused_until: None,
        quiet: None,
        weekly_limit: None,
        consents: 0,
        slots: Vec::new(),
    })
}

async fn store_zones(
    connection: &impl ConnectionTrait,
    rows: &[member::Model],
) -> Result<HashMap<StoreId, Tz>> {
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

async fn add_openids(
    connection: &impl ConnectionTrait,
    members: &[MemberId],
    facts: &mut Facts,
) -> Result<()> {
    let rows = identity::Entity::find()
        .filter(identity::Column::MemberId.is_in(members.iter().copied()))
        .filter(identity::Column::Provider.eq(IdentityProvider::WechatOpenid))
        .order_by_asc(identity::Column::Id)
        .all(connection)
        .await?;
    for row in rows {
        if let Some(recipient) = facts.get_mut(&row.member_id) {
            recipient.address = Some(row.subject);
        }
    }
    Ok(())
}

async fn add_consents(
    connection: &impl ConnectionTrait,
    terms: &Terms,
    members: &[MemberId],
    facts: &mut Facts,
) -> Result<()> {
    let rows = consent::Entity::find()
        .filter(consent::Column::MemberId.is_in(members.iter().copied()))
        .filter(consent::Column::TemplateId.eq(terms.template_id.as_deref().unwrap_or_default()))
        .all(connection)
        .await?;
    for row in rows {
        if let Some(recipient) = facts.get_mut(&row.member_id) {
            recipient.consents = match row.kind {
                ConsentKind::OneTime => row.available,
                ConsentKind::LongTerm => row.available.min(1),
            };
        }
    }
    Ok(())
}

async fn add_opt_outs(
    connection: &impl ConnectionTrait,
    members: &[MemberId],
    facts: &mut Facts,
) -> Result<()> {
    let rows = opt_out::Entity::find()
        .filter(opt_out::Column::MemberId.is_in(members.iter().copied()))
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
    members: &[MemberId],
    facts: &mut Facts,
) -> Result<()> {
    let rows = preference::Entity::find()
        .filter(preference::Column::MemberId.is_in(members.iter().copied()))
        .all(connection)
        .await?;
    for row in rows {
        let Some(recipient) = facts.get_mut(&row.member_id) else { continue };
        recipient.personalised = row.personalised;
        recipient.paused_until = row.paused_until;
        recipient.weekly_limit = row.weekly_limit.and_then(|limit| u32::try_from(limit).ok());
        recipient.quiet = match (row.quiet_start, row.quiet_end) {
            (Some(start), Some(end)) => policy::QuietHours { start, end }.window()?,
            _ => None,
        };
    }
    Ok(())
}

async fn add_slots(
    connection: &impl ConnectionTrait,
    members: &[MemberId],
    since: DateTime<Utc>,
    facts: &mut Facts,
) -> Result<()> {
    let rows: Vec<(MemberId, Option<DateTime<Utc>>)> = delivery::Entity::find()
        .select_only()
        .columns([delivery::Column::MemberId, delivery::Column::SlotAt])
        .filter(delivery::Column::MemberId.is_in(members.iter().copied()))
        .filter(delivery::Column::SlotAt.gt(since))
        .filter(delivery::Column::Class.eq(MessageClass::Marketing))
        .into_tuple()
        .all(connection)
        .await?;
    for (member, slot) in rows {
        if let (Some(recipient), Some(slot)) = (facts.get_mut(&member), slot) {
            recipient.slots.push(slot);
        }
    }
    Ok(())
}
