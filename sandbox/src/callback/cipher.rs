//! WeChat's message cipher: AES-256-CBC, padded to 32 bytes, with a length and the appid inside; and the SHA-1 seals.

use aes::Aes256;
use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

/// The platform pads to 32 bytes although the cipher's block has 16.
const BLOCK: usize = 32;

/// 43 characters hold 258 bits: the last two may be set and mean nothing.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Lower-case hex of SHA-1 over the parts, sorted byte-wise and joined.
pub(crate) fn seal(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    hex::encode(Sha1::digest(sorted.concat().as_bytes()))
}

pub(crate) fn decode_key(aes_key: &str) -> Option<[u8; 32]> {
    if aes_key.len() != 43 {
        return None;
    }
    LENIENT.decode(format!("{aes_key}=")).ok()?.try_into().ok()
}

/// `random` is 16 bytes of noise in front.
pub(crate) fn encrypt(key: &[u8; 32], random: [u8; 16], message: &str, appid: &str) -> Option<String> {
    let length = u32::try_from(message.len()).ok()?;
    let mut plain = [&random[..], &length.to_be_bytes(), message.as_bytes(), appid.as_bytes()].concat();
    let padding = BLOCK - plain.len() % BLOCK;
    plain.resize(plain.len() + padding, u8::try_from(padding).ok()?);
    let whole = plain.len();
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, key.get(..16)?).ok()?;
    cipher.encrypt_padded::<NoPadding>(&mut plain, whole).ok()?;
    Some(STANDARD.encode(plain))
}
