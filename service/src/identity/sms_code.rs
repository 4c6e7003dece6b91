//! SMS codes in the shared state: one live code per phone, kept as a keyed hash, dead after a few wrong tries, used once.
//!
//! The value is replaced or removed only if it is still the one that was read, so of two requests at once one counts first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::allowance::Allowance;
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::refusal::Refusal;
use crate::session::Client;

const DIGITS: usize = 6;
const HOUR_SECONDS: i64 = 3600;
/// How often a check is taken up again because another request changed the code meanwhile.
const RACES: usize = 16;

#[derive(Serialize, Deserialize)]
struct StoredCode {
    hash: String,
    expires_at: DateTime<Utc>,
    wrong_tries: i64,
}

/// The right to send one code to a phone now; given back when the code could not be sent.
pub(super) struct SendPermit {
    gap_key: String,
    gap: String,
    counted: Vec<Allowance>,
}

impl SendPermit {
    /// Takes the resend gap first: somebody who taps too early must not use up the day.
    pub async fn take(ctx: &Context, phone: &Phone, client: &Client) -> Result<Self> {
        let index = phone.index(ctx);
        let (gap_key, gap) = take_gap(ctx, &index).await?;
        let mut permit = Self { gap_key, gap, counted: Vec::new() };
        let settings = &ctx.settings.sign_in;
        let of_address = format!("sms:{}", client.address);
        let of_device =
            client.device_id.as_ref().map(|id| format!("sms-device:{}", crypto::sha256_hex(id.as_bytes())));
        let of_device = of_device.map(|name| Allowance::per_day(ctx, &name, settings.sms_per_device_per_day));
        let others = [
            Allowance::per(ctx, &of_address, settings.sms_per_address_per_hour, HOUR_SECONDS),
            Allowance::per_day(ctx, &format!("sms:{index}"), settings.sms_per_phone_per_day),
        ];
        for allowance in of_device.into_iter().chain(others) {
            let taken = allowance.take(ctx).await;
            permit.counted.push(allowance);
            if let Err(error) = taken {
                permit.give_back(ctx).await?;
                return Err(error);
            }
        }
        Ok(permit)
    }

    pub async fn give_back(self, ctx: &Context) -> Result<()> {
        ctx.shared.remove_if(&self.gap_key, &self.gap).await?;
        for allowance in &self.counted {
            allowance.give_back(ctx).await?;
        }
        Ok(())
    }
}

/// Until when no other code goes to this phone.
async fn take_gap(ctx: &Context, index: &str) -> Result<(String, String)> {
    let now = ctx.now();
    let length = ctx.settings.sign_in.sms_resend_seconds;
    let key = format!("sms-gap:{index}");
    let until = now + chrono::Duration::seconds(length);
    let gap = until.to_rfc3339();
    let taken = match ctx.shared.get(&key).await? {
        None => ctx.shared.set_if_absent(&key, &gap, seconds(length)).await?,
        Some(standing) => {
            let ends = standing.parse::<DateTime<Utc>>().unwrap_or(now);
            if ends > now {
                return Err(Error::RateLimited { retry_after: (ends - now).to_std().unwrap_or_default() });
            }
            ctx.shared.replace_if(&key, &standing, &gap, seconds(length)).await?
        }
    };
    if taken { Ok((key, gap)) } else { Err(Error::RateLimited { retry_after: seconds(length) }) }
}

/// A new code for the phone; an older one is dead from here on.
pub(super) async fn make(ctx: &Context, phone: &Phone) -> Result<String> {
    let index = phone.index(ctx);
    let code = crypto::random_digits(DIGITS);
    let stored = StoredCode {
        hash: hash(ctx, &index, &code),
        expires_at: ctx.now() + chrono::Duration::seconds(ctx.settings.sign_in.sms_code_seconds),
        wrong_tries: 0,
    };
    ctx.shared.set(&key(&index), &encode(&stored)?, kept(ctx)).await?;
    Ok(code)
}

/// Uses the code up.
///
/// # Refuses
/// `sms_code_wrong`, `sms_code_expired`, `sms_code_tries_exceeded`
pub(super) async fn take(ctx: &Context, phone: &Phone, code: &str) -> Result<()> {
    let index = phone.index(ctx);
    let key = key(&index);
    for _ in 0..RACES {
        let text = ctx.shared.get(&key).await?.ok_or(Refusal::SmsCodeExpired)?;
        let mut stored: StoredCode = serde_json::from_str(&text).map_err(Error::internal)?;
        check_alive(ctx, &stored)?;
        if crypto::constant_time_eq(stored.hash.as_bytes(), hash(ctx, &index, code).as_bytes()) {
            if ctx.shared.remove_if(&key, &text).await? {
                return Ok(());
            }
        } else {
            stored.wrong_tries += 1;
            if ctx.shared.replace_if(&key, &text, &encode(&stored)?, kept(ctx)).await? {
                check_alive(ctx, &stored)?;
                return Err(Refusal::SmsCodeWrong.into());
            }
        }
    }
    Err(Error::RateLimited { retry_after: Duration::from_secs(1) })
}

fn check_alive(ctx: &Context, stored: &StoredCode) -> Result<()> {
    if stored.expires_at <= ctx.now() {
        return Err(Refusal::SmsCodeExpired.into());
    }
    if stored.wrong_tries >= ctx.settings.sign_in.sms_wrong_tries {
        return Err(Refusal::SmsCodeTriesExceeded.into());
    }
    Ok(())
}

fn key(index: &str) -> String {
    format!("sms-code:{index}")
}

fn hash(ctx: &Context, index: &str, code: &str) -> String {
    ctx.keys.index("sms_code", &format!("{index}:{code}"))
}

fn encode(stored: &StoredCode) -> Result<String> {
    serde_json::to_string(stored).map_err(Error::internal)
}

/// Longer than the code is good, so that a code that came too late is told from one that never was.
fn kept(ctx: &Context) -> Duration {
    seconds(ctx.settings.sign_in.sms_code_seconds * 2)
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
