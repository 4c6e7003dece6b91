//! Opening the front end's phone answer: `{"response": …, "sign": …}`.

use super::members::Members;
use super::refusal_of;
use super::signature::Keys;
use crate::{Class, Error, Result};
use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) fn open(keys: &Keys, aes_key: Option<&[u8; 16]>, text: &str) -> Result<String> {
    let members = Members::of(text).ok_or_else(unreadable)?;
    let raw = members.raw("response").ok_or_else(unreadable)?;
    let written = members.text("response");
    let sign = members.text("sign").ok_or_else(|| refused("unsigned", "the phone number is not signed"))?;
    if !is_signed(keys, raw, written.as_deref(), &sign) {
        return Err(refused("signature", "the phone number is not signed by Alipay"));
    }
    let plain = match written {
        Some(text) if !text.trim_start().starts_with('{') => decrypt(aes_key, &text)?,
        Some(text) => text,
        None => raw.to_owned(),
    };
    number(&plain)
}

/// The signature covers the value as it was written, quotes included; what passed through a front end may have
/// been escaped anew, so the value inside plain quotes, and bare, count as well. Each is Alipay's own word.
fn is_signed(keys: &Keys, raw: &str, written: Option<&str>, sign: &str) -> bool {
    keys.verifies(raw, sign)
        || written
            .is_some_and(|text| keys.verifies(&format!("\"{text}\""), sign) || keys.verifies(text, sign))
}

fn decrypt(aes_key: Option<&[u8; 16]>, cipher: &str) -> Result<String> {
    let key = aes_key.ok_or_else(|| Error::setting("no Alipay content key is set"))?;
    let mut bytes = STANDARD.decode(cipher).map_err(|_| unreadable())?;
    let decryptor = cbc::Decryptor::<Aes128>::new(key.into(), &[0; 16].into());
    let plain = decryptor.decrypt_padded::<Pkcs7>(&mut bytes).map_err(|_| unreadable())?;
    String::from_utf8(plain.to_vec()).map_err(|_| unreadable())
}

fn number(plain: &str) -> Result<String> {
    let value: Value = serde_json::from_str(plain).map_err(|_| unreadable())?;
    if let Some(refusal) = refusal_of(&value) {
        return Err(refusal);
    }
    let mobile =
        value.get("mobile").and_then(Value::as_str).map(str::trim).filter(|mobile| !mobile.is_empty());
    mobile.map(str::to_owned).ok_or_else(unreadable)
}

fn unreadable() -> Error {
    refused("unreadable", "the phone answer could not be read")
}

fn refused(code: &str, message: &str) -> Error {
    Error::new(Class::Permanent, code, message)
}
