//! What the fall-back order of a draft must be: each channel once, each step's message complete for its channel.

use std::collections::BTreeSet;

use super::plan::CampaignDraft;
use crate::context::Context;
use crate::delivery::channel;
use crate::error::FieldError;

pub fn errors(ctx: &Context, draft: &CampaignDraft) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut channels = BTreeSet::from([draft.channel]);
    for (index, step) in draft.fallback.iter().enumerate() {
        let field = format!("fallback[{index}]");
        if !channels.insert(step.channel) {
            let message = "is a channel that stands before it".to_owned();
            errors.push(FieldError { field: format!("{field}.channel"), message });
        }
        errors.extend(channel::draft_errors(ctx, step.channel, &step.message, &format!("{field}.message")));
    }
    errors
}
