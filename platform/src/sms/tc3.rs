//! Tencent Cloud's request signature TC3-HMAC-SHA256, as a pure function.

use crate::crypto::{hmac_sha256, sha256_hex};
use chrono::{DateTime, Utc};

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const SERVICE: &str = "sms";
pub const CONTENT_TYPE: &str = "application/json";

pub struct Signing<'a> {
    pub secret_id: &'a str,
    pub secret_key: &'a str,
    /// With the port where it is not the scheme's own, exactly as the `Host` header has it.
    pub host: &'a str,
    pub body: &'a [u8],
    pub at: DateTime<Utc>,
}

/// The `Authorization` header of a POST to `/`.
pub fn authorization(signing: &Signing<'_>) -> String {
    // The date is UTC, not Beijing's.
    let date = signing.at.format("%Y-%m-%d").to_string();
    let canonical = format!(
        "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{}\n\ncontent-type;host\n{}",
        signing.host,
        sha256_hex(signing.body)
    );
    let scope = format!("{date}/{SERVICE}/tc3_request");
    let to_sign =
        format!("{ALGORITHM}\n{}\n{scope}\n{}", signing.at.timestamp(), sha256_hex(canonical.as_bytes()));
    let key = [date.as_str(), SERVICE, "tc3_request"]
        .iter()
        .fold(format!("TC3{}", signing.secret_key).into_bytes(), |key, part| {
            hmac_sha256(&key, part.as_bytes()).to_vec()
        });
    let signature = hex::encode(hmac_sha256(&key, to_sign.as_bytes()));
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders=content-type;host, Signature={signature}",
        signing.secret_id
    )
}
