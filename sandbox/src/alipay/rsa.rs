//! SHA256withRSA (PKCS#1 v1.5) over PEM keys.

use anyhow::{Context, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn sign(private_key_pem: &str, message: &[u8]) -> anyhow::Result<String> {
    let der = der(private_key_pem).context("reading the private key's PEM")?;
    let pair = RsaKeyPair::from_pkcs8(&der).map_err(|error| anyhow!("reading the private key: {error}"))?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).context("signing")?;
    Ok(STANDARD.encode(signature))
}

pub(crate) fn verify(public_key_pem: &str, message: &[u8], signature: &str) -> bool {
    let (Some(der), Ok(signature)) = (der(public_key_pem), STANDARD.decode(signature)) else { return false };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, &signature).is_ok()
}

pub(crate) fn is_public_key(pem: &str) -> bool {
    pem.contains("PUBLIC KEY") && der(pem).is_some()
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    STANDARD.decode(body).ok()
}
