//! An Alipay account proven by an authorisation code, and a phone by the encrypted answer of `my.getPhoneNumber`.

use entity::states::IdentityProvider;
use platform::Class;

use super::history::Method;
use super::resolve::{Proof, SignedIn, require_given, sign_in};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::platforms;
use crate::refusal::Refusal;
use crate::session::Client;

pub struct SignInByAlipay {
    pub auth_code: String,
    pub encrypted_phone: Option<String>,
    pub marketing_consent: bool,
    pub client: Client,
}

/// # Refuses
/// `sign_in_code_invalid`, `alipay_taken`, `member_disabled`, `channel_not_configured`
pub async fn sign_in_by_alipay(ctx: &Context, command: SignInByAlipay) -> Result<SignedIn> {
    require_given("auth_code", Some(&command.auth_code))?;
    let alipay = ctx.platforms.alipay()?;
    count_attempt(ctx, &command.client.address).await?;
    let account = alipay.oauth_token(&command.auth_code).await.map_err(refusal)?;
    let accounts = vec![(IdentityProvider::Alipay, account.subject().to_owned())];
    let phone = match &command.encrypted_phone {
        Some(encrypted) => Some(phone_number(alipay.decrypt_phone(encrypted))?),
        None => None,
    };
    let proof = Proof {
        member: None,
        accounts,
        phone,
        method: Method::Alipay,
        marketing_consent: command.marketing_consent,
        client: command.client,
    };
    sign_in(ctx, &proof).await
}

pub(super) fn phone_number(decrypted: platform::Result<String>) -> Result<Phone> {
    let unreadable = || Error::invalid("encrypted_phone", "is not an encrypted mainland mobile number");
    let number = decrypted.map_err(|error| match error.class {
        // A missing content key is ours to set, not the shopper's fault.
        Class::Permanent if error.code != "setting" => unreadable(),
        _ => platforms::unavailable("alipay", error),
    })?;
    Phone::parse(&number).map_err(|_| unreadable())
}

fn refusal(error: platform::Error) -> Error {
    if error.code.contains("code-invalid") {
        Refusal::SignInCodeInvalid.into()
    } else {
        platforms::unavailable("alipay", error)
    }
}
