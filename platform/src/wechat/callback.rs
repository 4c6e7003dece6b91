//! Opening what WeChat pushes to us: is it from WeChat, is it for us, what does it say.
//!
//! With an `encoding_aes_key` every push must come encrypted (safe and compatible mode both do that) and is
//! verified by `msg_signature`, which covers the content. Without one the plain `signature` is all there is: it
//! covers only the time and a nonce, so whoever saw one URL could forge a body. A plain push is therefore
//! refused once a key is set.

use super::event::{self, Event};
use super::xml;
use crate::{Error, Result, crypto, flexible};
use aes::Aes256;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{self, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

/// 43 characters carry 258 bits: the last one may have two surplus bits set.
const KEY_ENGINE: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
const ENCODING_AES_KEY_CHARS: usize = 43;
/// The padding fills to 32 bytes, not to AES's 16.
const PADDING_BLOCK: usize = 32;
/// 16 random bytes, then the length of the message in four.
const HEAD_BYTES: usize = 20;

#[derive(Clone)]
pub struct CallbackSettings {
    pub token: String,
    /// Set if the console says safe or compatible mode.
    pub encoding_aes_key: Option<String>,
    pub appid: String,
}

/// The query of a push. `openid` is not covered by any signature: use the one in the event.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct CallbackQuery {
    pub signature: Option<String>,
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
    pub echostr: Option<String>,
    pub openid: Option<String>,
    pub encrypt_type: Option<String>,
    pub msg_signature: Option<String>,
}

pub struct Callback {
    token: String,
    appid: String,
    key: Option<[u8; 32]>,
}

opaque_debug!(CallbackSettings, CallbackQuery, Callback);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    #[error("the signature is missing or wrong")]
    BadSignature,
    #[error("the body could not be read")]
    BadBody,
    #[error("the push is for another appid")]
    WrongAppid,
}

impl Callback {
    pub fn new(settings: CallbackSettings) -> Result<Self> {
        if settings.token.is_empty() {
            return Err(Error::setting("the callback token is empty"));
        }
        let key = settings.encoding_aes_key.as_deref().map(decode_key).transpose()?;
        Ok(Self { token: settings.token, appid: settings.appid, key })
    }

    /// The text to answer to WeChat's check of our URL, if the check is WeChat's.
    pub fn verify_url(&self, query: &CallbackQuery) -> Option<String> {
        self.check_plain(query).ok()?;
        query.echostr.clone()
    }

    /// The events of one push. An unknown event is [`Event::Other`], to be answered `success` like the rest.
    pub fn open(&self, query: &CallbackQuery, body: &[u8]) -> std::result::Result<Vec<Event>, CallbackError> {
        let push = match &self.key {
            None => {
                self.check_plain(query)?;
                parse(body)?
            }
            Some(key) => self.decrypt(key, query, &parse(body)?)?,
        };
        Ok(vec![event::parse(&push).ok_or(CallbackError::BadBody)?])
    }

    fn check_plain(&self, query: &CallbackQuery) -> std::result::Result<(), CallbackError> {
        self.check(query, query.signature.as_deref(), None)
    }

    fn check(
        &self,
        query: &CallbackQuery,
        signature: Option<&str>,
        encrypted: Option<&str>,
    ) -> std::result::Result<(), CallbackError> {
        let (Some(signature), Some(timestamp), Some(nonce)) = (signature, &query.timestamp, &query.nonce)
        else {
            return Err(CallbackError::BadSignature);
        };
        let mut parts = vec![self.token.as_str(), timestamp, nonce];
        parts.extend(encrypted);
        if !crypto::same(&crypto::sorted_sha1_hex(parts), signature) {
            return Err(CallbackError::BadSignature);
        }
        Ok(())
    }

    fn decrypt(
        &self,
        key: &[u8; 32],
        query: &CallbackQuery,
        envelope: &Value,
    ) -> std::result::Result<Value, CallbackError> {
        let encrypted =
            envelope.get("Encrypt").and_then(flexible::text).ok_or(CallbackError::BadSignature)?;
        self.check(query, query.msg_signature.as_deref(), Some(&encrypted))?;
        let mut cipher = general_purpose::STANDARD.decode(encrypted).map_err(|_| CallbackError::BadBody)?;
        let plain = open_cipher(key, &mut cipher).ok_or(CallbackError::BadBody)?;
        let (message, appid) = split_message(plain).ok_or(CallbackError::BadBody)?;
        if appid != self.appid.as_bytes() {
            return Err(CallbackError::WrongAppid);
        }
        parse(message)
    }
}

fn decode_key(text: &str) -> Result<[u8; 32]> {
    if text.len() != ENCODING_AES_KEY_CHARS {
        return Err(Error::setting("the EncodingAESKey must have 43 characters"));
    }
    KEY_ENGINE
        .decode(format!("{text}="))
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::setting("the EncodingAESKey is not Base64"))
}

fn open_cipher<'a>(key: &[u8; 32], cipher: &'a mut [u8]) -> Option<&'a [u8]> {
    let iv = key.first_chunk::<16>()?;
    let decryptor = cbc::Decryptor::<Aes256>::new(key.into(), iv.into());
    let padded = decryptor.decrypt_padded::<NoPadding>(cipher).ok()?;
    let padding = usize::from(*padded.last()?);
    if !(1..=PADDING_BLOCK).contains(&padding) || padding > padded.len() {
        return None;
    }
    let (plain, fill) = padded.split_at(padded.len() - padding);
    fill.iter().all(|byte| usize::from(*byte) == padding).then_some(plain)
}

fn split_message(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = plain.split_at_checked(HEAD_BYTES)?;
    let length = u32::from_be_bytes(*head.last_chunk::<4>()?);
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// JSON or XML, by the first byte.
fn parse(body: &[u8]) -> std::result::Result<Value, CallbackError> {
    let text =
        std::str::from_utf8(body).map_err(|_| CallbackError::BadBody)?.trim_start_matches('\u{feff}').trim();
    let push = match text.bytes().next() {
        Some(b'{') => serde_json::from_str(text).ok(),
        Some(b'<') => xml::to_json(text),
        _ => None,
    };
    push.ok_or(CallbackError::BadBody)
}
