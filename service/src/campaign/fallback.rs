//! What the fall-back order of a draft must be: each channel once, each step's message complete for its channel.

use std::collections::BTreeSet;

use super::plan::CampaignDraft;
use super::variant::message_errors;
use crate::error::FieldError;

pub fn errors(draft: &CampaignDraft) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut channels = BTreeSet::from([draft.channel]);
    for (index, step) in draft.fallback.iter().enumerate() {
        let field = format!("fallback[{index}]");
        if !channels.insert(step.channel) {
            let message = "is a channel that stands before it".to_owned();
            errors.push(FieldError { field: format!("{field}.channel"), message });
        }
        errors.extend(message_errors(&format!("{field}.message"), step.channel, &step.message));
    }
    errors
}
