//! The cap slots that members hold. A slot is a column of a delivery that no index has, since a claim writes it; it is found by the
//! member, among the messages of campaigns that have not ended since before the window. Slots of members who were merged are beside them.

use chrono::{DateTime, Utc};
use entity::states::{Channel, MessageClass};
use entity::{delivery, merged_slot};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Statement,
};

use super::caps::Slot;
use super::facts::{Facts, Whose};
use crate::db;
use crate::error::Result;
use crate::ids::MemberId;

#[derive(FromQueryResult)]
struct Held {
    member_id: MemberId,
    slot_at: DateTime<Utc>,
    channel: Channel,
    topic: String,
}

/// $1 members, $2 since. The comparison of pairs is one that only the index by both can answer.
const IN_POSTGRES: &str = "SELECT d.member_id, d.slot_at, d.channel, d.topic FROM unnest($1::text::uuid[]) AS m(id) \
     JOIN delivery d ON d.member_id = m.id AND (d.member_id, d.campaign_id) >= (m.id, (SELECT c.id FROM campaign c \
     WHERE c.state IN ('resolving', 'sending', 'paused') OR c.updated_at > $2 ORDER BY c.id LIMIT 1)) \
     WHERE d.slot_at > $2 AND d.class = 'marketing' \
     UNION ALL SELECT g.member_id, g.slot_at, g.channel, g.topic FROM merged_slot g \
     WHERE g.member_id = ANY($1::text::uuid[]) AND g.slot_at > $2";

/// Marketing slots since `since`.
pub(super) async fn add(
    connection: &impl ConnectionTrait,
    whose: Whose<'_>,
    since: DateTime<Utc>,
    facts: &mut Facts,
) -> Result<()> {
    let held = match (connection.get_database_backend(), whose) {
        (DbBackend::Postgres, Whose::These(members)) => {
            let values = [db::array(members).into(), since.into()];
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, IN_POSTGRES, values);
            Held::find_by_statement(statement).all(connection).await?
        }
        (backend, whose) => {
            use delivery::Column::{Channel, Class, MemberId, SlotAt, Topic};
            let mut held = delivery::Entity::find()
                .select_only()
                .columns([MemberId, SlotAt, Channel, Topic])
                .filter(whose.holds(backend, MemberId))
                .filter(SlotAt.gt(since))
                .filter(Class.eq(MessageClass::Marketing))
                .into_model::<Held>()
                .all(connection)
                .await?;
            use merged_slot::Column as Merged;
            let merged = merged_slot::Entity::find()
                .select_only()
                .columns([Merged::MemberId, Merged::SlotAt, Merged::Channel, Merged::Topic])
                .filter(whose.holds(backend, Merged::MemberId))
                .filter(Merged::SlotAt.gt(since))
                .into_model::<Held>();
            held.extend(merged.all(connection).await?);
            held
        }
    };
    for Held { member_id, slot_at, channel, topic } in held {
        if let Some(recipient) = facts.get_mut(&member_id) {
            recipient.slots.push(Slot { at: slot_at, channel, topic });
        }
    }
    Ok(())
}
