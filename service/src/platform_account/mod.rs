//! The brand's accounts at the platforms: which are set up, whether they work, and which SMS templates they have. Accounts
//! stand in the settings; nothing here changes them, and no secret leaves.
//!
//! The last check of each account is kept in the shared state for a month, so that everybody sees it.

mod check;
mod sms_templates;

pub use check::{AccountCheck, SignatureCheck, SignatureState, check_account};
pub use sms_templates::{SmsTemplateLine, SmsTemplateState, SmsTemplates, SupplierAway, sms_templates};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Wechat,
    Tencent,
    Aliyun,
    Alipay,
}

impl Platform {
    pub fn name(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::Tencent => platform::sms::TENCENT,
            Self::Aliyun => platform::sms::ALIYUN,
            Self::Alipay => "alipay",
        }
    }
}

/// An account as the settings have it.
#[derive(Debug, Clone)]
pub struct Account {
    pub platform: Platform,
    /// AppID, SmsSdkAppId or app id. None: Aliyun, which knows an account by its key alone.
    pub id: Option<String>,
    /// The last four characters of the API key's id.
    pub key_tail: Option<String>,
    /// SMS: the signature.
    pub sign_name: Option<String>,
    /// SMS: the share of the messages among the suppliers.
    pub weight: Option<u32>,
    /// Whether what the platform pushes can be received.
    pub has_callbacks: Option<bool>,
    pub last_check: Option<AccountCheck>,
}

impl Account {
    fn of(platform: Platform) -> Self {
        Self {
            platform,
            id: None,
            key_tail: None,
            sign_name: None,
            weight: None,
            has_callbacks: None,
            last_check: None,
        }
    }
}

/// The accounts that are set up, WeChat first.
pub async fn list_accounts(ctx: &Context, caller: &StaffCaller) -> Result<Vec<Account>> {
    caller.require(Permission::ReadSettings)?;
    let mut accounts = configured(ctx)?;
    for account in &mut accounts {
        account.last_check = check::last(ctx, account.platform).await?;
    }
    Ok(accounts)
}

fn configured(ctx: &Context) -> Result<Vec<Account>> {
    let mut accounts = Vec::new();
    let settings = &ctx.settings;
    if ctx.platforms.wechat().is_ok() {
        accounts.push(Account {
            id: Some(settings.wechat.appid.clone()),
            has_callbacks: Some(ctx.platforms.wechat_callback().is_ok()),
            ..Account::of(Platform::Wechat)
        });
    }
    for (supplier, weight) in settings.sms_suppliers().map_err(Error::internal)? {
        let is_tencent = supplier == platform::sms::TENCENT;
        let key =
            if is_tencent { &settings.tencent_sms.secret_id } else { &settings.aliyun_sms.access_key_id };
        accounts.push(Account {
            id: is_tencent.then(|| settings.tencent_sms.sdk_app_id.clone()),
            key_tail: tail(key.expose()),
            sign_name: Some(settings.sms.sign_name.clone()),
            weight: Some(weight),
            has_callbacks: Some(!settings.sms.callback_key.is_empty()),
            ..Account::of(if is_tencent { Platform::Tencent } else { Platform::Aliyun })
        });
    }
    if ctx.platforms.alipay().is_ok() {
        let id = Some(settings.alipay.app_id.clone());
        accounts.push(Account { id, ..Account::of(Platform::Alipay) });
    }
    Ok(accounts)
}

/// Enough to tell one key from another, of a key that is long enough to keep the rest to itself.
fn tail(key: &str) -> Option<String> {
    const SHOWN: usize = 4;
    let start = key.len().checked_sub(SHOWN).filter(|start| *start >= 2 * SHOWN)?;
    key.get(start..).map(str::to_owned)
}
