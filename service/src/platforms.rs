//! The outside platforms as the settings name them; one that is not configured is absent, and what needs it refuses.

use std::sync::Arc;
use std::time::Duration;

use platform::alipay::{Alipay, AlipaySettings};
use platform::sms::{AliyunSettings, Sms, SmsSettings, TencentSettings};
use platform::token_store::TokenStore;
use platform::wechat::callback::{Callback, CallbackSettings};
use platform::wechat::{WeChat, WeChatSettings};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::shared_state::{SharedState, SharedStateError};

/// One of the SMS suppliers and its share of the messages.
pub struct SmsSupplier {
    pub client: Arc<dyn Sms>,
    pub weight: u32,
}

#[derive(Clone, Default)]
pub struct Platforms {
    wechat: Option<Arc<WeChat>>,
    wechat_callback: Option<Arc<Callback>>,
    sms: Arc<[SmsSupplier]>,
    alipay: Option<Arc<Alipay>>,
}

impl Platforms {
    pub fn connect(settings: &Settings, shared: Arc<dyn SharedState>, clock: Arc<dyn Clock>) -> Result<Self> {
        let now: platform::Now = Arc::new(move || clock.now());
        Ok(Self {
            wechat: wechat(settings, shared, now.clone())?,
            wechat_callback: wechat_callback(settings)?,
            sms: sms(settings, now.clone())?,
            alipay: alipay(settings, now)?,
        })
    }

    pub fn wechat(&self) -> Result<&WeChat> {
        self.wechat.as_deref().ok_or_else(|| Refusal::ChannelNotConfigured.into())
    }

    pub fn wechat_callback(&self) -> Result<&Callback> {
        self.wechat_callback.as_deref().ok_or_else(|| Refusal::ChannelNotConfigured.into())
    }

    /// In the order of the settings; never empty.
    pub fn sms(&self) -> Result<&[SmsSupplier]> {
        if self.sms.is_empty() { Err(Refusal::ChannelNotConfigured.into()) } else { Ok(&self.sms) }
    }

    pub fn alipay(&self) -> Result<&Alipay> {
        self.alipay.as_deref().ok_or_else(|| Refusal::ChannelNotConfigured.into())
    }
}

/// What a use case that needs the platform's answer at once makes of a failure.
pub fn unavailable(dependency: &'static str, error: platform::Error) -> Error {
    match error.retry_after {
        Some(retry_after) if error.class == platform::Class::Throttled => Error::RateLimited { retry_after },
        _ => Error::unavailable(dependency, error),
    }
}

fn wechat(
    settings: &Settings,
    shared: Arc<dyn SharedState>,
    now: platform::Now,
) -> Result<Option<Arc<WeChat>>> {
    let account = &settings.wechat;
    if account.appid.is_empty() {
        return Ok(None);
    }
    let client = WeChatSettings {
        base_url: account.base_url.clone(),
        appid: account.appid.clone(),
        secret: account.secret.expose().to_owned(),
        timeout: settings.wechat_timeout(),
        miniprogram_state: account.miniprogram_state.clone(),
        lang: "zh_CN".to_owned(),
    };
    let tokens = Arc::new(SharedTokens(shared));
    Ok(Some(Arc::new(WeChat::new(client, tokens, now).map_err(Error::internal)?)))
}

fn wechat_callback(settings: &Settings) -> Result<Option<Arc<Callback>>> {
    let account = &settings.wechat;
    if account.callback_token.is_empty() {
        return Ok(None);
    }
    let aes_key = account.callback_aes_key.expose();
    let callback = CallbackSettings {
        token: account.callback_token.expose().to_owned(),
        encoding_aes_key: (!aes_key.is_empty()).then(|| aes_key.to_owned()),
        appid: account.appid.clone(),
    };
    Ok(Some(Arc::new(Callback::new(callback).map_err(Error::internal)?)))
}

fn sms(settings: &Settings, now: platform::Now) -> Result<Arc<[SmsSupplier]>> {
    let suppliers = settings.sms_suppliers().map_err(Error::internal)?;
    suppliers
        .into_iter()
        .map(|(name, weight)| {
            let client =
                platform::sms::connect(supplier(settings, name), now.clone()).map_err(Error::internal)?;
            Ok(SmsSupplier { client, weight })
        })
        .collect()
}

fn supplier(settings: &Settings, name: &str) -> SmsSettings {
    let timeout = Duration::from_secs(settings.sms.timeout_seconds);
    let sign_name = settings.sms.sign_name.clone();
    if name == platform::sms::TENCENT {
        return SmsSettings::Tencent(TencentSettings {
            base_url: settings.tencent_sms.base_url.clone(),
            secret_id: settings.tencent_sms.secret_id.expose().to_owned(),
            secret_key: settings.tencent_sms.secret_key.expose().to_owned(),
            sdk_app_id: settings.tencent_sms.sdk_app_id.clone(),
            region: settings.tencent_sms.region.clone(),
            sign_name,
            sign_id: settings.tencent_sms.sign_id,
            timeout,
        });
    }
    SmsSettings::Aliyun(AliyunSettings {
        base_url: settings.aliyun_sms.base_url.clone(),
        access_key_id: settings.aliyun_sms.access_key_id.expose().to_owned(),
        access_key_secret: settings.aliyun_sms.access_key_secret.expose().to_owned(),
        sign_name,
        timeout,
    })
}

fn alipay(settings: &Settings, now: platform::Now) -> Result<Option<Arc<Alipay>>> {
    let app = &settings.alipay;
    if app.app_id.is_empty() {
        return Ok(None);
    }
    let aes_key = app.aes_key.expose();
    let client = AlipaySettings {
        gateway_url: app.gateway_url.clone(),
        authorise_url: app.authorise_url.clone(),
        scope: app.scope.clone(),
        app_id: app.app_id.clone(),
        private_key_pem: app.private_key.expose().replace("\\n", "\n"),
        alipay_public_key_pem: app.alipay_public_key.replace("\\n", "\n"),
        aes_key: (!aes_key.is_empty()).then(|| aes_key.to_owned()),
        timeout: Duration::from_secs(app.timeout_seconds),
    };
    Ok(Some(Arc::new(Alipay::new(client, now).map_err(Error::internal)?)))
}

/// The platform's token, shared between processes through the shared state.
struct SharedTokens(Arc<dyn SharedState>);

fn busy(error: SharedStateError) -> platform::Error {
    platform::Error {
        class: platform::Class::Busy,
        code: "shared_state".to_owned(),
        message: error.to_string(),
        about: None,
        rid: None,
        retry_after: None,
    }
}

#[async_trait::async_trait]
impl TokenStore for SharedTokens {
    async fn get(&self, key: &str) -> platform::Result<Option<String>> {
        self.0.get(key).await.map_err(busy)
    }
    async fn put(&self, key: &str, value: &str, ttl: Duration) -> platform::Result<()> {
        self.0.set(key, value, ttl).await.map_err(busy)
    }
    async fn put_if_absent(&self, key: &str, value: &str, ttl: Duration) -> platform::Result<bool> {
        self.0.set_if_absent(key, value, ttl).await.map_err(busy)
    }
    async fn remove_if(&self, key: &str, expected: &str) -> platform::Result<bool> {
        self.0.remove_if(key, expected).await.map_err(busy)
    }
}
