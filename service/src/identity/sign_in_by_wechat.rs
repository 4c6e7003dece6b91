//! A WeChat account proven by `wx.login`'s code, and a phone by the phone-number button's.

use entity::states::IdentityProvider;
use platform::wechat::WeChat;

use super::history::Method;
use super::resolve::{Proof, SignedIn, require_given, sign_in};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::platforms;
use crate::refusal::Refusal;
use crate::session::Client;

pub struct SignInByWechat {
    pub code: String,
    pub phone_code: Option<String>,
    pub marketing_consent: bool,
    pub client: Client,
}

/// # Refuses
/// `sign_in_code_invalid`, `sign_in_risky`, `wechat_taken`, `member_disabled`, `channel_not_configured`
pub async fn sign_in_by_wechat(ctx: &Context, command: SignInByWechat) -> Result<SignedIn> {
    require_given("code", Some(&command.code))?;
    require_given("phone_code", command.phone_code.as_deref())?;
    let wechat = ctx.platforms.wechat()?;
    count_attempt(ctx, &command.client.address).await?;
    let accounts = accounts(ctx, &command.code).await?;
    let openid = accounts.first().map(|(_, openid)| openid.as_str());
    let phone = match &command.phone_code {
        Some(phone_code) => Some(phone_number(wechat, phone_code, openid).await?),
        None => None,
    };
    let proof = Proof {
        member: None,
        accounts,
        phone,
        method: Method::Wechat,
        marketing_consent: command.marketing_consent,
        client: command.client,
    };
    sign_in(ctx, &proof).await
}

/// Who is at the phone, by `wx.login`'s code: openid, then unionid.
pub(super) async fn accounts(ctx: &Context, code: &str) -> Result<Vec<(IdentityProvider, String)>> {
    let session = ctx.platforms.wechat()?.code_to_session(code).await.map_err(refusal)?;
    let unionid = session.unionid.map(|unionid| (IdentityProvider::WechatUnionid, unionid));
    Ok(std::iter::once((IdentityProvider::WechatOpenid, session.openid)).chain(unionid).collect())
}

pub(super) async fn phone_number(wechat: &WeChat, phone_code: &str, openid: Option<&str>) -> Result<Phone> {
    let number = wechat.phone_number(phone_code, openid).await.map_err(refusal)?;
    let foreign = || Error::invalid("phone_code", "does not belong to a mainland mobile number");
    if number.country_code != "86" {
        return Err(foreign());
    }
    Phone::parse(&number.pure_number).map_err(|_| foreign())
}

/// 40029: the code is not WeChat's; 40163: it was used before; 40226: WeChat holds the person for a risk.
fn refusal(error: platform::Error) -> Error {
    match error.code.as_str() {
        "40029" | "40163" => Refusal::SignInCodeInvalid.into(),
        "40226" => Refusal::SignInRisky.into(),
        _ => platforms::unavailable("wechat", error),
    }
}
