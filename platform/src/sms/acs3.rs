//! Alibaba Cloud's request signature ACS3-HMAC-SHA256, as pure functions.

use crate::crypto::{hmac_sha256, sha256_hex};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::BTreeMap;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
/// RFC 3986's unreserved characters stay as they are.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub struct Signing<'a> {
    pub key_id: &'a str,
    pub key_secret: &'a str,
    /// As [`canonical_query`] wrote it, and as it is sent.
    pub query: &'a str,
    /// `host`, `content-type` where there is one, and every `x-acs-*`; names in lower case.
    pub headers: &'a BTreeMap<&'static str, String>,
    pub body: &'a [u8],
}

/// The parameters sorted by name and percent-encoded.
pub fn canonical_query(parameters: &BTreeMap<&str, String>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// The `Authorization` header of a POST to `/`.
pub fn authorization(signing: &Signing<'_>) -> String {
    let lines: String =
        signing.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = signing.headers.keys().copied().collect::<Vec<_>>().join(";");
    let canonical = format!("POST\n/\n{}\n{lines}\n{names}\n{}", signing.query, sha256_hex(signing.body));
    let to_sign = format!("{ALGORITHM}\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex::encode(hmac_sha256(signing.key_secret.as_bytes(), to_sign.as_bytes()));
    format!("{ALGORITHM} Credential={},SignedHeaders={names},Signature={signature}", signing.key_id)
}
