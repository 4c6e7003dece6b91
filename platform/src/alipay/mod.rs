use crate::{Now, Result, error::shape};
use std::time::Duration;
pub struct AlipaySettings {
    pub gateway_url: String,
    pub app_id: String,
    pub private_key_pem: String,
    pub alipay_public_key_pem: String,
    pub aes_key: Option<String>,
    pub timeout: Duration,
}
pub struct Alipay {}
pub struct AlipayUser {
    pub open_id: Option<String>,
    pub user_id: Option<String>,
    pub union_id: Option<String>,
}
impl AlipayUser {
    pub fn subject(&self) -> Option<&str> {
        self.open_id.as_deref()
    }
}
impl Alipay {
    pub fn new(_: AlipaySettings, _: Now) -> Result<Self> {
        shape()
    }
    pub async fn oauth_token(&self, _auth_code: &str) -> Result<AlipayUser> {
        shape()
    }
    pub fn decrypt_phone(&self, _response_json: &str) -> Result<String> {
        shape()
    }
}
