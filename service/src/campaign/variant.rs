//! What the variants of a draft must be: two to five, told apart by name, each complete for the channel.

use std::collections::BTreeSet;

use entity::states::Channel;

use super::plan::CampaignDraft;
use crate::delivery::{MessageDraft, Variant};
use crate::error::{Error, FieldError};

const MOST_NAME: usize = 20;
const COUNT: std::ops::RangeInclusive<usize> = 2..=5;
const WEIGHT: std::ops::RangeInclusive<u32> = 1..=100;
const MOST_EXPERIMENT: usize = 60;

pub fn errors(draft: &CampaignDraft) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if draft.experiment.as_deref().is_some_and(|name| !is_name(name, MOST_EXPERIMENT)) {
        errors.push(error("experiment", "needs 1 to 60 characters"));
    }
    if draft.variants.is_empty() {
        return errors;
    }
    if !COUNT.contains(&draft.variants.len()) {
        errors.push(error("variants", "are none, or 2 to 5"));
    }
    let mut names = BTreeSet::new();
    for (index, variant) in draft.variants.iter().enumerate() {
        let field = format!("variants[{index}]");
        if !names.insert(variant.name.as_str()) {
            errors.push(error(&format!("{field}.name"), "is the name of another variant"));
        }
        errors.extend(of_variant(&field, draft, variant));
    }
    errors
}

fn of_variant(field: &str, draft: &CampaignDraft, variant: &Variant) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_name(&variant.name, MOST_NAME) {
        errors.push(error(&format!("{field}.name"), "needs 1 to 20 characters"));
    }
    if !WEIGHT.contains(&variant.weight) {
        errors.push(error(&format!("{field}.weight"), "is a number from 1 to 100"));
    }
    let message = format!("{field}.message");
    errors.extend(message_errors(&message, draft.channel, &variant.message));
    // A consent is for one template, so the gates must know the template before they know the variant.
    if draft.channel == Channel::WechatSubscribe && variant.message.template_id != draft.message.template_id {
        errors.push(error(&format!("{message}.template_id"), "is the campaign's own template"));
    }
    errors
}

/// What a message lacks on a channel, by field.
pub fn message_errors(field: &str, channel: Channel, message: &MessageDraft) -> Vec<FieldError> {
    const MOST_PARAMETERS: usize = 10;
    let mut errors = Vec::new();
    let mut require = |holds: bool, part: &str, text: &str| {
        if !holds {
            errors.push(error(&format!("{field}.{part}"), text));
        }
    };
    require(message.parameters.len() <= MOST_PARAMETERS, "parameters", "are at most 10");
    match channel {
        Channel::Inbox => {
            require(filled(&message.title), "title", "is needed for the inbox");
            require(filled(&message.body), "body", "is needed for the inbox");
        }
        Channel::WechatSubscribe => {
            require(filled(&message.template_id), "template_id", "is needed");
            require(!message.parameters.is_empty(), "parameters", "are needed");
        }
        Channel::Sms => require(filled(&message.template_id), "template_id", "is needed"),
    }
    if channel == Channel::WechatSubscribe {
        errors.extend(parameter_errors(field, message));
    }
    if let Err(Error::Invalid(unknown)) = message.check_variables() {
        let within = |name: &str| name.strip_prefix("message").unwrap_or(name).to_owned();
        errors.extend(
            unknown.into_iter().map(|one| error(&format!("{field}{}", within(&one.field)), &one.message)),
        );
    }
    errors
}

/// Texts without variables can be held against the template's rules before anything is sent.
fn parameter_errors<'a>(field: &'a str, message: &'a MessageDraft) -> impl Iterator<Item = FieldError> + 'a {
    message.parameters.iter().filter(|(_, text)| !text.contains("{{")).filter_map(move |(key, text)| {
        let message = platform::wechat::template::parameter_error(key, text)?;
        Some(FieldError { field: format!("{field}.parameters.{key}"), message })
    })
}

fn is_name(text: &str, most: usize) -> bool {
    text.trim() == text && (1..=most).contains(&text.chars().count())
}

fn filled(text: &Option<String>) -> bool {
    text.as_deref().is_some_and(|text| !text.trim().is_empty())
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}
