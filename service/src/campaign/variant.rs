//! What the variants of a draft must be: two to five, told apart by name, each complete for the channel.

use std::collections::BTreeSet;

use entity::states::Channel;

use super::plan::CampaignDraft;
use crate::context::Context;
use crate::delivery::{Variant, channel};
use crate::error::FieldError;

const MOST_NAME: usize = 20;
const COUNT: std::ops::RangeInclusive<usize> = 2..=5;
const WEIGHT: std::ops::RangeInclusive<u32> = 1..=100;
const MOST_EXPERIMENT: usize = 60;

pub fn errors(ctx: &Context, draft: &CampaignDraft) -> Vec<FieldError> {
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
        errors.extend(of_variant(ctx, &field, draft, variant));
    }
    errors
}

fn of_variant(ctx: &Context, field: &str, draft: &CampaignDraft, variant: &Variant) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !is_name(&variant.name, MOST_NAME) {
        errors.push(error(&format!("{field}.name"), "needs 1 to 20 characters"));
    }
    if !WEIGHT.contains(&variant.weight) {
        errors.push(error(&format!("{field}.weight"), "is a number from 1 to 100"));
    }
    let message = format!("{field}.message");
    errors.extend(channel::draft_errors(ctx, draft.channel, &variant.message, &message));
    // A consent is for one template, so the gates must know the template before they know the variant.
    if draft.channel == Channel::WechatSubscribe && variant.message.template_id != draft.message.template_id {
        errors.push(error(&format!("{message}.template_id"), "is the campaign's own template"));
    }
    errors
}

fn is_name(text: &str, most: usize) -> bool {
    text.trim() == text && (1..=most).contains(&text.chars().count())
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}
