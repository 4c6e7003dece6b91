//! Settings: the documented defaults, then a TOML file, then `HUIKE_*` variables; validated before anything starts.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono_tz::Tz;
use entity::states::StaffRole;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::Value;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const DEFAULTS: &str = include_str!("default.toml");

/// Sections of default.toml; `HUIKE_TENCENT_SMS_REGION` is `region` of `tencent_sms`.
const SECTIONS: &[&str] = &[
    "log",
    "database",
    "server",
    "sign_in",
    "card",
    "till",
    "wechat",
    "sms",
    "tencent_sms",
    "aliyun_sms",
    "alipay",
    "rates",
    "delivery",
    "campaign",
    "caps",
    "quiet_hours",
    "receipts",
    "privacy",
    "demo",
    "feedback",
    "rfm",
    "broker",
];

#[derive(Debug, thiserror::Error)]
#[error("setting {name}: {problem}")]
pub struct SettingsError {
    pub name: String,
    pub problem: String,
}

/// A value that never shows in a log.
#[derive(Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }
    pub fn expose(&self) -> &str {
        &self.0
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "(empty)" } else { "(secret)" })
    }
}

macro_rules! sections {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $(pub $field: $type),+ }
    )+};
}

sections! {
    /// Each field is documented where its default is, in default.toml.
    Settings {
        listen: String, database_url: Secret, amqp_url: Secret, redis_url: Secret, redis_namespace: String, timezone: Tz, secret_keys: Secret,
        brand_name: String, public_url: String, log: Log, database: Database, server: Server, sign_in: SignIn, card: Card, till: Till, wechat: Wechat,
        sms: Sms, tencent_sms: TencentSms, aliyun_sms: AliyunSms, alipay: Alipay, rates: Rates, delivery: Delivery, campaign: Campaign,
        caps: Caps, quiet_hours: QuietHours, receipts: Receipts, privacy: Privacy, demo: Demo, feedback: Feedback, rfm: Rfm, broker: Broker,
    }
    Log { filter: String, format: String, otlp_endpoint: String }
    Database { max_connections: u32, urgent_connections: u32, wait_seconds: u64 }
    Server {
        threads: usize, body_limit: usize, request_timeout_seconds: u64, shutdown_seconds: u64, trust_proxy: bool,
    }
    SignIn {
        access_token_seconds: i64, refresh_token_seconds: i64, sms_code_seconds: i64, sms_resend_seconds: i64,
        sms_per_phone_per_day: i64, sms_per_device_per_day: i64, sms_per_address_per_hour: i64, sms_wrong_tries: i64,
        attempts_per_address_per_minute: i64, staff_wrong_tries: i64, second_factor_roles: Vec<StaffRole>,
        password_wrong_tries: i64, password_wrong_tries_per_address: i64, sms_template: String,
    }
    Card { step_seconds: i64, scan_seconds: i64 }
    Till {
        lock_seconds: i64, undo_seconds: i64, transfer_seconds: i64, offline_ceiling_fen: i64, offline_grant_seconds: i64,
        offline_token_seconds: i64, enrolments_per_hour: i64,
    }
    Wechat {
        base_url: String, appid: String, secret: Secret, callback_token: Secret, callback_aes_key: Secret,
        timeout_seconds: u64, miniprogram_state: String, subscriptions: Vec<Subscription>,
    }
    Sms {
        provider: String, sign_name: String, timeout_seconds: u64, callback_key: Secret, error_percent: i64,
        error_minimum: i64, error_window_seconds: u64, probe_seconds: i64, templates: Vec<SmsTemplate>,
    }
    /// A template that a supplier has approved.
    SmsTemplate { supplier: String, id: String, kind: SmsTemplateKind, text: String }
    TencentSms { base_url: String, secret_id: Secret, secret_key: Secret, sdk_app_id: String, sign_id: u64, region: String, sign_in_template: String }
    AliyunSms { base_url: String, access_key_id: Secret, access_key_secret: Secret, sign_in_template: String }
    Alipay {
        gateway_url: String, authorise_url: String, scope: String, app_id: String, private_key: Secret, alipay_public_key: String,
        aes_key: Secret, timeout_seconds: u64,
    }
    Rates {
        wechat_per_second: u32, sms_per_second: u32, inbox_per_second: u32, per_template_per_second: u32,
        templates: HashMap<String, u32>,
    }
    Delivery {
        batch: usize, concurrency: usize, urgent_concurrency: usize, queued_ahead: u64, claim_lease_seconds: i64, queue_lease_seconds: i64,
        max_attempts: i32, error_percent: i64, error_minimum: i64, error_window_seconds: u64, content_failures: i64,
    }
    Campaign { late_occurrence_seconds: i64 }
    Caps { per_24_hours: u32, per_7_days: u32, per_calendar_day: u32 }
    QuietHours { start: String, end: String }
    Receipts { wechat_template: String, wechat_parameters: BTreeMap<String, String>, page: String }
    /// A subscribe-message template that members are asked for, and at which taps.
    Subscription { template_id: String, title: String, kind: SubscriptionKind, moments: Vec<PromptMoment> }
    Privacy { text: String, contact: String, version: String }
    Demo { phones_url: String }
    Feedback { complaint_hours: i64, per_member_per_day: i64 }
    Rfm { window_months: i32, new_days: i32, active_days: i32, slowing_days: i32, asleep_days: i32 }
    Broker { retry_seconds: Vec<f64>, relay_lease_seconds: i64, prefix: String }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionKind {
    /// A yes is good for one message.
    OneTime,
    LongTerm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmsTemplateKind {
    Code,
    Notice,
    Marketing,
}

/// A tap after which a member may be asked to subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptMoment {
    Claim,
    Redemption,
    Points,
    Tier,
    Mall,
    CheckIn,
    MemberDay,
    Feedback,
}

/// What `wx.requestSubscribeMessage` takes at most; it also refuses kinds that are mixed.
const TEMPLATES_PER_PROMPT: usize = 3;

impl Settings {
    /// Reads the file named by `HUIKE_CONFIG` (or huike.toml) and the environment.
    #[allow(clippy::disallowed_methods, reason = "the one reader of the environment")]
    pub fn load() -> Result<Self, SettingsError> {
        let file = std::env::var("HUIKE_CONFIG").unwrap_or_else(|_| "huike.toml".to_owned());
        let defaults_and_file = Figment::from(Toml::string(DEFAULTS)).merge(Toml::file(file));
        let variables = environment().iter().map(|(name, text)| (name.to_string(), text)).collect();
        Self::from_figment(with_variables(defaults_and_file, variables))
    }

    /// The defaults with variables on top, named as after `HUIKE_`, with dots; reads nothing from outside.
    pub fn from_variables(variables: &[(&str, &str)]) -> Result<Self, SettingsError> {
        let variables =
            variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self::from_figment(with_variables(Figment::from(Toml::string(DEFAULTS)), variables))
    }

    /// The defaults with `overrides` (TOML) on top; reads nothing from outside.
    pub fn from_toml(overrides: &str) -> Result<Self, SettingsError> {
        Self::from_figment(Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(overrides)))
    }

    fn from_figment(figment: Figment) -> Result<Self, SettingsError> {
        let settings: Self = figment
            .extract()
            .map_err(|error| SettingsError { name: error.path.join("."), problem: error.kind.to_string() })?;
        settings.validate()?;
        Ok(settings)
    }

    /// Embedded: SQLite, broker and shared state in this process.
    pub fn is_embedded(&self) -> bool {
        self.database_url.expose().starts_with("sqlite:")
    }

    /// The SMS suppliers and their weights: `"tencent:70, aliyun:30"`; one alone needs no weight.
    pub fn sms_suppliers(&self) -> Result<Vec<(&'static str, u32)>, SettingsError> {
        let wrong = |problem: String| SettingsError { name: "sms.provider".to_owned(), problem };
        let mut suppliers: Vec<(&'static str, u32)> = Vec::new();
        for part in self.sms.provider.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, weight) =
                part.split_once(':').map_or((part, "1"), |(name, weight)| (name.trim(), weight.trim()));
            let name = [platform::sms::TENCENT, platform::sms::ALIYUN]
                .into_iter()
                .find(|known| *known == name)
                .ok_or_else(|| {
                    wrong(format!("{name:?} is not allowed; choose of [\"tencent\", \"aliyun\"]"))
                })?;
            let weight = weight
                .parse()
                .ok()
                .filter(|weight| (1..=100).contains(weight))
                .ok_or_else(|| wrong(format!("{weight:?} is no weight; write {name}:1 to {name}:100")))?;
            if suppliers.iter().any(|(known, _)| *known == name) {
                return Err(wrong(format!("{name} is named twice")));
            }
            suppliers.push((name, weight));
        }
        Ok(suppliers)
    }

    pub fn wechat_timeout(&self) -> Duration {
        Duration::from_secs(self.wechat.timeout_seconds)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let url = self.database_url.expose();
        check(
            url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "database_url",
            "must begin with sqlite: or postgres://",
        )?;
        let amqp = self.amqp_url.expose();
        check(
            amqp.is_empty() || amqp.starts_with("amqp://") || amqp.starts_with("amqps://"),
            "amqp_url",
            "must be empty or begin with amqp:// or amqps://",
        )?;
        let redis = self.redis_url.expose();
        check(
            redis.is_empty() || redis.starts_with("redis://") || redis.starts_with("rediss://"),
            "redis_url",
            "must be empty or begin with redis:// or rediss://",
        )?;
        check(
            self.is_embedded() || !amqp.is_empty() && !redis.is_empty(),
            "database_url",
            "PostgreSQL goes with RabbitMQ and Redis: set amqp_url and redis_url too",
        )?;
        check(
            self.is_embedded() || !self.secret_keys.is_empty(),
            "secret_keys",
            "must be set when the database is PostgreSQL, e.g. \"1:$(openssl rand -base64 32)\"",
        )?;
        one_of("log.format", &self.log.format, &["pretty", "json"])?;
        self.sms_suppliers()?;
        let public = self.public_url.as_str();
        check(
            public.is_empty() || public.starts_with("https://") || public.starts_with("http://"),
            "public_url",
            "must be empty or begin with https:// (or http://)",
        )?;
        for (name, percent) in [
            ("sms.error_percent", self.sms.error_percent),
            ("delivery.error_percent", self.delivery.error_percent),
        ] {
            check((1..=100).contains(&percent), name, "must be between 1 and 100")?;
        }
        for (name, least) in [
            ("sms.error_minimum", self.sms.error_minimum),
            ("sms.probe_seconds", self.sms.probe_seconds),
            ("delivery.error_minimum", self.delivery.error_minimum),
            ("delivery.content_failures", self.delivery.content_failures),
            ("feedback.complaint_hours", self.feedback.complaint_hours),
            ("feedback.per_member_per_day", self.feedback.per_member_per_day),
        ] {
            check(least > 0, name, "must be at least 1")?;
        }
        for (name, seconds) in [
            ("sms.error_window_seconds", self.sms.error_window_seconds),
            ("delivery.error_window_seconds", self.delivery.error_window_seconds),
        ] {
            check((1..=86_400).contains(&seconds), name, "must be between 1 and 86400")?;
        }
        one_of("alipay.scope", &self.alipay.scope, &["auth_base", "auth_user"])?;
        one_of(
            "wechat.miniprogram_state",
            &self.wechat.miniprogram_state,
            &["developer", "trial", "formal"],
        )?;
        self.check_subscriptions()?;
        for template in &self.sms.templates {
            one_of("sms.templates", &template.supplier, &[platform::sms::TENCENT, platform::sms::ALIYUN])?;
            let is_named = !template.id.is_empty() && !template.text.is_empty();
            check(is_named, "sms.templates", "each needs an id and its text")?;
        }
        for (name, text) in
            [("quiet_hours.start", &self.quiet_hours.start), ("quiet_hours.end", &self.quiet_hours.end)]
        {
            check(
                chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok(),
                name,
                &format!("{text:?} is not a time of day; write HH:MM"),
            )?;
        }
        check((1..=1000).contains(&self.delivery.batch), "delivery.batch", "must be between 1 and 1000")?;
        check(self.broker.relay_lease_seconds > 0, "broker.relay_lease_seconds", "must be at least 1")?;
        for (name, number) in [
            ("delivery.concurrency", self.delivery.concurrency),
            ("delivery.urgent_concurrency", self.delivery.urgent_concurrency),
            ("database.urgent_connections", self.database.urgent_connections as usize),
        ] {
            check(number > 0, name, "must be at least 1")?;
        }
        for (name, rate) in [
            ("rates.wechat_per_second", self.rates.wechat_per_second),
            ("rates.sms_per_second", self.rates.sms_per_second),
            ("rates.inbox_per_second", self.rates.inbox_per_second),
        ] {
            check(rate > 0, name, "must be at least 1")?;
        }
        self.check_rfm()?;
        check(self.card.step_seconds > 0, "card.step_seconds", "must be at least 1")
    }
}

