//! RSA2: SHA-256 with RSA PKCS#1 v1.5, ours to sign with and Alipay's to verify by.

use crate::{Class, Error, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

pub(super) struct Keys {
    ours: RsaKeyPair,
    alipays: UnparsedPublicKey<Vec<u8>>,
}

impl Keys {
    pub fn new(private_key: &str, alipay_public_key: &str) -> Result<Self> {
        let der = der(private_key).ok_or_else(|| Error::setting("the Alipay private key is not Base64"))?;
        let ours = RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .map_err(|_| Error::setting("the Alipay private key is not an RSA key"))?;
        let public = der_of_public(alipay_public_key)?;
        Ok(Self { ours, alipays: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public) })
    }

    /// The signature of a request: its parameters sorted by name, unencoded, without the empty ones.
    pub fn sign_parameters(&self, parameters: &BTreeMap<&str, String>) -> Result<String> {
        let pairs: Vec<String> = parameters
            .iter()
            .filter(|(name, value)| **name != "sign" && !value.is_empty())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut signature = vec![0; self.ours.public_modulus_len()];
        self.ours
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), pairs.join("&").as_bytes(), &mut signature)
            .map_err(|_| Error::new(Class::Permanent, "signature", "the request could not be signed"))?;
        Ok(STANDARD.encode(signature))
    }

    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        self.alipays.verify(text.as_bytes(), &signature).is_ok()
    }
}

fn der_of_public(text: &str) -> Result<Vec<u8>> {
    let der = der(text).ok_or_else(|| Error::setting("Alipay's public key is not Base64"))?;
    aws_lc_rs::rsa::PublicKey::from_der(&der)
        .map_err(|_| Error::setting("Alipay's public key is not an RSA key"))?;
    Ok(der)
}

/// PEM, or the bare Base64 Alipay's console shows.
fn der(text: &str) -> Option<Vec<u8>> {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}
