//! The wordings of one campaign: its own, one per variant, one per step of its fall-back. A member's variant decides what the
//! first step says; the steps behind it say the same to everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use entity::states::Channel;
use entity::{campaign, campaign_version};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::message::{MessageDraft, Rendered, Variables};
use crate::consent;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::DeliveryId;

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
    read(&campaign.variants)
}

pub fn fallback_of(campaign: &campaign::Model) -> Result<Vec<FallbackStep>> {
    read(&campaign.fallback)
}

fn read<T: DeserializeOwned>(part: &Value) -> Result<T> {
    serde_json::from_value(part.clone()).map_err(Error::internal)
}

#[derive(Debug, Clone)]
pub struct Wordings {
    main: Arc<MessageDraft>,
    variants: BTreeMap<String, Arc<MessageDraft>>,
    steps: Vec<Arc<MessageDraft>>,
}

impl Wordings {
    pub fn of(campaign: &campaign::Model) -> Result<Self> {
        Self::from_parts(&campaign.message, &campaign.variants, &campaign.fallback)
    }

    /// Those of an earlier version of the campaign.
    pub fn of_version(version: &campaign_version::Model) -> Result<Self> {
        let part = |name: &str| &version.content[name];
        Self::from_parts(part("message"), part("variants"), part("fallback"))
    }

    fn from_parts(message: &Value, variants: &Value, fallback: &Value) -> Result<Self> {
        let (variants, steps): (Vec<Variant>, Vec<FallbackStep>) = (read(variants)?, read(fallback)?);
        Ok(Self {
            main: Arc::new(read(message)?),
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

/// A wording as it goes to one member, who is given by name and card number.
pub fn worded(
    ctx: &Context,
    (channel, id): (Channel, DeliveryId),
    message: &MessageDraft,
    (name, card_number): (Option<&str>, &str),
) -> Rendered {
    let link = || consent::opt_out_link(ctx, channel, id);
    message.render(&Variables {
        name,
        card_number,
        brand: &ctx.settings.brand_name,
        opt_out: message.has_opt_out_link().then(link).unwrap_or_default(),
    })
}