impl Settings {
    fn check_rfm(&self) -> Result<(), SettingsError> {
        let Rfm { window_months, new_days, active_days, slowing_days, asleep_days } = self.rfm;
        check((1..=60).contains(&window_months), "rfm.window_months", "must be between 1 and 60")?;
        check(new_days >= 0, "rfm.new_days", "must be at least 0")?;
        check(active_days >= 0, "rfm.active_days", "must be at least 0")?;
        check(slowing_days > active_days, "rfm.slowing_days", "must be above rfm.active_days")?;
        check(asleep_days > slowing_days, "rfm.asleep_days", "must be above rfm.slowing_days")
    }

    fn check_subscriptions(&self) -> Result<(), SettingsError> {
        let mut asked: HashMap<PromptMoment, Vec<SubscriptionKind>> = HashMap::new();
        for one in &self.wechat.subscriptions {
            check(!one.template_id.is_empty(), "wechat.subscriptions", "each needs a template_id")?;
            for moment in &one.moments {
                asked.entry(*moment).or_default().push(one.kind);
            }
        }
        for kinds in asked.values() {
            check(
                kinds.len() <= TEMPLATES_PER_PROMPT,
                "wechat.subscriptions",
                "WeChat asks for at most 3 templates in one tap: a moment stands at more",
            )?;
            check(
                kinds.iter().all(|kind| Some(kind) == kinds.first()),
                "wechat.subscriptions",
                "WeChat does not ask for one-time and long-term templates in one tap: a moment stands at both",
            )?;
        }
        Ok(())
    }
}

