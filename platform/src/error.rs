//! What went wrong, in the only terms a caller can act on.

use std::time::Duration;

/// What may be done after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The platform said no. Asking again gives the same answer.
    Permanent,
    /// Our credentials were refused, after the one refresh where there is one. A matter for the operator.
    Token,
    /// Too fast, or a quota is used up. Slow the whole lane down.
    Throttled,
    /// Surely had no effect. Try later.
    Busy,
    /// The answer was never heard, so the effect may have happened.
    Unknown,
}

/// A failed call. No field holds a secret, an openid or a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Error {
    pub class: Class,
    /// The platform's own code (`43101`, `isv.MOBILE_NUMBER_ILLEGAL`) or one of ours (`timeout`, `http_502`).
    pub code: String,
    pub message: String,
    /// What the refusal is about where the platform names it: a parameter of the template, this server's address.
    pub about: Option<String>,
    /// The platform's request id, good for asking its support.
    pub rid: Option<String>,
    /// How long to wait, where the platform said so or its rule is known.
    pub retry_after: Option<Duration>,
}

impl Error {
    pub fn new(class: Class, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, code: code.into(), message: message.into(), about: None, rid: None, retry_after: None }
    }

    pub fn with_about(mut self, about: Option<String>) -> Self {
        self.about = about;
        self
    }

    pub fn with_rid(mut self, rid: Option<String>) -> Self {
        self.rid = rid;
        self
    }

    pub fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// A setting that cannot work, found while a client is built.
    pub(crate) fn setting(message: impl Into<String>) -> Self {
        Self::new(Class::Permanent, "setting", message)
    }
}
