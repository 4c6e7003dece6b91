//! What one call of a platform came to, in the terms that decide how a delivery goes on.

use chrono::{DateTime, Duration, Utc};

use super::channel::{Refused, Taken, Verdict};
use super::reason::Reason;

#[derive(Debug, Clone)]
pub enum Outcome {
    Sent {
        taken: Taken,
        started_at: DateTime<Utc>,
    },
    /// A final no for this member.
    Refused {
        reason: Reason,
        told: Told,
    },
    /// What is said breaks the template's rules: a final no for this member, unless it turns out to be the template's.
    ContentRefused(Told),
    /// A no that every member of the campaign would get: template, page, ability, account.
    CampaignBroken(Told),
    /// Surely without effect; may be tried again.
    Again {
        reason: Reason,
        retry_after: Option<Duration>,
        told: Told,
    },
    Unknown(Told),
    /// Never called.
    HandedBack,
}

/// What the platform said, when, and which of several suppliers it was.
#[derive(Debug, Clone)]
pub struct Told {
    pub code: String,
    pub message: String,
    pub supplier: Option<&'static str>,
    pub started_at: DateTime<Utc>,
}

impl Outcome {
    pub fn of(answer: Result<Taken, Refused>, started_at: DateTime<Utc>) -> Self {
        let Refused { error, supplier, verdict } = match answer {
            Ok(taken) => return Self::Sent { taken, started_at },
            Err(refused) => refused,
        };
        let retry_after = error.retry_after.and_then(|wait| Duration::from_std(wait).ok());
        let told = Told { code: error.code, message: error.message, supplier, started_at };
        match verdict {
            Verdict::Unheard => Self::Unknown(told),
            Verdict::Throttled => Self::Again { reason: Reason::PlatformThrottled, retry_after, told },
            Verdict::Again => Self::Again { reason: Reason::PlatformBusy, retry_after, told },
            Verdict::Campaign => Self::CampaignBroken(told),
            Verdict::Content => Self::ContentRefused(told),
            Verdict::Member(reason) => Self::Refused { reason, told },
        }
    }

    /// What the attempt's row says; None when the platform was never called.
    pub(super) fn attempt(&self) -> Option<Tried<'_>> {
        let (outcome, told) = match self {
            Self::HandedBack => return None,
            Self::Sent { started_at, .. } => {
                return Some(Tried { outcome: "sent", code: None, message: None, started_at: *started_at });
            }
            Self::Refused { told, .. } | Self::ContentRefused(told) => ("refused", told),
            Self::CampaignBroken(told) => ("campaign_broken", told),
            Self::Again { told, .. } => ("again", told),
            Self::Unknown(told) => ("unknown", told),
        };
        let (code, message) = (Some(told.code.as_str()), Some(told.message.as_str()));
        Some(Tried { outcome, code, message, started_at: told.started_at })
    }

    /// Who has the message, or may have it.
    pub(super) fn supplier(&self) -> Option<&'static str> {
        match self {
            Self::Sent { taken, .. } => taken.supplier,
            Self::Unknown(told) => told.supplier,
            _ => None,
        }
    }

    pub(super) fn message_id(&self) -> Option<&str> {
        match self {
            Self::Sent { taken, .. } => taken.message_id.as_deref(),
            _ => None,
        }
    }
}

/// One try as it is recorded.
pub(super) struct Tried<'a> {
    pub outcome: &'static str,
    pub code: Option<&'a str>,
    pub message: Option<&'a str>,
    pub started_at: DateTime<Utc>,
}
