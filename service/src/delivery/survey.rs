//! The gates' facts for a long stretch of members, for a forecast: the very facts of [`super::gather`], read by the range of the
//! members' ids where most of them are meant, since a range costs the database much less than a list. Addresses are only known to be
//! there; nothing is opened.

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;
use entity::states::{Channel, MemberState};
use entity::{member, store};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryOrder, QuerySelect, Select};

use super::facts::{self, Facts, Recipient, Terms, Whose};
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, StoreId};

/// Members per stretch.
pub const STRETCH: u64 = 10_000;
/// With fewer of a stretch than this they are asked for one by one.
const MANY: usize = 1_000;

/// What is read once for all stretches.
#[derive(Debug, Clone)]
pub struct Surroundings {
    zones: HashMap<StoreId, Tz>,
}

impl Surroundings {
    pub async fn read(connection: &impl ConnectionTrait) -> Result<Self> {
        let rows = store::Entity::find().all(connection).await?;
        let zone = |row: store::Model| Some((row.id, row.zone?.parse().ok()?));
        Ok(Self { zones: rows.into_iter().filter_map(zone).collect() })
    }
}

/// A stretch's members in the order of their ids, with their facts.
#[derive(Debug, Default)]
pub struct Surveyed {
    pub members: Vec<MemberId>,
    pub facts: Facts,
}

/// Of the members that `picked` picks, which is one stretch at most.
pub async fn survey(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    (terms, surroundings): (&[&Terms], &Surroundings),
    picked: Select<member::Entity>,
) -> Result<Surveyed> {
    let phones = terms.iter().any(|terms| terms.uses(Channel::Sms));
    let rows = read(connection, picked).await?;
    let mut surveyed =
        Surveyed { members: Vec::with_capacity(rows.len()), facts: HashMap::with_capacity(rows.len()) };
    for row in rows {
        surveyed.members.push(row.0);
        surveyed.facts.insert(row.0, recipient(ctx, surroundings, row, phones));
    }
    let (Some(first), Some(last)) = (surveyed.members.first(), surveyed.members.last()) else {
        return Ok(surveyed);
    };
    let whose = if surveyed.members.len() < MANY {
        Whose::These(&surveyed.members)
    } else {
        Whose::Between(*first, *last)
    };
    facts::add_all(ctx, connection, (terms, whose), &mut surveyed.facts).await?;
    Ok(surveyed)
}

/// Id, state, zone, home store, marketing consent, whether there is a phone, name, card number.
type Row = (MemberId, MemberState, Option<String>, Option<StoreId>, bool, bool, Option<String>, String);

async fn read(connection: &impl ConnectionTrait, picked: Select<member::Entity>) -> Result<Vec<Row>> {
    use member::Column::{CardNumber, HomeStoreId, Id, MarketingConsent, Name, PhoneCipher, State, Zone};
    let rows = picked
        .select_only()
        .columns([Id, State, Zone, HomeStoreId, MarketingConsent])
        .column_as(PhoneCipher.is_not_null(), "has_phone")
        .columns([Name, CardNumber])
        .order_by_asc(Id)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows)
}

fn recipient(
    ctx: &Context,
    surroundings: &Surroundings,
    (member_id, state, zone, home_store_id, marketing_consent, has_phone, name, card_number): Row,
    phones: bool,
) -> Recipient {
    let zone = zone
        .and_then(|zone| zone.parse().ok())
        .or_else(|| home_store_id.and_then(|store| surroundings.zones.get(&store).copied()))
        .unwrap_or(ctx.settings.timezone);
    Recipient {
        member_id,
        active: state == MemberState::Active,
        name,
        card_number,
        marketing_consent,
        personalised: true,
        zone,
        openid: None,
        phone: (phones && has_phone).then(String::new),
        opt_outs: Vec::new(),
        paused_until: None,
        quiet: None,
        weekly_limit: None,
        channel_limits: Vec::new(),
        consents: BTreeMap::new(),
        slots: Vec::new(),
    }
}
