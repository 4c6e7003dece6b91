//! What becomes of a notice. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::Channel;

use super::super::outcome::Outcome;
use super::super::reason::Reason;
use super::super::rest;
use crate::notice::{Kind, Step};

/// What holds for the member.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub active: bool,
    pub openid: Option<String>,
    pub phone: Option<String>,
    /// Sends left, by template.
    pub consents: HashMap<String, i32>,
}

impl Standing {
    /// Where a step's message goes; None when the step is closed for the member.
    pub fn address(&self, step: &Step) -> Option<&str> {
        let template = step.template_id.as_deref().unwrap_or_default();
        match step.channel {
            Channel::Inbox => None,
            Channel::Sms => self.phone.as_deref(),
            Channel::WechatSubscribe => {
                let agreed = self.consents.get(template).is_some_and(|left| *left > 0);
                self.openid.as_deref().filter(|_| agreed)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The platform is called with this step.
    Call(usize),
    /// What the member has in the inbox is all there will be.
    InboxOnly,
    Suppress(Reason),
}

/// The first open step from `from` on. A notice past its time is still put into the inbox.
pub fn decide(
    steps: &[Step],
    from: usize,
    standing: &Standing,
    (expires_at, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Decision {
    if !standing.active {
        return Decision::Suppress(Reason::MemberInactive);
    }
    let expired = expires_at.is_some_and(|end| end <= now);
    let open = steps.iter().enumerate().skip(from).find(|(_, step)| standing.address(step).is_some());
    match open {
        Some((index, _)) if !expired => Decision::Call(index),
        _ if steps.iter().any(|step| step.channel == Channel::Inbox) => Decision::InboxOnly,
        Some(_) => Decision::Suppress(Reason::OfferEnded),
        None => Decision::Suppress(Reason::NoAddress),
    }
}

/// How a notice goes on after its call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Sent {
        message_id: Option<String>,
    },
    Unknown,
    /// The same step again.
    Again {
        not_before: DateTime<Utc>,
        reason: Option<Reason>,
    },
    /// The next open step, without it the inbox alone.
    Next(Reason),
}

pub fn after(outcome: &Outcome, kind: Option<Kind>, tries: (i32, i32), now: DateTime<Utc>) -> Fate {
    let (attempts, most) = tries;
    match outcome {
        Outcome::Sent { .. } => Fate::Sent { message_id: outcome.message_id().map(str::to_owned) },
        Outcome::Unknown(_) => after_unheard(kind, attempts, now),
        Outcome::Refused { reason, .. } => Fate::Next(*reason),
        Outcome::ContentRefused(_) => Fate::Next(Reason::ContentInvalid),
        Outcome::CampaignBroken(_) => Fate::Next(Reason::PlatformRefused),
        Outcome::Again { .. } if attempts >= most => Fate::Next(Reason::TriesExceeded),
        Outcome::Again { reason, retry_after, .. } => {
            let throttled = *reason == Reason::PlatformThrottled;
            let usual = if throttled { rest::THROTTLED } else { back_off(attempts) };
            Fate::Again { not_before: now + retry_after.unwrap_or(usual), reason: Some(*reason) }
        }
        Outcome::HandedBack => Fate::Again { not_before: now, reason: None },
    }
}

/// The waits grow with the tries.
fn back_off(tries: i32) -> Duration {
    match tries {
        ..=1 => Duration::seconds(5),
        2 => Duration::seconds(30),
        _ => Duration::minutes(5),
    }
}

/// No platform of ours knows a message that it has had before, so only what may be told twice is told again, once.
pub fn after_unheard(kind: Option<Kind>, attempts: i32, now: DateTime<Utc>) -> Fate {
    const AGAIN: Duration = Duration::seconds(30);
    if kind.is_some_and(Kind::may_be_told_twice) && attempts < 2 {
        return Fate::Again { not_before: now + AGAIN, reason: Some(Reason::AnswerNeverHeard) };
    }
    Fate::Unknown
}
