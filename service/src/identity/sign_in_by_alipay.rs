//! An Alipay account proven by an authorisation code, and a phone by the encrypted answer of `my.getPhoneNumber`.
//!
//! A browser gets the code from Alipay's page. What it is told by the way back counts only where it set out from here: the challenge stays with
//! the browser, the state goes by Alipay, and only both together are good, once and for five minutes. So nobody can be signed in as another by a link.

use entity::states::IdentityProvider;
use platform::Class;

use super::challenge;
use super::history::Method;
use super::resolve::{Proof, SignedIn, require_given, sign_in};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::platforms;
use crate::refusal::Refusal;
use crate::session::Client;

const KIND: &str = "alipay";

/// A browser's way to Alipay's page.
pub struct AlipayVisit {
    /// Stays with the browser.
    pub challenge_id: String,
    /// Holds the state that the browser comes back with.
    pub authorise_url: String,
}

/// What a browser that came back has: the challenge that it kept, and the state that the page gave back.
pub struct AlipayReturn {
    pub challenge_id: String,
    pub state: String,
}

pub struct SignInByAlipay {
    pub auth_code: String,
    /// Of a browser.
    pub returned: Option<AlipayReturn>,
    pub encrypted_phone: Option<String>,
    pub marketing_consent: bool,
    pub client: Client,
}

/// # Refuses
/// `channel_not_configured`, also where `public_url` does not say where to come back to
pub async fn start_alipay(ctx: &Context, client: &Client) -> Result<AlipayVisit> {
    let alipay = ctx.platforms.alipay()?;
    let public = ctx.settings.public_url.trim_end_matches('/');
    if public.is_empty() {
        return Err(Refusal::ChannelNotConfigured.into());
    }
    count_attempt(ctx, &client.address).await?;
    // Alipay gives back letters and digits, at most 100 of them.
    let state = crypto::sha256_hex(crypto::random_token().as_bytes());
    let challenge_id = challenge::keep(ctx, KIND, &state).await?;
    Ok(AlipayVisit { challenge_id, authorise_url: alipay.authorise_url(&format!("{public}/m/"), &state) })
}

/// # Refuses
/// `challenge_expired`, `sign_in_code_invalid`, `alipay_taken`, `member_disabled`, `channel_not_configured`
pub async fn sign_in_by_alipay(ctx: &Context, command: SignInByAlipay) -> Result<SignedIn> {
    require_given("auth_code", Some(&command.auth_code))?;
    let alipay = ctx.platforms.alipay()?;
    count_attempt(ctx, &command.client.address).await?;
    if let Some(returned) = &command.returned {
        let state: String = challenge::take(ctx, KIND, &returned.challenge_id).await?;
        if state != returned.state {
            return Err(Refusal::ChallengeExpired.into());
        }
    }
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
