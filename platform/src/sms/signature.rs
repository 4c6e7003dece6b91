//! What a supplier says of the signature that messages carry.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsSignatureState {
    /// Can be sent with.
    Approved,
    Pending,
    Refused,
    /// Taken back by whoever had asked for the review.
    Cancelled,
    /// The account has none of this name.
    Unlisted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsSignature {
    pub state: SmsSignatureState,
    /// Why it was refused, in the reviewers' words.
    pub reason: Option<String>,
}

impl SmsSignature {
    pub(super) const UNLISTED: Self = Self { state: SmsSignatureState::Unlisted, reason: None };

    /// A reason is given with a no alone: what reviewers write beside the rest is a phrase.
    pub(super) fn of(state: SmsSignatureState, words: String) -> Self {
        let is_told = state == SmsSignatureState::Refused && !words.is_empty();
        Self { state, reason: is_told.then_some(words) }
    }
}