fn check(holds: bool, name: &str, problem: &str) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError { name: name.to_owned(), problem: problem.to_owned() }) }
}

fn one_of(name: &str, value: &str, allowed: &[&str]) -> Result<(), SettingsError> {
    check(allowed.contains(&value), name, &format!("{value:?} is not allowed; choose one of {allowed:?}"))
}

fn environment() -> Env {
    Env::prefixed("HUIKE_")
        .filter(|name| {
            let name = name.as_str().to_lowercase();
            name != "config" && name != "release" && !name.starts_with("test_") && !name.starts_with("real_")
        })
        .map(|name| dotted(&name.as_str().to_lowercase()).into())
        .split(".")
        .lowercase(false)
}

/// A variable is read as TOML, but one whose default is text stays text: an account number is no number.
fn with_variables(figment: Figment, variables: Vec<(String, String)>) -> Figment {
    variables.into_iter().fold(figment, |figment, (name, text)| {
        let is_text = figment.find_value(&name).is_ok_and(|default| default.as_str().is_some());
        let read = text.parse().unwrap_or_else(|_| Value::from(text.as_str()));
        let value = if is_text { Value::from(text) } else { read };
        figment.merge(Serialized::default(&name, value))
    })
}

/// `wechat_base_url` -> `wechat.base_url`; a top-level name stays, also one like `database_url` that begins as a
/// section does.
pub fn dotted(name: &str) -> String {
    let top_level = DEFAULTS
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .any(|(field, _)| field == name);
    if top_level {
        return name.to_owned();
    }
    SECTIONS
        .iter()
        .filter_map(|section| name.strip_prefix(section)?.strip_prefix('_').map(|field| (section, field)))
        .max_by_key(|(section, _)| section.len())
        .map_or_else(|| name.to_owned(), |(section, field)| format!("{section}.{field}"))
}
