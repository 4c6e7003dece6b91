//! The channels. What differs from one to the next stands in one module each, behind [`Module`]; whoever needs to know asks here.
//! A channel that is added gets a module, a line in [`on!`] and its place in the gates.

mod inbox;
mod sms;
mod wechat;

use entity::states::Channel;
use platform::Class;
use uuid::Uuid;

use super::message::{MessageDraft, Rendered};
use super::reason::Reason;
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::settings::Settings;

pub use inbox::Inbox;
pub use sms::Sms;
pub use wechat::Wechat;

pub struct Call<'a> {
    pub channel: Channel,
    pub message: &'a MessageDraft,
    pub rendered: &'a Rendered,
    pub address: &'a str,
    /// What the platform gives back with its receipt, where it can.
    pub out_id: Uuid,
}

/// The platform took it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// The platform's id of the message, where it gives one.
    pub message_id: Option<String>,
    /// Which of several suppliers.
    pub supplier: Option<&'static str>,
}

/// The platform did not take it, or nobody knows.
#[derive(Debug, Clone)]
pub struct Refused {
    pub error: platform::Error,
    pub supplier: Option<&'static str>,
    pub verdict: Verdict,
}

/// What a refusal means for the message and for its campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A final no for this member.
    Member(Reason),
    /// What is said breaks the template's rules: this member's variables, or the template itself. Several in a row tell which.
    Content,
    /// A no that every member of the campaign would get: template, page, ability, account.
    Campaign,
    /// The channel's account is too fast or its quota is used up.
    Throttled,
    /// Surely without effect; may be tried again.
    Again,
    Unheard,
}

/// What a message needs of its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// An openid or a phone number.
    pub address: bool,
    /// A subscription of the message's template, which a send uses up.
    pub subscription: bool,
    /// For marketing: a yes to marketing in general.
    pub marketing_consent: bool,
}

/// What differs per channel. Implemented by one type per channel and asked through the functions of this module, which cost no
/// allocation.
pub trait Module {
    const NEEDS: Needs;

    /// Adds what is missing or wrong in a draft; `at` is where it stands in the request.
    fn check(draft: &MessageDraft, at: &str, wrong: &mut Vec<FieldError>);

    /// Whether the settings have what it takes.
    ///
    /// # Refuses
    /// `channel_not_configured`
    fn ready(ctx: &Context) -> Result<()>;

    /// Messages per second of the whole installation.
    fn per_second(settings: &Settings) -> u32;

    /// What a code of the platform means.
    fn verdict(error: &platform::Error) -> Verdict;

    fn call(ctx: &Context, call: &Call<'_>) -> impl Future<Output = CallResult> + Send;
}

pub type CallResult = std::result::Result<Taken, NotTaken>;

/// A failed call before it is judged.
#[derive(Debug, Clone)]
pub struct NotTaken {
    pub error: platform::Error,
    pub supplier: Option<&'static str>,
}

/// The same expression on a channel's module.
macro_rules! on {
    ($channel:expr, $module:ident => $ask:expr) => {
        match $channel {
            Channel::WechatSubscribe => {
                type $module = Wechat;
                $ask
            }
            Channel::Sms => {
                type $module = Sms;
                $ask
            }
            Channel::Inbox => {
                type $module = Inbox;
                $ask
            }
        }
    };
}

/// Sends one message; for the inbox nothing is called, its message is written when the batch is settled.
pub async fn call(ctx: &Context, call: Call<'_>) -> std::result::Result<Taken, Refused> {
    on!(call.channel, M => M::call(ctx, &call).await.map_err(|failed| Refused {
        verdict: M::verdict(&failed.error),
        error: failed.error,
        supplier: failed.supplier,
    }))
}

pub fn needs(channel: Channel) -> Needs {
    on!(channel, M => M::NEEDS)
}

pub fn ready(ctx: &Context, channel: Channel) -> Result<()> {
    on!(channel, M => M::ready(ctx))
}

pub fn per_second(settings: &Settings, channel: Channel) -> u32 {
    on!(channel, M => M::per_second(settings))
}

/// The most parameters that any platform's template has.
const MOST_PARAMETERS: usize = 10;

/// What is missing or wrong in a draft for this channel; `at` is where it stands in the request, e.g. `message`.
pub fn draft_errors(ctx: &Context, channel: Channel, draft: &MessageDraft, at: &str) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    require(
        &mut wrong,
        draft.parameters.len() <= MOST_PARAMETERS,
        format!("{at}.parameters"),
        "are at most 10",
    );
    on!(channel, M => M::check(draft, at, &mut wrong));
    wrong.extend(draft.variable_errors(at, &ctx.settings.public_url));
    wrong
}

fn require(wrong: &mut Vec<FieldError>, holds: bool, field: String, message: &str) {
    if !holds {
        wrong.push(FieldError { field, message: message.to_owned() });
    }
}

fn filled(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// A channel that vanished from the settings: nothing was called, so it may be tried when it is back.
fn not_configured(error: &Error) -> NotTaken {
    let error = platform::Error::new(Class::Busy, "channel_not_configured", error.to_string());
    NotTaken { error, supplier: None }
}

/// What any platform's failure means where its code says no more.
fn common(error: &platform::Error) -> Verdict {
    match error.class {
        Class::Unknown => Verdict::Unheard,
        Class::Throttled => Verdict::Throttled,
        // Refused credentials are a matter for the operator; going on would only collect refusals.
        Class::Token => Verdict::Campaign,
        Class::Busy => Verdict::Again,
        Class::Permanent => Verdict::Member(Reason::PlatformRefused),
    }
}
