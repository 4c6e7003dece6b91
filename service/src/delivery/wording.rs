//! The wordings of one campaign: its own, one per variant, one per step of its fall-back. A member's variant decides what the
//! first step says; the steps behind it say the same to everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::campaign;
use entity::states::Channel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::message::MessageDraft;
use crate::error::{Error, Result};

/// Where a message goes when the channel before it is closed for the member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FallbackStep {
    pub channel: Channel,
    pub message: MessageDraft,
}

/// One of several wordings; members are split by `weight`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    #[schema(min_length = 1, max_length = 20)]
    pub name: String,
    #[schema(minimum = 1, maximum = 100)]
    pub weight: u32,
    pub message: MessageDraft,
}

pub fn variants_of(campaign: &campaign::Model) -> Result<Vec<Variant>> {
    serde_json::from_value(campaign.variants.clone()).map_err(Error::internal)
}

pub fn fallback_of(campaign: &campaign::Model) -> Result<Vec<FallbackStep>> {
    serde_json::from_value(campaign.fallback.clone()).map_err(Error::internal)
}

#[derive(Debug, Clone)]
pub struct Wordings {
    main: Arc<MessageDraft>,
    variants: BTreeMap<String, Arc<MessageDraft>>,
    steps: Vec<Arc<MessageDraft>>,
}

impl Wordings {
    pub fn of(campaign: &campaign::Model) -> Result<Self> {
        let main: MessageDraft = serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
        let variants = variants_of(campaign)?;
        let steps = fallback_of(campaign)?;
        Ok(Self {
            main: Arc::new(main),
            variants: variants.into_iter().map(|one| (one.name, Arc::new(one.message))).collect(),
            steps: steps.into_iter().map(|step| Arc::new(step.message)).collect(),
        })
    }

    /// What a member of `variant` is told on `step` (0: the campaign's channel).
    pub fn of_step(&self, variant: Option<&str>, step: i32) -> &Arc<MessageDraft> {
        let behind = usize::try_from(step).ok().and_then(|step| step.checked_sub(1));
        let own = || variant.and_then(|name| self.variants.get(name)).unwrap_or(&self.main);
        behind.and_then(|index| self.steps.get(index)).unwrap_or_else(own)
    }
}
