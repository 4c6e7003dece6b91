//! The two SMS providers. They share the phones, the rules of frequency and the black list; their wire formats and
//! signatures have nothing in common.

pub(crate) mod aliyun;
mod aliyun_signature;
pub(crate) mod desk;
pub(crate) mod reply;
pub(crate) mod tencent;
mod tencent_signature;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// An SMS template. Tencent numbers its variables (`{1}`), Aliyun names them (`${code}`).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsTemplate {
    pub id: String,
    pub kind: SmsKind,
    pub text: String,
    #[serde(default)]
    pub state: ReviewState,
}

/// What the provider's reviewers think of a template or a signature; only what is approved is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    #[default]
    Approved,
    Pending,
    Refused,
}

/// A signature, without its brackets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmsSign {
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub state: ReviewState,
}

/// Why a signature was refused.
pub(crate) const SIGN_REFUSED_FOR: &str = "通过资质信息，不能判断是否可以申请此签名";

/// Why a template was refused.
pub(crate) const REFUSED_FOR: &str = "模板内容含有联系方式，请修改后重新提交";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsKind {
    Marketing,
    Notice,
    Code,
}

/// What a marketing text must end in.
pub(crate) const UNSUBSCRIBE: &str = "拒收请回复R";

impl SmsTemplate {
    pub(crate) fn tencent_demo() -> Vec<Self> {
        let template = |id: &str, kind, text: &str| Self::approved(id, kind, text);
        vec![
            template(
                "1400101",
                SmsKind::Code,
                "{1}为您的登录验证码，请于{2}分钟内填写，如非本人操作请忽略。",
            ),
            template("1400102", SmsKind::Notice, "您的会员券{1}将于{2}到期，到店出示会员码即可使用。"),
            template("1400103", SmsKind::Marketing, "会员日将至，{1}等您来店选购。拒收请回复R"),
        ]
    }

    pub(crate) fn aliyun_demo() -> Vec<Self> {
        let template = |id: &str, kind, text: &str| Self::approved(id, kind, text);
        vec![
            template(
                "SMS_400000101",
                SmsKind::Code,
                "${code}为您的登录验证码，请于5分钟内填写，如非本人操作请忽略。",
            ),
            template(
                "SMS_400000102",
                SmsKind::Notice,
                "您的会员券${name}将于${date}到期，到店出示会员码即可使用。",
            ),
            template("SMS_400000103", SmsKind::Marketing, "会员日将至，${name}等您来店选购。拒收请回复R"),
            Self {
                state: ReviewState::Pending,
                ..template("SMS_400000104", SmsKind::Marketing, "${name}，新品已到店，欢迎试穿。拒收请回复R")
            },
            Self {
                state: ReviewState::Refused,
                ..template("SMS_400000105", SmsKind::Marketing, "${name}，加店长微信领券。拒收请回复R")
            },
        ]
    }

    /// What the provider's console calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            SmsKind::Code => "登录验证码",
            SmsKind::Notice => "会员通知",
            SmsKind::Marketing => "会员活动",
        }
    }

    fn approved(id: &str, kind: SmsKind, text: &str) -> Self {
        Self { id: id.into(), kind, text: text.into(), state: ReviewState::Approved }
    }
}

/// A number as a phone in the sandbox knows it: mainland numbers bare, others with `+`.
pub(crate) fn normalized(number: &str) -> Option<String> {
    let bare = ["+86", "0086", "86"]
        .iter()
        .filter_map(|prefix| number.strip_prefix(prefix))
        .find(|rest| rest.len() == 11)
        .unwrap_or(number);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mainland = bare.len() == 11 && bare.starts_with('1') && digits(bare);
    let foreign = bare.strip_prefix('+').is_some_and(|rest| (6..=15).contains(&rest.len()) && digits(rest));
    (mainland || (foreign && !bare.starts_with("+86"))).then(|| bare.to_owned())
}

/// One message up to 70 characters, then one for every 67.
pub(crate) fn billed_parts(text: &str) -> usize {
    let length = text.chars().count();
    if length <= 70 { 1 } else { length.div_ceil(67) }
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so there is always a result.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}
