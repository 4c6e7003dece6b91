//! Members by the hundred thousand, written set by set. A member's lot is in the last two digits of its number: of a
//! hundred the first eight have opted out and the next five are at their cap.

use anyhow::Result;

use crate::place::Place;
use crate::process::output;
use crate::servers::Database;

pub const TEMPLATE: &str = "BENCH";
/// Of a hundred members.
pub const OPTED_OUT: u64 = 8;
pub const AT_CAP: u64 = 5;
/// For encrypting, in this database alone.
pub const KEYS: &str = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A migrated database with members, to be copied for each run.
pub fn database(place: &Place, name: &str, members: u64) -> Result<Database> {
    let database = Database::create(place, name, None)?;
    migrate(place, &database)?;
    database.run(&people(members))?;
    database.run("VACUUM ANALYZE")?;
    Ok(database)
}

pub fn migrate(place: &Place, database: &Database) -> Result<()> {
    output(
        place
            .huike()
            .args(["migrate", "up"])
            .env("HUIKE_DATABASE_URL", &database.url)
            .env("HUIKE_AMQP_URL", &place.amqp)
            .env("HUIKE_REDIS_URL", "redis://127.0.0.1:6379")
            .env("HUIKE_SECRET_KEYS", KEYS),
    )?;
    Ok(())
}

fn people(members: u64) -> String {
    let last = members - 1;
    format!(
        "SET synchronous_commit = off;
        INSERT INTO member (id, card_number, name, card_secret, state, marketing_consent, purchase_count,
            purchase_total_fen, source, created_at, updated_at)
        SELECT {member}, 'C' || i, '会员' || i, '\\x00'::bytea, 'active', true, 0, 0, 'bench', now(), now()
        FROM generate_series(0, {last}) i;
        INSERT INTO identity (id, member_id, provider, subject, created_at)
        SELECT {identity}, {member}, 'wechat_openid', 'o' || lpad(i::text, 27, '0'), now()
        FROM generate_series(0, {last}) i;
        INSERT INTO consent (id, member_id, template_id, kind, available, reserved, updated_at)
        SELECT {consent}, {member}, '{TEMPLATE}', 'one_time', 3, 0, now() FROM generate_series(0, {last}) i;
        INSERT INTO opt_out (id, member_id, channel, topic, source, created_at)
        SELECT {opt_out}, {member}, 'all', 'all', 'bench', now() FROM generate_series(0, {last}) i
        WHERE i % 100 < {OPTED_OUT};
        {earlier_0}{earlier_1}",
        member = id(0, "i"),
        identity = id(1, "i"),
        consent = id(2, "i"),
        opt_out = id(3, "i"),
        earlier_0 = earlier(last, 0),
        earlier_1 = earlier(last, 1),
    )
}

/// A finished campaign that took one slot of those who are to be at their cap.
fn earlier(last: u64, number: u64) -> String {
    format!(
        "{campaign}
        INSERT INTO delivery (id, campaign_id, member_id, channel, class, topic, state, not_before, slot_at, sent_at,
            attempts, created_at, updated_at)
        SELECT {delivery}, {campaign_id}, {member}, 'wechat_subscribe', 'marketing', 'offers', 'sent', now(),
            now() - interval '1 hour', now(), 1, now(), now()
        FROM generate_series(0, {last}) i WHERE i % 100 >= {OPTED_OUT} AND i % 100 < {stop};",
        campaign = campaign(number, "completed", "EARLIER", "NULL"),
        delivery = id(4 + number, "i"),
        campaign_id = campaign_id(number),
        member = id(0, "i"),
        stop = OPTED_OUT + AT_CAP,
    )
}

/// A campaign to everybody. In state `scheduled` it starts at the next tick.
pub fn campaign(number: u64, state: &str, template: &str, rate: &str) -> String {
    audience_campaign(number, state, template, rate, "{\"all\": []}")
}

pub fn audience_campaign(number: u64, state: &str, template: &str, rate: &str, rule: &str) -> String {
    let id = campaign_id(number);
    format!(
        "INSERT INTO segment (id, name, rule, created_at, updated_at)
        VALUES ({id}, 'bench {number}', '{rule}', now(), now());
        INSERT INTO campaign (id, name, segment_id, rule, channel, class, topic, message, holdout_percent, on_cap,
            state, version, audience_count, rate_per_second, scheduled_at, created_at, updated_at)
        VALUES ({id}, 'bench {number}', {id}, '{rule}', 'wechat_subscribe', 'marketing', 'offers',
            '{{\"template_id\": \"{template}\", \"page\": \"pages/index/index\",
              \"parameters\": {{\"thing1\": \"周末满减\", \"thing2\": \"会员专享\"}}}}',
            0, 'drop', '{state}', 1, 0, {rate}, clock_timestamp(), now(), now());"
    )
}

pub fn campaign_id(number: u64) -> String {
    format!("'019a0000-0000-7000-8000-{number:012x}'::uuid")
}

/// The id of the member with a number.
pub fn member_id(number: u64) -> String {
    id(0, &number.to_string())
}

/// Ids of version 7 in the order of their numbers, as the project's own are in the order of time.
pub fn id(kind: u64, number: &str) -> String {
    format!("('0190000{kind}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid")
}
