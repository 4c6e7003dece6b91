//! One-time codes of the client side: `wx.login`, the phone button, `my.getAuthCode`. Five minutes, one use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};

use crate::dice::Dice;
use crate::lock;
use crate::world::person::Person;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CodeKind {
    Login,
    Phone,
    AlipayAuth,
    AlipayRefresh,
}

pub(crate) struct IssuedCode {
    pub person: Arc<Person>,
    pub appid: String,
    pub expires_at: DateTime<Utc>,
    used: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CodeFault {
    Unknown,
    Expired,
    Used,
    OtherApp,
}

#[derive(Default)]
pub(crate) struct CodeBook(Mutex<Codes>);

#[derive(Default)]
struct Codes {
    issued: HashMap<(CodeKind, String), IssuedCode>,
    swept_at: usize,
}

impl CodeKind {
    fn life(self) -> Duration {
        match self {
            Self::AlipayRefresh => Duration::days(30),
            _ => Duration::minutes(5),
        }
    }

    fn text(self, dice: &Dice) -> String {
        match self {
            Self::Login => format!("0{}", dice.letters(31)),
            Self::Phone => dice.hex(64),
            Self::AlipayAuth => dice.hex(32),
            Self::AlipayRefresh => format!("authbseB{}", dice.hex(32)),
        }
    }
}

impl CodeBook {
    pub fn issue(&self, kind: CodeKind, person: &Arc<Person>, stage: Stage<'_>) -> (String, DateTime<Utc>) {
        let code = kind.text(stage.dice);
        let expires_at = stage.now + kind.life();
        let issued =
            IssuedCode { person: Arc::clone(person), appid: stage.appid.to_owned(), expires_at, used: false };
        let mut codes = lock(&self.0);
        codes.sweep(stage.now);
        codes.issued.insert((kind, code.clone()), issued);
        (code, expires_at)
    }

    /// Looks at a code without using it up.
    pub fn holder(&self, kind: CodeKind, code: &str, now: DateTime<Utc>) -> Result<Arc<Person>, CodeFault> {
        let codes = lock(&self.0);
        let issued = codes.issued.get(&(kind, code.to_owned())).ok_or(CodeFault::Unknown)?;
        issued.check(None, now)?;
        Ok(Arc::clone(&issued.person))
    }

    pub fn redeem(
        &self,
        kind: CodeKind,
        code: &str,
        appid: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Person>, CodeFault> {
        let mut codes = lock(&self.0);
        let issued = codes.issued.get_mut(&(kind, code.to_owned())).ok_or(CodeFault::Unknown)?;
        issued.check(Some(appid), now)?;
        issued.used = true;
        Ok(Arc::clone(&issued.person))
    }
}

/// Where and when a code is issued.
pub(crate) struct Stage<'a> {
    pub appid: &'a str,
    pub dice: &'a Dice,
    pub now: DateTime<Utc>,
}

impl IssuedCode {
    fn check(&self, appid: Option<&str>, now: DateTime<Utc>) -> Result<(), CodeFault> {
        if self.used {
            return Err(CodeFault::Used);
        }
        if now >= self.expires_at {
            return Err(CodeFault::Expired);
        }
        match appid {
            Some(appid) if appid != self.appid => Err(CodeFault::OtherApp),
            _ => Ok(()),
        }
    }
}

impl Codes {
    /// Forgets codes a day after their end, so that a long-running demo does not grow.
    fn sweep(&mut self, now: DateTime<Utc>) {
        const EVERY: usize = 10_000;
        if self.issued.len() < self.swept_at + EVERY {
            return;
        }
        self.issued.retain(|_, code| now < code.expires_at + Duration::days(1));
        self.swept_at = self.issued.len();
    }
}
