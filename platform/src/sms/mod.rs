//! Text messages through whichever provider the shop has an account with.
//!
//! One message to one number per call, so that each has its own answer. There is no idempotency key at either
//! provider: a send whose answer was not heard must not be repeated.

pub mod acs3;
mod aliyun;
mod phone;
pub mod receipt;
mod signature;
pub mod tc3;
mod template;
mod tencent;
mod trouble;

pub use aliyun::AliyunSettings;
pub use receipt::{SmsReceipt, SmsReply, is_opt_out};
pub use signature::{SmsSignature, SmsSignatureState};
pub use template::{SmsTemplate, SmsTemplateKind, SmsTemplateState};
pub use tencent::TencentSettings;
pub use trouble::{SmsTrouble, is_account, trouble};

use crate::{Now, Result};
use async_trait::async_trait;
use std::sync::Arc;

/// The providers' names, as settings and rows have them.
pub const TENCENT: &str = "tencent";
pub const ALIYUN: &str = "aliyun";

/// Template parameters are ordered: Tencent fills its template by position, Aliyun by name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SmsMessage {
    /// Eleven digits, or E.164 with its plus sign.
    pub phone: String,
    pub template: String,
    /// The settings' own if absent.
    pub sign_name: Option<String>,
    pub params: Vec<(String, String)>,
    /// Comes back with the receipt.
    pub out_id: Option<String>,
}

opaque_debug!(SmsMessage);

/// Accepted by the provider; whether it arrived comes later as a receipt with this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsSent {
    pub message_id: String,
    /// How many messages were charged, where the provider says so.
    pub fee: Option<u32>,
}

#[async_trait]
pub trait Sms: Send + Sync {
    fn provider(&self) -> &'static str;

    async fn send(&self, message: &SmsMessage) -> Result<SmsSent>;

    /// The account's templates for the mainland, whatever the supplier thinks of them; the newest 1,000 at most. Only reads.
    async fn templates(&self) -> Result<Vec<SmsTemplate>>;

    /// What the supplier thinks of the settings' signature; None where the settings don't say enough to ask. Only reads.
    async fn signature(&self) -> Result<Option<SmsSignature>>;
}

#[derive(Debug, Clone)]
pub enum SmsSettings {
    Tencent(TencentSettings),
    Aliyun(AliyunSettings),
}

pub fn connect(settings: SmsSettings, now: Now) -> Result<Arc<dyn Sms>> {
    Ok(match settings {
        SmsSettings::Tencent(settings) => Arc::new(tencent::Tencent::new(settings, now)?),
        SmsSettings::Aliyun(settings) => Arc::new(aliyun::Aliyun::new(settings, now)?),
    })
}

/// The provider's own code, cut to what a code may be: it goes into logs.
fn clean_code(code: &str) -> String {
    const MAX_CODE_CHARS: usize = 64;
    code.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        .take(MAX_CODE_CHARS)
        .collect()
}
