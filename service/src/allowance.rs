//! So many of something in a window of time, counted in the shared state. The window is part of the key and is told by the
//! context's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};

/// Counters outlive their window by this much, so that clocks of several processes may differ.
const MARGIN: Duration = Duration::from_secs(60);

pub(crate) struct Allowance {
    key: String,
    limit: i64,
    ends_at: DateTime<Utc>,
}

impl Allowance {
    /// A window of fixed length, counted from the epoch.
    pub fn per(ctx: &Context, name: &str, limit: i64, seconds: i64) -> Self {
        let window = ctx.now().timestamp().div_euclid(seconds);
        let ends_at = DateTime::from_timestamp((window + 1) * seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Self { key: format!("allowance:{name}:{seconds}:{window}"), limit, ends_at }
    }

    /// A calendar day of the shop.
    pub fn per_day(ctx: &Context, name: &str, limit: i64) -> Self {
        let zone = ctx.settings.timezone;
        let today = calendar::local_date(ctx.now(), zone);
        let tomorrow = today.succ_opt().unwrap_or(today);
        let ends_at = calendar::start_of_day(tomorrow, zone);
        Self { key: format!("allowance:{name}:day:{today}"), limit, ends_at }
    }

    /// Takes one, or says when the window ends.
    pub async fn take(&self, ctx: &Context) -> Result<()> {
        let left = (self.ends_at - ctx.now()).to_std().unwrap_or_default();
        let taken = ctx.shared.increment(&self.key, 1, left + MARGIN).await?;
        if taken <= self.limit { Ok(()) } else { Err(Error::RateLimited { retry_after: left }) }
    }

    /// Gives back one that was taken.
    pub async fn give_back(&self, ctx: &Context) -> Result<()> {
        ctx.shared.increment(&self.key, -1, MARGIN).await?;
        Ok(())
    }
}

/// Counts a sign-in of any kind against the client's address.
pub(crate) async fn count_attempt(ctx: &Context, address: &str) -> Result<()> {
    let limit = ctx.settings.sign_in.attempts_per_address_per_minute;
    Allowance::per(ctx, &format!("sign-in:{address}"), limit, 60).take(ctx).await
}
