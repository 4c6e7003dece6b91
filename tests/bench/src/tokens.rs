//! Access tokens as signing in gives them, made here for members by the hundred thousand.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::load::KEYS;

/// What tokens are signed with.
fn key() -> Result<Vec<u8>> {
    let secret = KEYS.split_once(':').context("a version and a key")?.1;
    sign(&STANDARD.decode(secret)?, "access-token")
}

fn sign(key: &[u8], message: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(message.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

/// The same for the peer, in base64.
pub fn secret() -> Result<String> {
    Ok(STANDARD.encode(key()?))
}

/// Of the member with a number, and the session with the same.
pub fn of_member(number: u64) -> Result<String> {
    token("member", &id(0, number), &id(7, number))
}

/// Of a staff account, and a session of its own.
pub fn of_staff(id: &str, session: &str) -> Result<String> {
    token("staff", id, session)
}

fn token(kind: &str, subject: &str, session: &str) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = serde_json::json!({
        "sub": subject, "kind": kind, "sid": session, "iat": now, "exp": now + 3600,
    });
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sign(&key()?, &signed)?)))
}

/// As `load::id` says it in SQL.
pub fn id(kind: u64, number: u64) -> String {
    format!("0190000{kind}-0000-7000-8000-{number:012x}")
}
