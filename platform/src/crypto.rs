//! The few digests the platforms' signatures are made of, and this crate's only source of randomness.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex::encode(Sha256::digest(data))
}

/// Lower-case hex SHA-1 of the parts sorted byte-wise and joined: the signature of WeChat's callbacks.
pub(crate) fn sorted_sha1_hex(mut parts: Vec<&str>) -> String {
    parts.sort_unstable();
    let digest = parts.iter().fold(Sha1::new(), |digest, part| digest.chain_update(part.as_bytes()));
    hex::encode(digest.finalize())
}

pub(crate) fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so there is no error to report.
    let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return [0; 32] };
    mac.chain_update(data).finalize().into_bytes().into()
}

/// Compares without telling, by the time it takes, how much of a guess was right.
pub(crate) fn same(left: &str, right: &str) -> bool {
    verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// 128 random bits in hex: never the same twice.
#[allow(clippy::disallowed_methods, reason = "the one source of randomness of this crate")]
pub(crate) fn nonce() -> String {
    use rand::RngExt;
    hex::encode(rand::rng().random::<[u8; 16]>())
}
