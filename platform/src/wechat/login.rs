//! Who is at the phone: the login code and the phone code, each good for one exchange.

use super::{WeChat, errcode};
use crate::http::{Answer, Effect};
use crate::{Result, flexible};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a login code was worth. The session key must never leave the server.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    pub openid: String,
    #[serde(default, deserialize_with = "flexible::de_optional_text")]
    pub unionid: Option<String>,
    pub session_key: String,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct PhoneNumber {
    #[serde(rename = "countryCode", deserialize_with = "flexible::de_text")]
    pub country_code: String,
    /// Without the country code.
    #[serde(rename = "purePhoneNumber", deserialize_with = "flexible::de_text")]
    pub pure_number: String,
}

opaque_debug!(Session, PhoneNumber);

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneNumber,
}

impl WeChat {
    /// Redeems the code of `wx.login`. Authenticates with the AppSecret, so no access token is involved.
    pub async fn code_to_session(&self, code: &str) -> Result<Session> {
        let query = [
            ("appid", self.settings.appid.as_str()),
            ("secret", self.settings.secret.as_str()),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        let url = self.url("/sns/jscode2session", &query)?;
        let answer = self.http.send(self.http.client.get(url), Effect::Once).await?;
        let value = answer.json()?;
        errcode::check(&value, self.http.now())?;
        let session: Session = read(value, &answer)?;
        if session.openid.is_empty() {
            return Err(answer.unreadable());
        }
        Ok(session)
    }

    /// Redeems the code of the phone button. Given the openid, WeChat also checks that the code is that person's.
    pub async fn phone_number(&self, phone_code: &str, openid: Option<&str>) -> Result<PhoneNumber> {
        let mut body = json!({ "code": phone_code });
        if let Some(openid) = openid {
            body["openid"] = openid.into();
        }
        let (value, answer) = self.post("/wxa/business/getuserphonenumber", &body, Effect::Once).await?;
        Ok(read::<PhoneAnswer>(value, &answer)?.phone_info)
    }
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(value: Value, answer: &Answer) -> Result<T> {
    serde_json::from_value(value).map_err(|_| answer.unreadable())
}
