//! Text messages through one of several suppliers.
//!
//! Each message picks its supplier by a weighted hash, so that shares hold and a message that is tried again begins with the same
//! one. A refusal that surely had no effect and is the supplier's trouble goes to the next supplier within the same send; an answer
//! that was never heard goes nowhere. A supplier that fails too often is left out until a probe succeeds. Signs-in and campaigns use
//! the same way.

mod health;
pub mod rules;
mod send;

pub use send::{Failed, Letter, NO_SUPPLIER, NO_TEMPLATE, Sent, send};

use crate::settings::Settings;

/// The template of the sign-in's code message at each supplier.
pub fn sign_in_templates(settings: &Settings) -> Vec<(&'static str, &str)> {
    [
        (platform::sms::TENCENT, settings.tencent_sms.sign_in_template.as_str()),
        (platform::sms::ALIYUN, settings.aliyun_sms.sign_in_template.as_str()),
    ]
    .map(|(supplier, own)| {
        (supplier, if own.is_empty() { settings.sign_in.sms_template.as_str() } else { own })
    })
    .to_vec()
}
