//! Aliyun's two signatures, checked from the server's side: ACS3-HMAC-SHA256 in a header and the older HMAC-SHA1 among the
//! parameters.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::pipeline::Call;
use crate::settings::AliyunSmsAccount;
use crate::sms::aliyun::Fault;
use crate::sms::desk::SmsDesk;
use crate::sms::hmac_sha256;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";
const LARGEST_SKEW: Duration = Duration::minutes(15);
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The name that clients sign when their base URL points here but their `host` is still the real one's.
const REAL_HOST: &str = "dysmsapi.aliyuncs.com";

pub(crate) struct Check<'a> {
    pub call: &'a Call,
    pub parameters: &'a BTreeMap<String, String>,
    pub account: &'a AliyunSmsAccount,
    pub desk: &'a SmsDesk,
    pub now: DateTime<Utc>,
}

impl Check<'_> {
    pub fn verify(&self) -> Result<(), Fault> {
        if self.call.header("authorization").starts_with(ALGORITHM) {
            self.verify_v3()
        } else {
            self.verify_old()
        }
    }

    fn verify_v3(&self) -> Result<(), Fault> {
        let rest = self.call.header("authorization").trim_start_matches(ALGORITHM);
        let part = |name: &str| {
            let found = rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            found.map(str::trim).unwrap_or_default()
        };
        self.check_key(part("Credential"))?;
        self.check_time(self.call.header("x-acs-date"))?;
        let payload_hash = hex::encode(Sha256::digest(&self.call.body));
        if self.call.header("x-acs-content-sha256") != payload_hash {
            return Err(Fault::signature());
        }
        let signed_headers = part("SignedHeaders");
        let matches =
            |host: &str| self.v3_signature(signed_headers, &payload_hash, host) == part("Signature");
        if ![self.call.header("host"), REAL_HOST].into_iter().any(matches) {
            return Err(Fault::signature());
        }
        self.check_nonce(self.call.header("x-acs-signature-nonce"))
    }

    fn v3_signature(&self, signed_headers: &str, payload_hash: &str, host: &str) -> String {
        let headers: String = signed_headers
            .split(';')
            .map(|name| {
                let value = if name == "host" { host } else { self.call.header(name) };
                format!("{name}:{}\n", value.trim())
            })
            .collect();
        let query: BTreeMap<String, String> = self.call.query.clone().into_iter().collect();
        let canonical = format!(
            "{}\n/\n{}\n{headers}\n{signed_headers}\n{payload_hash}",
            self.call.method,
            canonical_query(&query),
        );
        let to_sign = format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(canonical.as_bytes())));
        hex::encode(hmac_sha256(self.account.access_key_secret.as_bytes(), to_sign.as_bytes()))
    }

    fn verify_old(&self) -> Result<(), Fault> {
        let value = |name: &str| self.parameters.get(name).map(String::as_str).unwrap_or_default();
        self.check_key(value("AccessKeyId"))?;
        self.check_time(value("Timestamp"))?;
        if value("SignatureMethod") != "HMAC-SHA1" || value("SignatureVersion") != "1.0" {
            return Err(Fault::signature());
        }
        let mut signed = self.parameters.clone();
        signed.remove("Signature");
        let to_sign = format!("{}&%2F&{}", self.call.method, encoded(&canonical_query(&signed)));
        let key = format!("{}&", self.account.access_key_secret);
        let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).map_err(|_| Fault::signature())?;
        let expected = STANDARD.encode(mac.chain_update(to_sign.as_bytes()).finalize().into_bytes());
        if expected != value("Signature") {
            return Err(Fault::signature());
        }
        self.check_nonce(value("SignatureNonce"))
    }

    fn check_key(&self, id: &str) -> Result<(), Fault> {
        if id == self.account.access_key_id {
            Ok(())
        } else {
            Err(Fault::gateway(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."))
        }
    }

    fn check_time(&self, text: &str) -> Result<(), Fault> {
        let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").map(|naive| naive.and_utc());
        match moment {
            Ok(sent_at) if (self.now - sent_at).abs() <= LARGEST_SKEW => Ok(()),
            _ => Err(Fault::gateway(
                400,
                "InvalidTimeStamp.Expired",
                "Specified time stamp or date value is expired.",
            )),
        }
    }

    fn check_nonce(&self, nonce: &str) -> Result<(), Fault> {
        if !nonce.is_empty() && self.desk.fresh_nonce(nonce) {
            Ok(())
        } else {
            Err(Fault::gateway(400, "SignatureNonceUsed", "Specified signature nonce was used already."))
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

fn canonical_query(parameters: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}
