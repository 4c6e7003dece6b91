//! What a sandbox is started with, and the demo account's well-known values.

use serde::{Deserialize, Serialize};

use crate::clock::SandboxClock;
use crate::sms::SmsTemplate;
use crate::world::fault::Faults;

/// Everything a sandbox needs to start; `Default` is the documented demo account.
#[derive(Clone)]
pub struct SandboxSettings {
    /// `host:port`; port 0 takes a free one.
    pub listen: String,
    pub seed: u64,
    pub clock: SandboxClock,
    pub wechat: WeChatAccount,
    pub tencent_sms: TencentSmsAccount,
    pub aliyun_sms: AliyunSmsAccount,
    pub alipay: AlipayAccount,
    /// The knobs as they stand after the start and after a reset.
    pub faults: Faults,
}

#[derive(Clone)]
pub struct WeChatAccount {
    pub appid: String,
    pub secret: String,
    /// The account's original id, `gh_...`: `ToUserName` of every callback.
    pub original_id: String,
    pub callback: Option<CallbackTarget>,
}

/// Where WeChat events are pushed to. Plain http only.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct CallbackTarget {
    pub url: String,
    pub token: String,
    /// The 43 characters of EncodingAESKey; needed in the compatible and safe modes.
    #[serde(default)]
    pub aes_key: Option<String>,
    #[serde(default)]
    pub mode: CallbackMode,
    #[serde(default)]
    pub format: CallbackFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackMode {
    #[default]
    Plain,
    /// Plain fields and the cipher side by side.
    Compatible,
    /// The cipher alone.
    Safe,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackFormat {
    #[default]
    Json,
    Xml,
}

#[derive(Clone)]
pub struct TencentSmsAccount {
    pub secret_id: String,
    pub secret_key: String,
    pub sdk_app_id: String,
    pub signs: Vec<String>,
    pub templates: Vec<SmsTemplate>,
    /// Receives delivery receipts (an array) and replies (an object).
    pub callback_url: Option<String>,
}

#[derive(Clone)]
pub struct AliyunSmsAccount {
    pub access_key_id: String,
    pub access_key_secret: String,
    pub signs: Vec<String>,
    pub templates: Vec<SmsTemplate>,
    /// Receives `SmsReport`.
    pub report_url: Option<String>,
    /// Receives `SmsUp`.
    pub reply_url: Option<String>,
}

/// Which name of a person the app gets: apps made after Alipay's openid migration see no `user_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlipayIdentity {
    #[default]
    OpenId,
    UserId,
}

#[derive(Clone)]
pub struct AlipayAccount {
    pub app_id: String,
    /// Where the authorise page may send people back to (授权回调地址). Empty: any http address.
    pub redirect_uris: Vec<String>,
    /// SubjectPublicKeyInfo in PEM: verifies what the app signs.
    pub app_public_key_pem: String,
    /// PKCS#8 in PEM: signs the gateway's answers.
    pub alipay_private_key_pem: String,
    /// Base64 of the 16 bytes of the content key (接口内容加密方式).
    pub aes_key: String,
    pub identity: AlipayIdentity,
}

/// What a client must be configured with to talk to a sandbox with the default Alipay settings. These are fixed test
/// keys that protect nothing.
#[derive(Clone, Copy)]
pub struct DemoKeys {
    /// PKCS#8 PEM; the app signs its requests with it.
    pub app_private_key_pem: &'static str,
    pub app_public_key_pem: &'static str,
    /// SubjectPublicKeyInfo PEM; verifies the gateway's answers.
    pub alipay_public_key_pem: &'static str,
    /// Base64 of 16 bytes.
    pub aes_key: &'static str,
}

pub fn demo_keys() -> DemoKeys {
    DemoKeys {
        app_private_key_pem: include_str!("keys/demo-app-private.pem"),
        app_public_key_pem: include_str!("keys/demo-app-public.pem"),
        alipay_public_key_pem: include_str!("keys/demo-alipay-public.pem"),
        aes_key: "aHVpa2Utc2FuZGJveC1rZQ==",
    }
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            seed: 20_250_101,
            clock: SandboxClock::System,
            wechat: WeChatAccount::default(),
            tencent_sms: TencentSmsAccount::default(),
            aliyun_sms: AliyunSmsAccount::default(),
            alipay: AlipayAccount::default(),
            faults: Faults::default(),
        }
    }
}

impl Default for WeChatAccount {
    fn default() -> Self {
        Self {
            appid: "wx5a6db0c0ffee2025".into(),
            secret: "5a6db0c5ec2e70000000000000000001".into(),
            original_id: "gh_5a6db0c02025".into(),
            callback: None,
        }
    }
}

impl Default for TencentSmsAccount {
    fn default() -> Self {
        Self {
            secret_id: "AKIDsandboxsandboxsandboxsandbox0001".into(),
            secret_key: "sandboxSecretKeyOfTencentCloud01".into(),
            sdk_app_id: "1400000001".into(),
            signs: vec!["惠客会员".into()],
            templates: SmsTemplate::tencent_demo(),
            callback_url: None,
        }
    }
}

impl Default for AliyunSmsAccount {
    fn default() -> Self {
        Self {
            access_key_id: "LTAI5tSandboxSandbox0001".into(),
            access_key_secret: "sandboxAccessKeySecret00000001".into(),
            signs: vec!["惠客会员".into()],
            templates: SmsTemplate::aliyun_demo(),
            report_url: None,
            reply_url: None,
        }
    }
}

impl Default for AlipayAccount {
    fn default() -> Self {
        Self {
            app_id: "2021005000000001".into(),
            redirect_uris: Vec::new(),
            app_public_key_pem: demo_keys().app_public_key_pem.into(),
            alipay_private_key_pem: include_str!("keys/demo-alipay-private.pem").into(),
            aes_key: demo_keys().aes_key.into(),
            identity: AlipayIdentity::OpenId,
        }
    }
}
