use crate::{Now, Result, error::shape};
use std::{sync::Arc, time::Duration};
pub mod receipt;
pub struct SmsMessage {
    pub phone: String,
    pub template: String,
    pub sign_name: Option<String>,
    pub params: Vec<(String, String)>,
    pub out_id: Option<String>,
}
pub struct SmsSent {
    pub message_id: String,
    pub fee: Option<u32>,
}
#[async_trait::async_trait]
pub trait Sms: Send + Sync {
    fn provider(&self) -> &'static str;
    async fn send(&self, message: &SmsMessage) -> Result<SmsSent>;
}
pub struct TencentSettings {
    pub base_url: String,
    pub secret_id: String,
    pub secret_key: String,
    pub sdk_app_id: String,
    pub sign_name: String,
    pub region: String,
    pub timeout: Duration,
}
pub struct AliyunSettings {
    pub base_url: String,
    pub access_key_id: String,
    pub access_key_secret: String,
    pub sign_name: String,
    pub timeout: Duration,
}
pub enum SmsSettings {
    Tencent(TencentSettings),
    Aliyun(AliyunSettings),
}
pub fn connect(_settings: SmsSettings, _now: Now) -> Result<Arc<dyn Sms>> {
    shape()
}
