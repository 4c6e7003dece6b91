//! What the SMS providers remember: approved templates and signatures, the black list, the last day's sends to each
//! number, and where receipts go.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::callback::{Letter, Push, milliseconds};
use crate::dice::Dice;
use crate::lock;
use crate::settings::{AliyunSmsAccount, TencentSmsAccount};
use crate::sms::{ReviewState, SmsSign, SmsTemplate};

const FIRST_SIGN: u64 = 2_100_001;
/// Receipts in one push.
const RECEIPTS_A_PUSH: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    Tencent,
    Aliyun,
}

/// Limits per number as the providers' consoles usually have them, and how receipts behave.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SmsRules {
    pub per_thirty_seconds: usize,
    pub per_hour: usize,
    pub per_day: usize,
    pub same_content_per_day: usize,
    /// Accounts opened since 2024: a variable has at most 6 characters, notices and marketing take none.
    pub new_account: bool,
    /// Marketing between 08:00 and 22:00 Beijing time only.
    pub marketing_hours: bool,
    pub receipt_delay_ms: u64,
    pub receipt_delay_spread_ms: u64,
    pub receipt_failed_rate: f64,
    /// How often a push of receipts never comes, and how often it comes twice.
    pub receipt_lost_rate: f64,
    pub receipt_duplicate_rate: f64,
}

