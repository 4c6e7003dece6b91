//! The request ids at the end of every `errmsg`, kept for seven days (and at most a fixed number) for `rid/get`.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::lock;

/// Bounds memory when a campaign runs into thousands of refusals.
const KEPT: usize = 5_000;
const KEPT_FOR: Duration = Duration::days(7);

pub(crate) struct FailedCall {
    pub at: DateTime<Utc>,
    pub cost_in_ms: i64,
    pub url: String,
    pub request_body: String,
    pub response_body: String,
    pub client_ip: String,
}

pub(crate) enum RidFault {
    Unknown,
    TooOld,
}

#[derive(Default)]
pub(crate) struct RidLog(Mutex<Log>);

#[derive(Default)]
struct Log {
    order: VecDeque<String>,
    calls: HashMap<String, FailedCall>,
}

pub(crate) fn new_rid(dice: &Dice, now: DateTime<Utc>) -> String {
    format!("{:08x}-{}-{}", now.timestamp() & 0xffff_ffff, dice.hex(8), dice.hex(8))
}

impl RidLog {
    pub fn keep(&self, rid: String, call: FailedCall) {
        let mut log = lock(&self.0);
        if log.order.len() >= KEPT
            && let Some(oldest) = log.order.pop_front()
        {
            log.calls.remove(&oldest);
        }
        log.order.push_back(rid.clone());
        log.calls.insert(rid, call);
    }

    pub fn find(&self, rid: &str, now: DateTime<Utc>) -> Result<Value, RidFault> {
        let log = lock(&self.0);
        let call = log.calls.get(rid).ok_or(RidFault::Unknown)?;
        if now - call.at > KEPT_FOR {
            return Err(RidFault::TooOld);
        }
        Ok(json!({
            "invoke_time": call.at.timestamp(), "cost_in_ms": call.cost_in_ms, "request_url": call.url,
            "request_body": call.request_body, "response_body": call.response_body, "client_ip": call.client_ip,
        }))
    }
}
