//! What the gates look at, made up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use entity::states::{Channel, MessageClass, OnCap};
use service::budget::Ceilings;
use service::delivery::{Prices, Recipient, Slot, Step, Terms};
use service::ids::MemberId;
use service::policy::Caps;

pub const NO_CAPS: Caps = Caps { per_24_hours: 0, per_7_days: 0, per_calendar_day: 0 };

pub fn step(channel: Channel) -> Step {
    Step { channel, template_id: Some("T".to_owned()), configured: true }
}

pub fn terms(channel: Channel) -> Terms {
    Terms {
        steps: vec![step(channel)],
        class: MessageClass::Marketing,
        topic: "offers".to_owned(),
        offer_ends_at: None,
        on_cap: OnCap::Drop,
        caps: NO_CAPS,
        cap_rules: Vec::new(),
        quiet: None,
        shop_zone: Shanghai,
        personalised: true,
        prices: Prices { sms_segment_fen: 5, sign_name: "回客".to_owned(), ..Prices::default() },
        ceilings: Ceilings::default(),
    }
}

pub fn recipient(zone: Tz) -> Recipient {
    Recipient {
        member_id: MemberId(uuid::Uuid::nil()),
        active: true,
        name: None,
        card_number: String::new(),
        marketing_consent: true,
        personalised: true,
        zone,
        openid: Some("openid".to_owned()),
        phone: Some("phone".to_owned()),
        opt_outs: Vec::new(),
        paused_until: None,
        quiet: None,
        weekly_limit: None,
        channel_limits: Vec::new(),
        consents: BTreeMap::from([("T".to_owned(), 1)]),
        slots: Vec::new(),
    }
}

/// Offers that went out by WeChat.
pub fn slots(times: &[DateTime<Utc>]) -> Vec<Slot> {
    times.iter().map(|at| slot(*at, Channel::WechatSubscribe, "offers")).collect()
}

pub fn slot(at: DateTime<Utc>, channel: Channel, topic: &str) -> Slot {
    Slot { at, channel, topic: topic.to_owned() }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Noon in Shanghai, inside every window of opening.
pub fn noon() -> DateTime<Utc> {
    at("2026-03-02T04:00:00Z")
}
