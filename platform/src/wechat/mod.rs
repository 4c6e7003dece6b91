pub mod callback;
pub mod template;
use crate::{Now, Result, error::shape, token_store::TokenStore};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
pub struct WeChatSettings {
    pub base_url: String,
    pub appid: String,
    pub secret: String,
    pub timeout: Duration,
    pub miniprogram_state: String,
    pub lang: String,
}
pub struct WeChat {}
pub struct Session {
    pub openid: String,
    pub unionid: Option<String>,
    pub session_key: String,
}
pub struct PhoneNumber {
    pub country_code: String,
    pub pure_number: String,
}
pub struct SubscribeMessage {
    pub touser: String,
    pub template_id: String,
    pub page: Option<String>,
    pub data: BTreeMap<String, String>,
}
pub struct Sent {
    pub msgid: Option<String>,
}
#[derive(Debug, Clone)]
pub struct Template {
    pub id: String,
    pub title: String,
    pub content: String,
    pub example: String,
    pub kind: i32,
}
impl WeChat {
    pub fn new(_: WeChatSettings, _: Arc<dyn TokenStore>, _: Now) -> Result<Self> {
        Ok(Self {})
    }
    pub async fn code_to_session(&self, _code: &str) -> Result<Session> {
        shape()
    }
    pub async fn phone_number(&self, _phone_code: &str, _openid: Option<&str>) -> Result<PhoneNumber> {
        shape()
    }
    pub async fn send_subscribe(&self, _message: &SubscribeMessage) -> Result<Sent> {
        shape()
    }
    pub async fn templates(&self) -> Result<Vec<Template>> {
        shape()
    }
}
