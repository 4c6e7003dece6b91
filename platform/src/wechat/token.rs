//! The access token: one per account, shared between processes, fetched by one caller at a time.
//!
//! Read order: this process's memory, the shared store, WeChat. Inside the process a mutex makes concurrent
//! callers wait for one fetch and share its outcome, good or bad. Between processes a lock in the store does
//! the same; a process that waits too long for another fetches itself, which is harmless because the stable
//! token API hands the same token to everybody. A store that does not answer costs only extra fetches.

use super::{WeChatSettings, errcode};
use crate::http::{Effect, Http};
use crate::token_store::TokenStore;
use crate::{Error, Result, crypto, flexible};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// WeChat gives out the next token 300 s before the end of the present one; both work meanwhile.
const MARGIN: Duration = Duration::from_secs(300);
/// A token found in the store has an unknown rest of life there: ask the store again soon.
const STORED_REUSE: Duration = Duration::from_secs(10);
/// Longer than a fetch takes, short enough that a crashed holder is soon forgotten.
const LOCK_TTL: Duration = Duration::from_secs(10);
const POLL_EVERY: Duration = Duration::from_millis(100);
const POLLS: u32 = 20;

pub(super) struct Tokens {
    http: Http,
    url: String,
    appid: String,
    secret: String,
    store: Arc<dyn TokenStore>,
    key: String,
    lock_key: String,
    memory: Mutex<Option<Held>>,
    /// Guards fetching; holds the failure of the last round for those who waited through it.
    turn: tokio::sync::Mutex<Option<Error>>,
    /// Counts finished rounds, so that a waiter knows one ended while it waited.
    rounds: AtomicU64,
}

struct Held {
    token: Arc<str>,
    until: DateTime<Utc>,
}

impl Tokens {
    pub fn new(http: Http, base_url: &str, settings: &WeChatSettings, store: Arc<dyn TokenStore>) -> Self {
        let key = format!("wechat:token:{}", settings.appid);
        Self {
            http,
            url: format!("{base_url}/cgi-bin/stable_token"),
            appid: settings.appid.clone(),
            secret: settings.secret.clone(),
            store,
            lock_key: format!("{key}:refresh"),
            key,
            memory: Mutex::new(None),
            turn: tokio::sync::Mutex::new(None),
            rounds: AtomicU64::new(0),
        }
    }

    pub async fn current(&self) -> Result<Arc<str>> {
        if let Some(token) = self.remembered() {
            return Ok(token);
        }
        let seen = self.rounds.load(Ordering::Acquire);
        let mut failure = self.turn.lock().await;
        if let Some(token) = self.remembered() {
            return Ok(token);
        }
        if self.rounds.load(Ordering::Acquire) != seen
            && let Some(error) = failure.as_ref()
        {
            return Err(error.clone());
        }
        let outcome = self.obtain().await;
        *failure = outcome.as_ref().err().cloned();
        self.rounds.fetch_add(1, Ordering::AcqRel);
        outcome
    }

    /// Asks WeChat for the token whatever is remembered, which proves the AppSecret. It is the same token while that lasts.
    pub async fn prove(&self) -> Result<()> {
        self.fetch().await.map(|_| ())
    }

    /// Forgets a token WeChat refused, unless it has been replaced meanwhile.
    pub async fn discard(&self, refused: &str) {
        self.memory().take_if(|held| &*held.token == refused);
        if let Err(error) = self.store.remove_if(&self.key, refused).await {
            tracing::warn!(code = %error.code, "the refused WeChat token could not be removed from the store");
        }
    }

    async fn obtain(&self) -> Result<Arc<str>> {
        if let Some(token) = self.stored().await {
            return Ok(self.remember(&token, STORED_REUSE));
        }
        let ticket = crypto::nonce();
        if !self.store.put_if_absent(&self.lock_key, &ticket, LOCK_TTL).await.unwrap_or(true)
            && let Some(token) = self.await_other_process().await
        {
            return Ok(self.remember(&token, STORED_REUSE));
        }
        let fetched = self.fetch().await;
        // Left to its short life if the store is away.
        let _ = self.store.remove_if(&self.lock_key, &ticket).await;
        fetched
    }

    async fn await_other_process(&self) -> Option<String> {
        for _ in 0..POLLS {
            tokio::time::sleep(POLL_EVERY).await;
            if let Some(token) = self.stored().await {
                return Some(token);
            }
        }
        None
    }

    async fn fetch(&self) -> Result<Arc<str>> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": false,
        });
        let answer = self.http.send(self.http.client.post(&self.url).json(&body), Effect::Read).await?;
        let value = answer.json()?;
        errcode::check_credentials(&value, self.http.now())?;
        let token =
            value.get("access_token").and_then(|token| token.as_str()).filter(|token| !token.is_empty());
        let life =
            value.get("expires_in").and_then(flexible::integer).and_then(|life| u64::try_from(life).ok());
        let (Some(token), Some(life)) = (token, life) else { return Err(answer.unreadable()) };
        let usable = usable_life(Duration::from_secs(life));
        if let Err(error) = self.store.put(&self.key, token, usable).await {
            tracing::warn!(code = %error.code, "the WeChat token could not be put into the store");
        }
        Ok(self.remember(token, usable))
    }

    async fn stored(&self) -> Option<String> {
        match self.store.get(&self.key).await {
            Ok(token) => token.filter(|token| !token.is_empty()),
            Err(error) => {
                tracing::warn!(code = %error.code, "the token store could not be read");
                None
            }
        }
    }

    fn remembered(&self) -> Option<Arc<str>> {
        let now = self.http.now();
        self.memory().as_ref().filter(|held| now < held.until).map(|held| held.token.clone())
    }

    fn remember(&self, token: &str, life: Duration) -> Arc<str> {
        let token: Arc<str> = token.into();
        let until = self.http.now() + TimeDelta::from_std(life).unwrap_or(TimeDelta::zero());
        *self.memory() = Some(Held { token: token.clone(), until });
        token
    }

    fn memory(&self) -> MutexGuard<'_, Option<Held>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to the margin before the end; a token near its end is still used for half of its rest.
fn usable_life(life: Duration) -> Duration {
    (life - MARGIN.min(life / 2)).max(Duration::from_secs(1))
}
