//! What a supplier says of the account's templates.

/// What a template may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTemplateKind {
    Code,
    Notice,
    Marketing,
}

/// What the supplier's reviewers think of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsTemplateState {
    Approved,
    Pending,
    Refused,
    /// Taken back by whoever had asked for the review.
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsTemplate {
    pub id: String,
    pub name: String,
    /// With its places: `{1}` at Tencent, `${name}` at Aliyun.
    pub text: String,
    /// Tencent does not tell.
    pub kind: Option<SmsTemplateKind>,
    pub state: SmsTemplateState,
    /// Why it was refused, in the reviewers' words.
    pub reason: Option<String>,
}

/// Asked for in one call, at Tencent and at Aliyun at most.
pub(super) const MOST_TEMPLATES: usize = 1_000;
