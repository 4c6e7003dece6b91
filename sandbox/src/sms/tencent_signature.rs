//! TC3-HMAC-SHA256, checked from the server's side.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use crate::clock::from_unix_seconds;
use crate::pipeline::Call;
use crate::settings::TencentSmsAccount;
use crate::sms::hmac_sha256;
use crate::sms::tencent::Fault;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const LARGEST_SKEW: Duration = Duration::minutes(5);

/// The name that clients sign when their base URL points here but their `Host` is still the real one's.
const REAL_HOST: &str = "sms.tencentcloudapi.com";

struct Authorization<'a> {
    secret_id: &'a str,
    scope: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

pub(crate) fn verify(call: &Call, account: &TencentSmsAccount, now: DateTime<Utc>) -> Result<(), Fault> {
    let wrong =
        || Fault::new("AuthFailure.SignatureFailure", "The provided credentials could not be validated.");
    let authorization = Authorization::parse(call.header("authorization")).ok_or_else(wrong)?;
    if authorization.secret_id != account.secret_id {
        return Err(Fault::new("AuthFailure.SecretIdNotFound", "The SecretId is not found."));
    }
    let timestamp = call.header("x-tc-timestamp");
    let sent_at = timestamp.parse().ok().and_then(from_unix_seconds).ok_or_else(wrong)?;
    if (now - sent_at).abs() > LARGEST_SKEW {
        return Err(Fault::new("AuthFailure.SignatureExpire", "The signature has expired."));
    }
    // The day in the scope is UTC's, not Beijing's.
    let date = sent_at.format("%Y-%m-%d").to_string();
    if authorization.scope != format!("{date}/sms/tc3_request") {
        return Err(wrong());
    }
    let hosts = [call.header("host"), REAL_HOST];
    let signed =
        hosts.iter().filter_map(|host| authorization.expected(call, account, (timestamp, &date), host));
    if signed.into_iter().any(|expected| expected == authorization.signature) { Ok(()) } else { Err(wrong()) }
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix(ALGORITHM)?.trim();
        let part = |name: &str| {
            rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).map(str::trim)
        };
        let (secret_id, scope) = part("Credential")?.split_once('/')?;
        let signed_headers: Vec<&str> = part("SignedHeaders")?.split(';').collect();
        let complete = ["content-type", "host"].iter().all(|name| signed_headers.contains(name));
        complete.then_some(Self { secret_id, scope, signed_headers, signature: part("Signature")? })
    }

    fn expected(
        &self,
        call: &Call,
        account: &TencentSmsAccount,
        (timestamp, date): (&str, &str),
        host: &str,
    ) -> Option<String> {
        let value = |name: &str| if name == "host" { host } else { call.header(name) };
        let lowered = |name: &&str| format!("{name}:{}\n", value(name).trim().to_lowercase());
        let headers: String = self.signed_headers.iter().map(lowered).collect();
        let canonical = format!(
            "{}\n/\n{}\n{headers}\n{}\n{}",
            call.method,
            call.raw_query,
            self.signed_headers.join(";"),
            hex::encode(Sha256::digest(&call.body)),
        );
        let hashed = hex::encode(Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{timestamp}\n{}\n{hashed}", self.scope);
        let key = hmac_sha256(format!("TC3{}", account.secret_key).as_bytes(), date.as_bytes());
        let key = hmac_sha256(&hmac_sha256(&key, b"sms"), b"tc3_request");
        Some(hex::encode(hmac_sha256(&key, to_sign.as_bytes())))
    }
}
