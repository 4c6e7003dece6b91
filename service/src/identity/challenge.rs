//! Challenges: something random that a device signs, made for one ceremony, taken once, dead after five minutes. Kept in the shared state;
//! where that is lost, the ceremony begins again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::refusal::Refusal;

const LIFE: Duration = Duration::from_secs(300);

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    expires_at: DateTime<Utc>,
    state: T,
}

/// The name under which `state` waits for the device's answer.
pub(super) async fn keep(ctx: &Context, kind: &str, state: &impl Serialize) -> Result<String> {
    let id = crypto::random_token();
    let kept = Kept { expires_at: ctx.now() + LIFE, state };
    let text = serde_json::to_string(&kept).map_err(Error::internal)?;
    // Longer than it is good, as processes' clocks may differ.
    ctx.shared.set(&key(kind, &id), &text, 2 * LIFE).await?;
    Ok(id)
}

/// Takes it; of two answers at once one gets it.
///
/// # Refuses
/// `challenge_expired`
pub(super) async fn take<T: DeserializeOwned>(ctx: &Context, kind: &str, id: &str) -> Result<T> {
    let key = key(kind, id);
    let text = ctx.shared.get(&key).await?.ok_or(Refusal::ChallengeExpired)?;
    if !ctx.shared.remove_if(&key, &text).await? {
        return Err(Refusal::ChallengeExpired.into());
    }
    let kept: Kept<T> = serde_json::from_str(&text).map_err(Error::internal)?;
    if kept.expires_at <= ctx.now() {
        return Err(Refusal::ChallengeExpired.into());
    }
    Ok(kept.state)
}

/// Of what came from outside only a hash goes into the key.
fn key(kind: &str, id: &str) -> String {
    format!("challenge:{kind}:{}", crypto::sha256_hex(id.as_bytes()))
}
