//! The fault knobs: what goes wrong, where, and how often. Everything stands at "nothing" until it is turned.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::lock;

/// All knobs. `paths` is keyed by path (`/cgi-bin/message/subscribe/send`, `/tencent/SendSms`, `/aliyun/SendSms`,
/// `/gateway.do`); the key `*` holds for every path without an entry of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    pub paths: BTreeMap<String, PathFaults>,
    pub callbacks: CallbackFaults,
}

/// Rates are probabilities from 0 to 1, times are milliseconds of real time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathFaults {
    pub latency_ms: u64,
    /// Up to this much is added to `latency_ms`, evenly.
    pub latency_spread_ms: u64,
    /// How often an answer takes `latency_tail_ms` instead.
    pub latency_tail_rate: f64,
    pub latency_tail_ms: u64,
    /// How often the call is refused with `errcode` before it has any effect.
    pub error_rate: f64,
    /// WeChat: the errcode. Tencent, Aliyun and Alipay answer their own "system busy".
    pub errcode: i64,
    /// How often the connection is reset before the call has any effect.
    pub reset_rate: f64,
    /// How often the effect is done, and then the answer never comes: the connection hangs for `hang_ms` and is dropped.
    pub timeout_after_effect_rate: f64,
    pub hang_ms: u64,
    /// How often an HTML page with status 502 comes back, before any effect.
    pub http_500_rate: f64,
    /// Calls let through a minute of sandbox time; the rest is throttled.
    pub throttle_per_minute: Option<u64>,
    /// How often HTTP 429 comes back, before any effect, with `Retry-After: retry_after_seconds`.
    pub http_429_rate: f64,
    pub retry_after_seconds: u64,
    /// Sends that are refused by code, before any effect; the first entry that fits decides.
    pub refusals: Vec<SendRefusal>,
    /// `subscribe/send` answers without `msgid`.
    pub omit_msgid: bool,
}

/// Who and what is refused: a template or all, a share of the people (always the same ones) or all, every call or some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendRefusal {
    /// WeChat: an errcode in digits. SMS: the provider's own code.
    pub code: String,
    pub template: Option<String>,
    pub people_rate: f64,
    pub rate: f64,
}

impl Default for SendRefusal {
    fn default() -> Self {
        Self { code: "-1".to_owned(), template: None, people_rate: 1.0, rate: 1.0 }
    }
}

/// What a send is about, as far as its path tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    pub template: String,
    /// Openid or phone number.
    pub address: String,
}

impl SendRefusal {
    /// Whether this parcel's template and person are meant; the dice decide after that.
    pub(crate) fn fits(&self, parcel: &Parcel) -> bool {
        self.template.as_ref().is_none_or(|template| *template == parcel.template)
            && share_of(&parcel.address) < self.people_rate
    }
}

/// Where somebody stands between 0 and 1, the same at every call (FNV-1a, folded).
fn share_of(address: &str) -> f64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    const STEPS: u64 = 10_000;
    let hash = address.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    let folded = u32::try_from((hash ^ (hash >> 32)) % STEPS).unwrap_or_default();
    f64::from(folded) / 10_000.0
}

impl Default for PathFaults {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            latency_spread_ms: 0,
            latency_tail_rate: 0.0,
            latency_tail_ms: 2_000,
            error_rate: 0.0,
            errcode: -1,
            reset_rate: 0.0,
            timeout_after_effect_rate: 0.0,
            hang_ms: 10_000,
            http_500_rate: 0.0,
            throttle_per_minute: None,
            http_429_rate: 0.0,
            retry_after_seconds: 1,
            refusals: Vec::new(),
            omit_msgid: false,
        }
    }
}

/// Delays run on the sandbox's clock: a clock that stands still holds them until it is moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallbackFaults {
    pub delay_ms: u64,
    /// Up to this much is added to `delay_ms`, evenly: callbacks then overtake each other.
    pub delay_spread_ms: u64,
    pub lost_rate: f64,
    pub duplicate_rate: f64,
    /// How often a sent event carries a system failure; such a message never reaches the phone.
    pub failed_rate: f64,
    /// The sent event reaches the receiver before the answer to the send does.
    pub before_response: bool,
    /// How often a push is signed with a wrong token.
    pub bad_signature_rate: f64,
    /// Real time a receiver has to answer in.
    pub answer_timeout_ms: u64,
}

impl Default for CallbackFaults {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            delay_spread_ms: 0,
            lost_rate: 0.0,
            duplicate_rate: 0.0,
            failed_rate: 0.0,
            before_response: false,
            bad_signature_rate: 0.0,
            answer_timeout_ms: 5_000,
        }
    }
}

pub(crate) struct FaultBook {
    faults: Mutex<Faults>,
    minutes: Mutex<HashMap<String, (i64, u64)>>,
}

impl FaultBook {
    pub fn new(faults: Faults) -> Self {
        Self { faults: Mutex::new(faults), minutes: Mutex::default() }
    }

    pub fn all(&self) -> Faults {
        lock(&self.faults).clone()
    }

    pub fn set(&self, faults: Faults) {
        *lock(&self.faults) = faults;
        lock(&self.minutes).clear();
    }

    pub fn callbacks(&self) -> CallbackFaults {
        lock(&self.faults).callbacks.clone()
    }

    pub fn of(&self, path: &str) -> Option<PathFaults> {
        let faults = lock(&self.faults);
        faults.paths.get(path).or_else(|| faults.paths.get("*")).cloned()
    }

    /// True when the path's calls of this minute are used up.
    pub fn throttles(&self, path: &str, limit: u64, now: DateTime<Utc>) -> bool {
        let minute = now.timestamp().div_euclid(60);
        let mut minutes = lock(&self.minutes);
        let seen = minutes.entry(path.to_owned()).or_insert((minute, 0));
        if seen.0 != minute {
            *seen = (minute, 0);
        }
        seen.1 += 1;
        seen.1 > limit
    }
}
