//! The mini-program side of WeChat.
//!
//! Every call with an access token goes through [`WeChat::call`]: a token WeChat refuses is dropped, a new one
//! fetched, and the call made exactly once more. Nothing else is ever retried here.

pub mod callback;
mod code;
mod content;
mod errcode;
mod event;
mod login;
mod soter;
mod subscribe;
pub mod template;
mod token;
mod xml;

pub use code::{Rgb, UnlimitedCode};
pub use content::{ContentCheck, ContentDetail, ContentScene, ContentVerdict, Suggestion};
pub use event::{Event, SentItem, SubscriptionItem};
pub use login::{PhoneNumber, Session};
pub use subscribe::{Sent, SubscribeMessage};
pub use template::Template;

use crate::http::{Answer, Effect, Http, base_url};
use crate::token_store::TokenStore;
use crate::{Error, Now, Result};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use token::Tokens;

#[derive(Clone)]
pub struct WeChatSettings {
    pub base_url: String,
    pub appid: String,
    pub secret: String,
    /// For one whole exchange, from connecting to the last byte.
    pub timeout: Duration,
    /// `formal`, `trial` or `developer`: which version a message opens.
    pub miniprogram_state: String,
    /// `zh_CN`, `zh_HK`, `zh_TW` or `en_US`.
    pub lang: String,
}

/// A client of one mini-program. Cheap to share behind an `Arc`; it keeps its connections open.
pub struct WeChat {
    http: Http,
    base_url: String,
    settings: WeChatSettings,
    tokens: Tokens,
}

opaque_debug!(WeChatSettings, WeChat);

/// A call that carries an access token.
struct Call<'a> {
    path: &'a str,
    /// POST with this JSON, or GET without.
    body: Option<Bytes>,
    effect: Effect,
}

enum Reply {
    Json(Value, Answer),
    Binary(Bytes),
}

impl WeChat {
    pub fn new(settings: WeChatSettings, tokens: Arc<dyn TokenStore>, now: Now) -> Result<Self> {
        let base_url = base_url(&settings.base_url)?;
        let http = Http::new(settings.timeout, now)?;
        let tokens = Tokens::new(http.clone(), &base_url, &settings, tokens);
        Ok(Self { http, base_url, settings, tokens })
    }

    /// Whether WeChat takes the AppID, the AppSecret and this server's address; nothing else comes of it.
    pub async fn prove_credentials(&self) -> Result<()> {
        self.tokens.prove().await
    }

    async fn get(&self, path: &str) -> Result<(Value, Answer)> {
        json_reply(self.call(&Call { path, body: None, effect: Effect::Read }).await?)
    }

    async fn post(&self, path: &str, body: &impl Serialize, effect: Effect) -> Result<(Value, Answer)> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Error::new(crate::Class::Permanent, "request", "the request could not be built"))?;
        json_reply(self.call(&Call { path, body: Some(body.into()), effect }).await?)
    }

    async fn call(&self, call: &Call<'_>) -> Result<Reply> {
        let token = self.tokens.current().await?;
        match self.attempt(call, &token).await {
            Err(error) if errcode::is_stale_token(&error) => {
                self.tokens.discard(&token).await;
                let fresh = self.tokens.current().await?;
                self.attempt(call, &fresh).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, call: &Call<'_>, token: &str) -> Result<Reply> {
        let url = self.url(call.path, &[("access_token", token)])?;
        let request = match &call.body {
            None => self.http.client.get(url),
            Some(body) => {
                self.http.client.post(url).header("content-type", "application/json").body(body.clone())
            }
        };
        let answer = self.http.send(request, call.effect).await?;
        if is_image(&answer) {
            return Ok(Reply::Binary(answer.body));
        }
        let value = answer.json()?;
        errcode::check(&value, self.http.now())?;
        envelope(value, answer)
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<url::Url> {
        url::Url::parse_with_params(&format!("{}{path}", self.base_url), query)
            .map_err(|_| Error::setting("the base URL is not a URL"))
    }
}

/// A JSON object that came with an HTTP failure and no `errcode` is some gateway's, not WeChat's.
fn envelope(value: Value, answer: Answer) -> Result<Reply> {
    if !value.is_object() || (!answer.status.is_success() && value.get("errcode").is_none()) {
        return Err(answer.unreadable());
    }
    Ok(Reply::Json(value, answer))
}

/// By the first bytes, because the content type is not promised: JPEG, or PNG for a transparent code.
fn is_image(answer: &Answer) -> bool {
    answer.status.is_success()
        && (answer.body.starts_with(b"\xff\xd8") || answer.body.starts_with(b"\x89PNG"))
}

fn json_reply(reply: Reply) -> Result<(Value, Answer)> {
    match reply {
        Reply::Json(value, answer) => Ok((value, answer)),
        Reply::Binary(_) => {
            Err(Error::new(crate::Class::Unknown, "unreadable", "an image where JSON was due"))
        }
    }
}
