//! Asks a platform for something harmless, and says how that went: whether it takes the credentials, whether it has the
//! templates that the settings name, and what it thinks of the signature of the text messages.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Platform;
use crate::allowance::Allowance;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::refusal::Refusal;
use crate::sms;
use crate::staff::{Permission, StaffCaller};

/// Checks of one account by all staff together.
const CHECKS_PER_MINUTE: i64 = 6;
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountCheck {
    pub works: bool,
    pub checked_at: DateTime<Utc>,
    /// How long the platform took to answer, all calls together.
    pub milliseconds: i64,
    /// The platform's code, or one of ours: `connect`, `timeout`, `signature`.
    pub code: Option<String>,
    /// What the code is about where the platform says so: this server's address that is not on its list.
    pub about: Option<String>,
    /// The platform's request id, good for asking its support.
    pub request_id: Option<String>,
    /// How many templates can be sent; null where it does not work or has none.
    pub templates: Option<usize>,
    /// Templates that the settings name and that the account can't send.
    pub missing_templates: Vec<String>,
    /// SMS: the signature of the messages; null where the account does not work or has none.
    pub signature: Option<SignatureCheck>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// Can be sent with.
    Approved,
    Pending,
    Refused,
    Cancelled,
    /// The supplier has no signature of this name.
    Unlisted,
    /// Not asked for, as the settings lack its id, or asked for in vain.
    Unknown,
}

/// What the supplier says of the signature that messages carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignatureCheck {
    pub state: SignatureState,
    /// Why it was refused, in the reviewers' words.
    pub reason: Option<String>,
    /// The supplier's code where it would not tell.
    pub code: Option<String>,
}

/// Checks an account now. It changes nothing there.
///
/// # Refuses
/// `channel_not_configured`. Answers 429 after six checks of an account in a minute.
pub async fn check_account(ctx: &Context, caller: &StaffCaller, platform: Platform) -> Result<AccountCheck> {
    caller.require(Permission::ReadSettings)?;
    let configured = super::configured(ctx)?;
    if !configured.iter().any(|account| account.platform == platform) {
        return Err(Refusal::ChannelNotConfigured.into());
    }
    let name = format!("platform-check:{}", platform.name());
    Allowance::per(ctx, &name, CHECKS_PER_MINUTE, 60).take(ctx).await?;
    let began = Instant::now();
    let found = ask(ctx, platform).await?;
    let check = read(ctx, platform, found, began.elapsed());
    keep(ctx, platform, &check).await?;
    record(ctx, caller, platform, &check).await?;
    Ok(check)
}

/// What an account that works has.
#[derive(Default)]
struct Holdings {
    /// The ids of the templates that can be sent; None: such an account has no templates.
    templates: Option<Vec<String>>,
    signature: Option<SignatureCheck>,
}

type Found = platform::Result<Holdings>;

async fn ask(ctx: &Context, platform: Platform) -> Result<Found> {
    Ok(match platform {
        Platform::Wechat => of_wechat(ctx.platforms.wechat()?).await,
        Platform::Tencent | Platform::Aliyun => {
            let suppliers = ctx.platforms.sms()?;
            let supplier = suppliers.iter().find(|one| one.client.provider() == platform.name());
            of_sms(&*supplier.ok_or(Refusal::ChannelNotConfigured)?.client).await
        }
        Platform::Alipay => ctx.platforms.alipay()?.prove_credentials().await.map(|()| Holdings::default()),
    })
}

/// The token by itself: one that is remembered would hide an AppSecret that was changed since.
async fn of_wechat(wechat: &platform::wechat::WeChat) -> Found {
    wechat.prove_credentials().await?;
    let templates = wechat.templates().await?;
    let ids = templates.into_iter().map(|template| template.id).collect();
    Ok(Holdings { templates: Some(ids), signature: None })
}

