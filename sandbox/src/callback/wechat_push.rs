//! One WeChat push on the wire: the signed address and the plain, doubled or encrypted body; and the check of a URL.

use serde_json::{Value, json};

use crate::callback::cipher;
use crate::callback::client::{Client, Outgoing};
use crate::dice::Dice;
use crate::settings::{CallbackFormat, CallbackMode, CallbackTarget, WeChatAccount};

pub(crate) struct Envelope<'a> {
    pub account: &'a WeChatAccount,
    pub target: &'a CallbackTarget,
    pub openid: &'a str,
    pub content: &'a str,
    /// Signed by somebody who does not know the token.
    pub stranger: bool,
}

impl Envelope<'_> {
    /// `None` when the target's key is not usable.
    pub fn outgoing(&self, dice: &Dice, seconds: i64) -> Option<Outgoing> {
        let (timestamp, nonce) = (seconds.to_string(), dice.digits(9));
        let token = if self.stranger { "not-the-token" } else { self.target.token.as_str() };
        let mut query = vec![
            ("signature", cipher::seal(&[token, &timestamp, &nonce])),
            ("timestamp", timestamp.clone()),
            ("nonce", nonce.clone()),
            ("openid", self.openid.to_owned()),
        ];
        let body = if self.target.mode == CallbackMode::Plain {
            self.content.to_owned()
        } else {
            let encrypted = self.encrypted(dice)?;
            query.push(("encrypt_type", "aes".into()));
            query.push(("msg_signature", cipher::seal(&[token, &timestamp, &nonce, &encrypted])));
            self.encrypted_body(&encrypted)
        };
        let content_type = match self.target.format {
            CallbackFormat::Json => "application/json",
            CallbackFormat::Xml => "text/xml",
        };
        Some(Outgoing { url: with_query(&self.target.url, &query)?, content_type, body: body.into() })
    }

    fn encrypted(&self, dice: &Dice) -> Option<String> {
        let key = cipher::decode_key(self.target.aes_key.as_deref()?)?;
        let mut random = [0u8; 16];
        random.copy_from_slice(dice.hex(16).as_bytes().get(..16)?);
        cipher::encrypt(&key, random, self.content, &self.account.appid)
    }

    /// The compatible mode keeps the plain fields beside the cipher.
    fn encrypted_body(&self, encrypted: &str) -> String {
        let receiver = &self.account.original_id;
        let compatible = self.target.mode == CallbackMode::Compatible;
        match self.target.format {
            CallbackFormat::Json => {
                let mut body = json!({ "ToUserName": receiver });
                if compatible && let Ok(plain @ Value::Object(_)) = serde_json::from_str(self.content) {
                    body = plain;
                }
                body["Encrypt"] = json!(encrypted);
                body.to_string()
            }
            CallbackFormat::Xml => {
                let cipher = format!("<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
                match self.content.strip_suffix("</xml>").filter(|_| compatible) {
                    Some(open) => format!("{open}{cipher}"),
                    None => format!("<xml><ToUserName><![CDATA[{receiver}]]></ToUserName>{cipher}"),
                }
            }
        }
    }
}

/// `success`, nothing, or an encrypted reply settle a push; anything else counts as garbage.
pub(crate) fn is_settled(status: u16, body: &str) -> bool {
    let body = body.trim();
    status == 200 && (body.is_empty() || body == "success" || body.contains("Encrypt"))
}

/// The `GET` that the platform sends before it accepts a callback address: the answer must be the bare `echostr`.
pub(crate) async fn verify(
    client: &Client,
    target: &CallbackTarget,
    dice: &Dice,
    seconds: i64,
) -> Result<(), String> {
    if target.mode != CallbackMode::Plain && target.aes_key.as_deref().and_then(cipher::decode_key).is_none()
    {
        return Err("aes_key must have 43 characters in the compatible and safe modes".into());
    }
    let (timestamp, nonce, echo) = (seconds.to_string(), dice.digits(9), dice.digits(19));
    let query = [
        ("signature", cipher::seal(&[&target.token, &timestamp, &nonce])),
        ("timestamp", timestamp),
        ("nonce", nonce),
        ("echostr", echo.clone()),
    ];
    let url = with_query(&target.url, &query).ok_or("url is not a plain http address")?;
    let (status, body) =
        client.get(&url).await.map_err(|error| format!("the address does not answer: {error:#}"))?;
    if status == 200 && body == echo {
        Ok(())
    } else {
        Err(format!("the address answered {status} and not the echostr"))
    }
}

fn with_query(url: &str, query: &[(&str, String)]) -> Option<String> {
    let mut url = url::Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
    Some(url.into())
}
