//! What one call of a platform came to, in the terms that decide how a delivery goes on.

use chrono::{DateTime, Duration, Utc};
use platform::Class;

use super::reason::Reason;

#[derive(Debug, Clone)]
pub enum Outcome {
    Sent {
        message_id: Option<String>,
        started_at: DateTime<Utc>,
    },
    /// A final no for this member.
    Refused {
        reason: Reason,
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// A no that every member of the campaign would get: template, page, ability, account.
    CampaignBroken {
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// Surely without effect; may be tried again.
    Again {
        reason: Reason,
        code: String,
        message: String,
        retry_after: Option<Duration>,
        started_at: DateTime<Utc>,
    },
    Unknown {
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// Never called.
    HandedBack,
}

impl Outcome {
    pub fn of_error(error: platform::Error, started_at: DateTime<Utc>) -> Self {
        let platform::Error { class, code, message, retry_after, .. } = error;
        let retry_after = retry_after.and_then(|wait| Duration::from_std(wait).ok());
        match class {
            Class::Unknown => Self::Unknown { code, message, started_at },
            Class::Throttled => {
                Self::Again { reason: Reason::PlatformThrottled, code, message, retry_after, started_at }
            }
            _ if concerns_everybody(class, &code) => Self::CampaignBroken { code, message, started_at },
            Class::Busy | Class::Token => {
                Self::Again { reason: Reason::PlatformBusy, code, message, retry_after, started_at }
            }
            Class::Permanent => match code.as_str() {
                "43101" => Self::Refused { reason: Reason::NoConsent, code, message, started_at },
                "40003" => Self::Refused { reason: Reason::NoAddress, code, message, started_at },
                "47003" | "45168" => {
                    Self::Refused { reason: Reason::ContentInvalid, code, message, started_at }
                }
                _ => Self::Refused { reason: Reason::PlatformRefused, code, message, started_at },
            },
        }
    }

    /// What the attempt's row says; None when the platform was never called.
    pub(super) fn attempt(&self) -> Option<Tried<'_>> {
        let told = |outcome, code, message, started_at: &DateTime<Utc>| {
            Some(Tried { outcome, code: Some(code), message: Some(message), started_at: *started_at })
        };
        match self {
            Self::Sent { started_at, .. } => {
                Some(Tried { outcome: "sent", code: None, message: None, started_at: *started_at })
            }
            Self::Refused { code, message, started_at, .. } => told("refused", code, message, started_at),
            Self::CampaignBroken { code, message, started_at } => {
                told("campaign_broken", code, message, started_at)
            }
            Self::Again { code, message, started_at, .. } => told("again", code, message, started_at),
            Self::Unknown { code, message, started_at } => told("unknown", code, message, started_at),
            Self::HandedBack => None,
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

/// Refused credentials are a matter for the operator; so are a template, a page or a signature that the platform does not
/// take, a banned ability and an empty account. Going on would only collect refusals.
fn concerns_everybody(class: Class, code: &str) -> bool {
    class == Class::Token
        || matches!(
            code,
            "40037"
                | "41030"
                | "43107"
                | "isv.SMS_TEMPLATE_ILLEGAL"
                | "isv.SMS_SIGNATURE_ILLEGAL"
                | "isv.AMOUNT_NOT_ENOUGH"
                | "isv.OUT_OF_SERVICE"
                | "FailedOperation.TemplateIncorrectOrUnapproved"
                | "FailedOperation.SignatureIncorrectOrUnapproved"
                | "FailedOperation.InsufficientBalanceInSmsPackage"
                | "UnauthorizedOperation.ServiceSuspendDueToArrears"
        )
}