async fn of_sms(supplier: &dyn platform::sms::Sms) -> Found {
    let templates = supplier.templates().await?;
    let can_be_sent =
        |one: &platform::sms::SmsTemplate| one.state == platform::sms::SmsTemplateState::Approved;
    let ids = templates.into_iter().filter(can_be_sent).map(|template| template.id).collect();
    Ok(Holdings { templates: Some(ids), signature: Some(of_signature(supplier.signature().await)) })
}

/// An account whose key may not ask for signatures works all the same.
fn of_signature(answer: platform::Result<Option<platform::sms::SmsSignature>>) -> SignatureCheck {
    use platform::sms::SmsSignatureState;
    let unknown = |code| SignatureCheck { state: SignatureState::Unknown, reason: None, code };
    let signature = match answer {
        Ok(Some(signature)) => signature,
        Ok(None) => return unknown(None),
        Err(error) => return unknown(Some(error.code)),
    };
    let state = match signature.state {
        SmsSignatureState::Approved => SignatureState::Approved,
        SmsSignatureState::Pending => SignatureState::Pending,
        SmsSignatureState::Refused => SignatureState::Refused,
        SmsSignatureState::Cancelled => SignatureState::Cancelled,
        SmsSignatureState::Unlisted => SignatureState::Unlisted,
    };
    SignatureCheck { state, reason: signature.reason, code: None }
}

fn read(ctx: &Context, platform: Platform, found: Found, took: Duration) -> AccountCheck {
    let check = AccountCheck {
        works: found.is_ok(),
        checked_at: ctx.now(),
        milliseconds: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        code: None,
        about: None,
        request_id: None,
        templates: None,
        missing_templates: Vec::new(),
        signature: None,
    };
    match found {
        Ok(Holdings { templates: None, signature }) => AccountCheck { signature, ..check },
        Ok(Holdings { templates: Some(templates), signature }) => AccountCheck {
            missing_templates: named(ctx, platform)
                .into_iter()
                .filter(|id| !templates.contains(id))
                .collect(),
            templates: Some(templates.len()),
            signature,
            ..check
        },
        Err(error) => {
            AccountCheck { code: Some(error.code), about: error.about, request_id: error.rid, ..check }
        }
    }
}

/// The templates of the account that the settings name.
fn named(ctx: &Context, platform: Platform) -> Vec<String> {
    let settings = &ctx.settings;
    let mut ids: Vec<String> = match platform {
        Platform::Wechat => {
            let asked_for = settings.wechat.subscriptions.iter().map(|one| one.template_id.clone());
            asked_for.chain([settings.receipts.wechat_template.clone()]).collect()
        }
        Platform::Tencent | Platform::Aliyun => sms::sign_in_templates(settings)
            .into_iter()
            .filter(|(supplier, _)| *supplier == platform.name())
            .map(|(_, id)| id.to_owned())
            .collect(),
        Platform::Alipay => Vec::new(),
    };
    ids.retain(|id| !id.is_empty());
    ids.sort();
    ids.dedup();
    ids
}

fn key(platform: Platform) -> String {
    format!("platform-account:{}:check", platform.name())
}

async fn keep(ctx: &Context, platform: Platform, check: &AccountCheck) -> Result<()> {
    let text = serde_json::to_string(check).map_err(Error::internal)?;
    Ok(ctx.shared.set(&key(platform), &text, KEPT).await?)
}

/// What was kept by another version and can't be read is no check.
pub(super) async fn last(ctx: &Context, platform: Platform) -> Result<Option<AccountCheck>> {
    let text = ctx.shared.get(&key(platform)).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn record(ctx: &Context, caller: &StaffCaller, platform: Platform, check: &AccountCheck) -> Result<()> {
    let act = Act {
        actor: caller.actor(),
        action: "platform_account.check",
        subject: ("platform_account", platform.name().to_owned()),
        detail: serde_json::json!({ "name": platform.name(), "works": check.works, "code": check.code }),
    };
    let txn = ctx.db.begin().await?;
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}
