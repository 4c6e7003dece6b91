//! AES-128-CBC with PKCS#7: how both mini-program platforms hide a phone number from the page that receives it.

use aes::Aes128;
use aes::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};

const BLOCK: usize = 16;

/// `None` when the key is not 16 bytes.
pub(crate) fn encrypt(key: &[u8], iv: &[u8; BLOCK], plain: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = plain.to_vec();
    buffer.resize(plain.len() + BLOCK - plain.len() % BLOCK, 0);
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(key, iv).ok()?;
    cipher.encrypt_padded::<Pkcs7>(&mut buffer, plain.len()).ok()?;
    Some(buffer)
}