impl Default for SmsRules {
    fn default() -> Self {
        Self {
            per_thirty_seconds: 1,
            per_hour: 5,
            per_day: 10,
            same_content_per_day: 10,
            new_account: false,
            marketing_hours: true,
            receipt_delay_ms: 0,
            receipt_delay_spread_ms: 0,
            receipt_failed_rate: 0.0,
            receipt_lost_rate: 0.0,
            receipt_duplicate_rate: 0.0,
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Receivers {
    pub tencent: Option<String>,
    pub aliyun_report: Option<String>,
    pub aliyun_reply: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrequencyFault {
    ThirtySeconds,
    Hour,
    Day,
    SameContent,
}

/// One SMS as `QuerySendDetails` shows it.
#[derive(Clone)]
pub(crate) struct SentSms {
    pub at: DateTime<Utc>,
    pub biz_id: String,
    pub template: String,
    pub out_id: String,
    pub content: String,
    pub delivered: bool,
}

/// When a number was sent to, and a fingerprint of what.
type Turns = VecDeque<(DateTime<Utc>, u64)>;

pub(crate) struct SmsDesk {
    rules: Mutex<SmsRules>,
    receivers: Mutex<Receivers>,
    signs: Mutex<HashMap<Provider, Vec<SmsSign>>>,
    templates: Mutex<HashMap<(Provider, String), Arc<SmsTemplate>>>,
    blacklist: Mutex<HashSet<(Provider, String)>>,
    sends: Mutex<HashMap<String, Turns>>,
    details: Mutex<HashMap<String, Vec<SentSms>>>,
    nonces: Mutex<HashSet<String>>,
}

impl SmsDesk {
    pub fn new(tencent: &TencentSmsAccount, aliyun: &AliyunSmsAccount) -> Self {
        let of = |provider, list: &[SmsTemplate]| -> Vec<_> {
            list.iter().map(|it| ((provider, it.id.clone()), Arc::new(it.clone()))).collect()
        };
        let templates = of(Provider::Tencent, &tencent.templates).into_iter();
        Self {
            rules: Mutex::default(),
            receivers: Mutex::new(Receivers {
                tencent: tencent.callback_url.clone(),
                aliyun_report: aliyun.report_url.clone(),
                aliyun_reply: aliyun.reply_url.clone(),
            }),
            signs: Mutex::new(HashMap::from([
                (Provider::Tencent, approved(&tencent.signs)),
                (Provider::Aliyun, approved(&aliyun.signs)),
            ])),
            templates: Mutex::new(templates.chain(of(Provider::Aliyun, &aliyun.templates)).collect()),
            blacklist: Mutex::default(),
            sends: Mutex::default(),
            details: Mutex::default(),
            nonces: Mutex::default(),
        }
    }

    pub fn rules(&self) -> SmsRules {
        lock(&self.rules).clone()
    }

    pub fn set_rules(&self, rules: SmsRules) {
        *lock(&self.rules) = rules;
    }

    pub fn set_receivers(&self, receivers: Receivers) {
        *lock(&self.receivers) = receivers;
    }

    /// Whether it can be sent with.
    pub fn knows_sign(&self, provider: Provider, sign: &str) -> bool {
        let known = self.signs(provider);
        known.iter().any(|known| known.name == sign && known.state == ReviewState::Approved)
    }

    pub fn signs(&self, provider: Provider) -> Vec<SmsSign> {
        lock(&self.signs).get(&provider).cloned().unwrap_or_default()
    }

    /// Instead of the one of that name, if there is one.
    pub fn put_sign(&self, provider: Provider, sign: SmsSign) {
        let mut signs = lock(&self.signs);
        let own = signs.entry(provider).or_default();
        own.retain(|known| known.name != sign.name);
        own.push(sign);
    }

    /// One that can be sent.
    pub fn template(&self, provider: Provider, id: &str) -> Option<Arc<SmsTemplate>> {
        let found = lock(&self.templates).get(&(provider, id.to_owned())).cloned();
        found.filter(|template| template.state == ReviewState::Approved)
    }

    /// A page of all, by id.
    pub fn templates(
        &self,
        provider: Provider,
        (offset, limit): (usize, usize),
    ) -> (Vec<Arc<SmsTemplate>>, usize) {
        let templates = lock(&self.templates);
        let mut all: Vec<_> =
            templates.iter().filter(|((of, _), _)| *of == provider).map(|(_, it)| it.clone()).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let total = all.len();
        (all.into_iter().skip(offset).take(limit).collect(), total)
    }

    pub fn put_template(&self, provider: Provider, template: SmsTemplate) {
        lock(&self.templates).insert((provider, template.id.clone()), Arc::new(template));
    }

    pub fn is_blacklisted(&self, provider: Provider, phone: &str) -> bool {
        lock(&self.blacklist).contains(&(provider, phone.to_owned()))
    }

    pub fn blacklist(&self, provider: Provider, phone: &str) {
        lock(&self.blacklist).insert((provider, phone.to_owned()));
    }

    /// False when this nonce was seen before.
    pub fn fresh_nonce(&self, nonce: &str) -> bool {
        lock(&self.nonces).insert(nonce.to_owned())
    }

    /// Counts one send to the number, or says which limit it broke; a refused send is not counted.
    pub fn take_turn(&self, phone: &str, content: &str, now: DateTime<Utc>) -> Result<(), FrequencyFault> {
        let rules = self.rules();
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let print = hasher.finish();
        let mut sends = lock(&self.sends);
        let own = sends.entry(phone.to_owned()).or_default();
        own.retain(|(at, _)| now - *at < Duration::days(1));
        let within = |span: Duration| own.iter().filter(|(at, _)| now - *at < span).count();
        let fault = if within(Duration::seconds(30)) >= rules.per_thirty_seconds {
            Some(FrequencyFault::ThirtySeconds)
        } else if within(Duration::hours(1)) >= rules.per_hour {
            Some(FrequencyFault::Hour)
        } else if own.iter().filter(|(_, other)| *other == print).count() >= rules.same_content_per_day {
            Some(FrequencyFault::SameContent)
        } else if own.len() >= rules.per_day {
            Some(FrequencyFault::Day)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(fault);
        }
        own.push_back((now, print));
        Ok(())
    }

    pub fn note(&self, phone: &str, sent: SentSms) {
        lock(&self.details).entry(phone.to_owned()).or_default().push(sent);
    }

    pub fn details(&self, phone: &str) -> Vec<SentSms> {
        lock(&self.details).get(phone).cloned().unwrap_or_default()
    }

    /// Receipts of one call as pushes of at most a hundred rows each.
    pub fn receipts(&self, provider: Provider, rows: &[Value], dice: &Dice, now: DateTime<Utc>) -> Vec<Push> {
        if rows.is_empty() {
            return Vec::new();
        }
        let receivers = lock(&self.receivers).clone();
        let url = match provider {
            Provider::Tencent => receivers.tencent,
            Provider::Aliyun => receivers.aliyun_report,
        };
        let Some(url) = url else { return Vec::new() };
        let rules = self.rules();
        let mut pushes = Vec::new();
        for rows in rows.chunks(RECEIPTS_A_PUSH) {
            if dice.hits(rules.receipt_lost_rate) {
                continue;
            }
            let copies = if dice.hits(rules.receipt_duplicate_rate) { 2 } else { 1 };
            let letter = provider.letter(&url, Value::from(rows.to_vec()).to_string());
            for _ in 0..copies {
                let wait = rules.receipt_delay_ms + dice.up_to(rules.receipt_delay_spread_ms);
                pushes.push(Push { due_at: now + milliseconds(wait), tries: 0, letter: letter.clone() });
            }
        }
        pushes
    }

    pub fn reply_push(&self, provider: Provider, body: &Value, now: DateTime<Utc>) -> Option<Push> {
        let receivers = lock(&self.receivers).clone();
        let url = match provider {
            Provider::Tencent => receivers.tencent,
            Provider::Aliyun => receivers.aliyun_reply,
        }?;
        Some(Push { due_at: now, tries: 0, letter: provider.letter(&url, body.to_string()) })
    }
}

/// Their ids count from the first one's.
fn approved(names: &[String]) -> Vec<SmsSign> {
    let numbered = (FIRST_SIGN..).zip(names);
    numbered.map(|(id, name)| SmsSign { id, name: name.clone(), state: ReviewState::Approved }).collect()
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Self::Tencent => "tencent",
            Self::Aliyun => "aliyun",
        }
    }

    fn letter(self, url: &str, body: String) -> Letter {
        let (url, body) = (Arc::from(url), Bytes::from(body));
        match self {
            Self::Tencent => Letter::Tencent { url, body },
            Self::Aliyun => Letter::Aliyun { url, body },
        }
    }
}
