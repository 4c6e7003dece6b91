//! Access tokens. Two families that do not touch each other: plain (`/cgi-bin/token`, a new one on each call) and stable
//! (the same one until five minutes before its end).

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::clock::beijing;
use crate::dice::Dice;
use crate::lock;

/// Seconds a token lives, and how long a replaced one stays usable.
pub(crate) const TOKEN_LIFE: Duration = Duration::seconds(7200);
const OVERLAP: Duration = Duration::seconds(300);
const FORCE_GAP: Duration = Duration::seconds(30);
const FORCED_A_DAY: u32 = 20;
const TOKEN_LETTERS: usize = 133;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Plain,
    Stable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Absent,
    Malformed,
    Unknown,
    Expired,
}

#[derive(Default)]
pub(crate) struct TokenBook(Mutex<Tokens>);

#[derive(Default)]
struct Tokens {
    usable: HashMap<String, Life>,
    plain: Option<String>,
    stable: Option<String>,
    forced: Forced,
}

#[derive(Clone, Copy)]
struct Life {
    ends_at: DateTime<Utc>,
    revoked: bool,
}

#[derive(Default)]
struct Forced {
    last_at: Option<DateTime<Utc>>,
    day: Option<NaiveDate>,
    today: u32,
}

impl TokenBook {
    /// `/cgi-bin/token`: always a new token; the one before lives five minutes more.
    pub fn plain(&self, dice: &Dice, now: DateTime<Utc>) -> (String, i64) {
        let mut tokens = lock(&self.0);
        if let Some(old) = tokens.plain.take() {
            tokens.shorten(&old, now + OVERLAP);
        }
        tokens.issue(Family::Plain, dice, now)
    }

    /// `/cgi-bin/stable_token`: the same token with falling seconds, until five minutes before its end.
    pub fn stable(&self, force: bool, dice: &Dice, now: DateTime<Utc>) -> (String, i64) {
        let mut tokens = lock(&self.0);
        let current = tokens.current_stable(now);
        let Some((token, left)) = current else { return tokens.issue(Family::Stable, dice, now) };
        if force && tokens.forced.take(now) {
            tokens.usable.remove(&token);
            return tokens.issue(Family::Stable, dice, now);
        }
        if left > OVERLAP {
            return (token, left.num_seconds());
        }
        tokens.shorten(&token, now + OVERLAP);
        tokens.issue(Family::Stable, dice, now)
    }

    pub fn check(&self, token: Option<&str>, now: DateTime<Utc>) -> Result<(), TokenFault> {
        let token = token.filter(|text| !text.is_empty()).ok_or(TokenFault::Absent)?;
        let well_formed =
            token.len() >= 64 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !well_formed {
            return Err(TokenFault::Malformed);
        }
        match lock(&self.0).usable.get(token) {
            None => Err(TokenFault::Unknown),
            Some(life) if life.revoked => Err(TokenFault::Unknown),
            Some(life) if now >= life.ends_at => Err(TokenFault::Expired),
            Some(_) => Ok(()),
        }
    }

    /// Makes every token void at once; the next fetch gives a new one. Answers how many were alive.
    pub fn revoke_all(&self, now: DateTime<Utc>) -> usize {
        let mut tokens = lock(&self.0);
        tokens.plain = None;
        tokens.stable = None;
        let alive = tokens.usable.values_mut().filter(|life| !life.revoked && now < life.ends_at);
        alive.map(|life| life.revoked = true).count()
    }

    /// Ends every token now, as if its two hours were over: 42001 instead of 40001.
    pub fn expire_all(&self, now: DateTime<Utc>) -> usize {
        let mut tokens = lock(&self.0);
        tokens.plain = None;
        tokens.stable = None;
        let alive = tokens.usable.values_mut().filter(|life| !life.revoked && now < life.ends_at);
        alive.map(|life| life.ends_at = now).count()
    }
}

impl Tokens {
    fn issue(&mut self, family: Family, dice: &Dice, now: DateTime<Utc>) -> (String, i64) {
        self.usable.retain(|_, life| now < life.ends_at + Duration::days(1));
        let token = format!("{}_{}", 80 + dice.up_to(19), dice.letters(TOKEN_LETTERS));
        self.usable.insert(token.clone(), Life { ends_at: now + TOKEN_LIFE, revoked: false });
        let current = match family {
            Family::Plain => &mut self.plain,
            Family::Stable => &mut self.stable,
        };
        *current = Some(token.clone());
        (token, TOKEN_LIFE.num_seconds())
    }

    fn shorten(&mut self, token: &str, ends_at: DateTime<Utc>) {
        if let Some(life) = self.usable.get_mut(token) {
            life.ends_at = life.ends_at.min(ends_at);
        }
    }

    fn current_stable(&self, now: DateTime<Utc>) -> Option<(String, Duration)> {
        let token = self.stable.as_ref()?;
        let life = self.usable.get(token)?;
        (now < life.ends_at).then(|| (token.clone(), life.ends_at - now))
    }
}

impl Forced {
    /// At most 20 a day and 30 seconds apart; anything sooner leaves the current token as it is.
    fn take(&mut self, now: DateTime<Utc>) -> bool {
        let today = beijing(now).date_naive();
        if self.day != Some(today) {
            self.day = Some(today);
            self.today = 0;
        }
        let too_soon = self.last_at.is_some_and(|at| now - at < FORCE_GAP);
        if too_soon || self.today >= FORCED_A_DAY {
            return false;
        }
        self.last_at = Some(now);
        self.today += 1;
        true
    }
}
