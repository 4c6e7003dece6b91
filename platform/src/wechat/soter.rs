//! SOTER: whether a phone's chip signed what it is said to have signed.

use serde_json::json;

use super::WeChat;
use crate::Result;
use crate::http::Effect;

impl WeChat {
    /// `json` is `resultJSON` exactly as the phone gave it. False is an ordinary answer: the signature is not the chip's.
    pub async fn verify_soter(&self, openid: &str, json: &str, signature: &str) -> Result<bool> {
        let body = json!({ "openid": openid, "json_string": json, "json_signature": signature });
        let (value, _) = self.post("/cgi-bin/soter/verify_signature", &body, Effect::Read).await?;
        Ok(value["is_ok"].as_bool().unwrap_or(false))
    }
}
