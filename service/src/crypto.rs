//! Keys, encryption at rest, keyed hashes, random secrets and passwords.
//!
//! A sealed value is `key version (1 byte) | nonce (12 bytes) | AES-256-GCM ciphertext`. Look-ups use HMAC-SHA-256 under a key
//! derived from the oldest secret, so that adding a new current key leaves every index valid.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::error::{Error, Result};

const NONCE_LENGTH: usize = 12;

#[derive(Clone)]
pub struct Keys {
    current: u8,
    by_version: BTreeMap<u8, [u8; 32]>,
}

impl Keys {
    /// `"2:BASE64,1:BASE64"`, the current one first.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut current = None;
        let mut by_version = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (version, key) = part.split_once(':').context("secret_keys: write VERSION:BASE64")?;
            let version: u8 = version.parse().context("secret_keys: a version is a number from 1 to 255")?;
            let key: [u8; 32] = STANDARD
                .decode(key)
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| anyhow!("secret_keys: key {version} is not 32 bytes in base64"))?;
            current.get_or_insert(version);
            if by_version.insert(version, key).is_some() {
                bail!("secret_keys: version {version} is given twice");
            }
        }
        Ok(Self { current: current.context("secret_keys: no key is given")?, by_version })
    }

    /// A fresh key set in the form that [`Keys::parse`] reads.
    pub fn generate() -> String {
        format!("1:{}", STANDARD.encode(random_bytes::<32>()))
    }

    /// Encrypts; `purpose` binds the value to where it is kept.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.aead(self.current)?;
        let mut sealed = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)
            .map_err(|_| Error::internal(anyhow!("encryption failed")))?;
        let mut out = Vec::with_capacity(1 + NONCE_LENGTH + sealed.len());
        out.push(self.current);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::internal(anyhow!("a sealed value ({purpose}) can't be opened"));
        let (version, rest) = sealed.split_first().ok_or_else(broken)?;
        let (nonce, cipher) = rest.split_at_checked(NONCE_LENGTH).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut buffer = cipher.to_vec();
        let plain = self
            .aead(*version)?
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut buffer)
            .map_err(|_| broken())?;
        Ok(plain.to_vec())
    }

    pub fn open_text(&self, purpose: &str, sealed: &[u8]) -> Result<String> {
        String::from_utf8(self.open(purpose, sealed)?).map_err(Error::internal)
    }

    /// The blind index of a value, in hex.
    pub fn index(&self, purpose: &str, value: &str) -> String {
        let oldest = self.by_version.values().next().copied().unwrap_or_default();
        hex::encode(hmac_sha256(&derive(&oldest, &format!("index/{purpose}")), value.as_bytes()))
    }

    /// A key for another use (the access tokens' signature), of the current version.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        derive(&self.by_version.get(&self.current).copied().unwrap_or_default(), purpose)
    }

    /// A key pair for what others check without our secret, the same for ever: of the oldest secret.
    pub fn signing(&self, purpose: &str) -> Result<Ed25519KeyPair> {
        let oldest = self.by_version.values().next().copied().unwrap_or_default();
        Ed25519KeyPair::from_seed_unchecked(&derive(&oldest, &format!("signing/{purpose}")))
            .map_err(|_| Error::internal(anyhow!("a signing key is unusable")))
    }

    fn aead(&self, version: u8) -> Result<RandomizedNonceKey> {
        let secret = self
            .by_version
            .get(&version)
            .ok_or_else(|| Error::internal(anyhow!("secret key version {version} is not configured")))?;
        RandomizedNonceKey::new(&AES_256_GCM, &derive(secret, "seal"))
            .map_err(|_| Error::internal(anyhow!("secret key is unusable")))
    }
}

fn derive(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    hmac_sha256(secret, purpose.as_bytes())
}

pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut out = [0; 32];
    out.copy_from_slice(tag.as_ref());
    out
}

pub fn sha256(value: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, value).as_ref());
    out
}

/// SHA-256 in hex: for high-entropy tokens and for telling requests apart.
pub fn sha256_hex(value: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, value))
}

pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The system's generator does not fail once the process runs; an all-zero secret must never leave here.
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// A token of 256 random bits.
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// `digits` random decimal digits.
pub fn random_digits(digits: usize) -> String {
    let number = u128::from_be_bytes(random_bytes::<16>());
    format!("{:0digits$}", number % 10_u128.pow(u32::try_from(digits).unwrap_or(6)))
}

/// Argon2id with the crate's recommended parameters; about 20 ms, so call it off the async threads.
pub fn hash_password(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(anyhow!("password hash: {error}")))
}

pub fn verify_password(password: &str, hash: &str) -> bool {
    argon2::PasswordHash::new(hash)
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}
