//! Passkeys (WebAuthn): a browser's fingerprint or face instead of a code. They belong to the origin of `public_url`.
//!
//! A ceremony has two halves. The first makes a challenge, which is kept in the shared state for a few minutes and taken once; the second
//! checks the browser's answer: origin, challenge, signature, that the person was verified, and that the key's counter rose. A counter
//! that did not rise tells of a copy: the passkey is refused from then on.

mod list;
mod register;
mod sign_in;

pub use entity::passkey::Model as PasskeyRow;
pub use list::{list_passkeys, remove_passkey};
pub use register::{RegisterPasskey, register_passkey, start_passkey_registration};
pub use sign_in::{SignInByPasskey, sign_in_by_passkey, start_passkey_sign_in};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use webauthn_rs::prelude::Url;
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::refusal::Refusal;

/// What the browser is given, and the name by which its answer finds the challenge.
pub struct Ceremony {
    pub challenge_id: String,
    /// For `navigator.credentials`, as JSON.
    pub options: Value,
}

/// # Refuses
/// `channel_not_configured` where `public_url` names no domain
fn relying_party(ctx: &Context) -> Result<Webauthn> {
    let unset = || Error::from(Refusal::ChannelNotConfigured);
    let origin = Url::parse(&ctx.settings.public_url).map_err(|_| unset())?;
    let domain = origin.domain().ok_or_else(unset)?;
    let builder = WebauthnBuilder::new(domain, &origin).map_err(|_| unset())?;
    builder.rp_name(&ctx.settings.brand_name).build().map_err(Error::internal)
}

fn credential_id(id: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

fn read<T: serde::de::DeserializeOwned>(credential: Value) -> Result<T> {
    serde_json::from_value(credential)
        .map_err(|error| Error::invalid("credential", format!("is not what a browser answers: {error}")))
}
