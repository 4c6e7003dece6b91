//! What one message costs: the parts of an SMS at the supplier's price, and the coupon that goes with it. Pure.

use entity::states::Channel;

use super::facts::Recipient;
use super::message::{MessageDraft, Rendered, Variables};
use crate::budget;
use crate::consent::{self, OptOutLink};
use crate::context::Context;
use crate::ids::DeliveryId;
use crate::policy::Policy;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    pub sms_segment_fen: i64,
    /// The supplier puts it before the text, in brackets.
    pub sign_name: String,
    pub brand: String,
    /// As long as every receiver's own.
    pub link: OptOutLink,
    pub coupon_fen: i64,
}

impl Prices {
    pub(super) fn of(ctx: &Context, policy: &Policy, coupon_fen: i64) -> Self {
        Self {
            sms_segment_fen: policy.sms_segment_fen,
            sign_name: ctx.settings.sms.sign_name.clone(),
            brand: ctx.settings.brand_name.clone(),
            link: consent::opt_out_link(ctx, Channel::Sms, DeliveryId(Default::default())),
            coupon_fen,
        }
    }

    /// For one member on one channel.
    pub fn cost_fen(&self, channel: Channel, message: &MessageDraft, recipient: &Recipient) -> i64 {
        self.coupon_fen + self.segments(channel, message, recipient) * self.sms_segment_fen
    }

    /// How many parts the member's SMS is charged as; 0 on other channels.
    pub fn segments(&self, channel: Channel, message: &MessageDraft, recipient: &Recipient) -> i64 {
        if channel != Channel::Sms {
            return 0;
        }
        let rendered = message.render(&Variables {
            name: recipient.name.as_deref(),
            card_number: &recipient.card_number,
            brand: &self.brand,
            opt_out: self.link.clone(),
        });
        i64::from(budget::segments(&sms_text(&self.sign_name, message, &rendered)))
    }
}

/// The text as it arrives: the signature, then the wording of the supplier's template with its places filled (`${name}` at
/// Aliyun, `{1}` at Tencent). A draft keeps that wording in `body`; without it only the parameters are known.
pub fn sms_text(sign_name: &str, message: &MessageDraft, rendered: &Rendered) -> String {
    let text = match &message.body {
        None => rendered.parameters.values().cloned().collect::<String>(),
        Some(_) => rendered.parameters.iter().enumerate().fold(
            rendered.body.clone(),
            |text, (index, (name, value))| {
                text.replace(&format!("${{{name}}}"), value).replace(&format!("{{{}}}", index + 1), value)
            },
        ),
    };
    if text.starts_with('【') || sign_name.is_empty() { text } else { format!("【{sign_name}】{text}") }
}
