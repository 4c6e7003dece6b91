//! A person with a phone: who they are on each platform, what they agreed to, and what reached them.
//!
//! The ledger is the truth about consent: a one-time template holds a count of sends, a long-term one is on or off.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::lock;
use crate::world::message::Message;

pub(crate) struct Person {
    pub number: u32,
    pub name: Box<str>,
    pub openid: Arc<str>,
    pub unionid: Box<str>,
    pub phone: Arc<str>,
    pub alipay_user_id: Arc<str>,
    pub alipay_open_id: Arc<str>,
    pub made_at: DateTime<Utc>,
    /// A send to this person is under way; a second one at the same time is refused.
    sending: AtomicBool,
    own: Mutex<PersonState>,
}

#[derive(Default)]
pub(crate) struct PersonState {
    pub risky: bool,
    pub main_switch_off: bool,
    pub session: Option<Session>,
    /// Times of the last logins, for the limit of 100 a minute.
    pub logins: VecDeque<DateTime<Utc>>,
    pub last_visit: Option<DateTime<Utc>>,
    /// Of the phone's SOTER chip.
    pub soter_counter: u64,
    pub messages: Vec<Message>,
    grants: Vec<(Arc<str>, Grant)>,
    remembered: HashMap<Arc<str>, Choice>,
}

#[derive(Clone)]
pub(crate) struct Session {
    /// Base64 of 16 bytes.
    pub key: String,
    pub since: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    Accept,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Count(u32),
    LongTerm(bool),
}

impl Grant {
    pub fn allows_a_send(self) -> bool {
        matches!(self, Self::LongTerm(true)) || matches!(self, Self::Count(left) if left > 0)
    }
}

impl PersonState {
    pub fn grant(&self, template: &str) -> Option<Grant> {
        self.grants.iter().find(|(id, _)| &**id == template).map(|(_, grant)| *grant)
    }

    pub fn grants(&self) -> impl Iterator<Item = (&str, Grant)> {
        self.grants.iter().map(|(id, grant)| (&**id, *grant))
    }

    pub fn set_grant(&mut self, template: &Arc<str>, grant: Grant) {
        match self.grants.iter_mut().find(|(id, _)| id == template) {
            Some((_, held)) => *held = grant,
            None => self.grants.push((Arc::clone(template), grant)),
        }
    }

    /// An accept adds one send of a one-time template, or switches a long-term one on.
    pub fn accept(&mut self, template: &Arc<str>, long_term: bool) {
        let grant = match self.grant(template) {
            _ if long_term => Grant::LongTerm(true),
            Some(Grant::Count(left)) => Grant::Count(left.saturating_add(1)),
            _ => Grant::Count(1),
        };
        self.set_grant(template, grant);
    }

    /// Spends one send after the platform has accepted a message.
    pub fn spend(&mut self, template: &Arc<str>) {
        if let Some(Grant::Count(left)) = self.grant(template) {
            self.set_grant(template, Grant::Count(left.saturating_sub(1)));
        }
    }

    /// Cancelling in the card's menu takes every send left with it.
    pub fn cancel(&mut self, template: &Arc<str>) {
        let grant = match self.grant(template) {
            Some(Grant::LongTerm(_)) => Grant::LongTerm(false),
            _ => Grant::Count(0),
        };
        self.set_grant(template, grant);
        self.remembered.remove(template);
    }

    pub fn remembered(&self, template: &str) -> Option<Choice> {
        self.remembered.get(template).copied()
    }

    pub fn remember(&mut self, template: &Arc<str>, choice: Choice) {
        self.remembered.insert(Arc::clone(template), choice);
    }

    /// False when this login would be one too many in the running minute.
    pub fn may_log_in(&mut self, now: DateTime<Utc>) -> bool {
        const A_MINUTE: usize = 100;
        self.logins.retain(|at| (now - *at).num_seconds() < 60);
        if self.logins.len() >= A_MINUTE {
            return false;
        }
        self.logins.push_back(now);
        true
    }
}

pub(crate) struct NewPerson {
    pub number: u32,
    pub name: String,
    pub openid: String,
    pub unionid: String,
    pub phone: String,
    pub alipay_user_id: String,
    pub alipay_open_id: String,
    pub made_at: DateTime<Utc>,
}

impl Person {
    pub fn new(new: NewPerson) -> Self {
        Self {
            number: new.number,
            name: new.name.into(),
            openid: new.openid.into(),
            unionid: new.unionid.into(),
            phone: new.phone.into(),
            alipay_user_id: new.alipay_user_id.into(),
            alipay_open_id: new.alipay_open_id.into(),
            made_at: new.made_at,
            sending: AtomicBool::new(false),
            own: Mutex::default(),
        }
    }

    pub fn id(&self) -> String {
        format!("p{}", self.number)
    }

    pub fn own(&self) -> MutexGuard<'_, PersonState> {
        lock(&self.own)
    }

    /// `None` while another send to the same person is under way.
    pub fn begin_send(self: &Arc<Self>) -> Option<SendSlot> {
        let free = self.sending.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok();
        free.then(|| SendSlot(Arc::clone(self)))
    }
}

/// Held while a send is under way; given back when dropped.
pub(crate) struct SendSlot(Arc<Person>);

impl Drop for SendSlot {
    fn drop(&mut self) {
        self.0.sending.store(false, Ordering::Release);
    }
}
