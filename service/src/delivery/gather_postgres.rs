//! The same facts as [`super::facts`] gathers table by table, in one statement of PostgreSQL: a batch costs one round trip for
//! them, and what most members have none of (opt-outs, slots, wishes) costs a look into an index.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::states::{Channel, MemberState};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::caps::Slot;
use super::facts::{Facts, Recipient, channel_limits};
use crate::context::Context;
use crate::db;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::member::Phone;
use crate::policy::QuietHours;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub members: &'a [MemberId],
    /// Of subscribe messages; none: no openids either.
    pub templates: Vec<&'a str>,
    pub openids: bool,
    pub phones: bool,
    /// Slots since then.
    pub since: DateTime<Utc>,
}

/// $1 members, $2 templates, $3 since, $4 with phone numbers, $5 with openids.
const FACTS: &str = "SELECT m.id, m.name, m.card_number, m.state, m.marketing_consent, m.zone, s.zone AS store_zone, \
     CASE WHEN $4 THEN m.phone_cipher END AS phone_cipher, \
     CASE WHEN $5 THEN (SELECT i.subject FROM identity i WHERE i.member_id = m.id AND i.provider = 'wechat_openid' \
       ORDER BY i.id DESC LIMIT 1) END AS openid, \
     (SELECT json_object_agg(c.template_id, CASE c.kind WHEN 'one_time' THEN c.available ELSE least(c.available, 1) END) \
       FROM consent c WHERE c.member_id = m.id AND c.template_id = ANY($2::text::text[])) AS consents, \
     (SELECT json_agg(json_build_array(o.channel, o.topic)) FROM opt_out o WHERE o.member_id = m.id) AS opt_outs, \
     (SELECT json_agg(json_build_array(d.slot_at, d.channel, d.topic)) FROM delivery d \
       WHERE d.member_id = m.id AND d.slot_at > $3 AND d.class = 'marketing') AS slots, \
     p.personalised, p.paused_until, p.weekly_limit, p.channel_limits, p.quiet_start, p.quiet_end \
     FROM member m LEFT JOIN store s ON s.id = m.home_store_id LEFT JOIN preference p ON p.member_id = m.id \
     WHERE m.id = ANY($1::text::uuid[])";

pub(super) async fn gather(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    wanted: Wanted<'_>,
) -> Result<Facts> {
    let values = [
        db::array(wanted.members).into(),
        db::text_array(wanted.templates.iter().copied()).into(),
        wanted.since.into(),
        wanted.phones.into(),
        wanted.openids.into(),
    ];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, FACTS, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| recipient(ctx, row).map(|recipient| (recipient.member_id, recipient))).collect()
}

fn recipient(ctx: &Context, row: &QueryResult) -> Result<Recipient> {
    let zone = |column| row.try_get::<Option<String>>("", column).ok().flatten()?.parse().ok();
    let quiet = (row.try_get("", "quiet_start")?, row.try_get("", "quiet_end")?);
    let slots: Vec<(DateTime<Utc>, Channel, String)> = listed(row, "slots")?;
    let weekly_limit: Option<i32> = row.try_get("", "weekly_limit")?;
    let phone: Option<Vec<u8>> = row.try_get("", "phone_cipher")?;
    let consents: Option<BTreeMap<String, i32>> = read(row, "consents")?;
    Ok(Recipient {
        member_id: row.try_get("", "id")?,
        active: row.try_get::<String>("", "state")? == MemberState::Active.as_str(),
        name: row.try_get("", "name")?,
        card_number: row.try_get("", "card_number")?,
        marketing_consent: row.try_get("", "marketing_consent")?,
        personalised: row.try_get::<Option<bool>>("", "personalised")?.unwrap_or(true),
        zone: zone("zone").or_else(|| zone("store_zone")).unwrap_or(ctx.settings.timezone),
        openid: row.try_get("", "openid")?,
        phone: phone
            .map(|sealed| Phone::open(ctx, &sealed).map(|phone| phone.expose().to_owned()))
            .transpose()?,
        opt_outs: listed(row, "opt_outs")?,
        paused_until: row.try_get("", "paused_until")?,
        quiet: match quiet {
            (Some(start), Some(end)) => QuietHours { start, end }.window()?,
            _ => None,
        },
        weekly_limit: weekly_limit.and_then(|limit| u32::try_from(limit).ok()),
        channel_limits: channel_limits(row.try_get("", "channel_limits")?),
        consents: consents.unwrap_or_default(),
        slots: slots.into_iter().map(|(at, channel, topic)| Slot { at, channel, topic }).collect(),
    })
}

/// NULL is an empty list.
fn listed<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<Vec<T>> {
    Ok(read::<Vec<T>>(row, column)?.unwrap_or_default())
}

fn read<T: DeserializeOwned>(row: &QueryResult, column: &str) -> Result<Option<T>> {
    let value: Option<Value> = row.try_get("", column)?;
    value.map(serde_json::from_value).transpose().map_err(Error::internal)
}
