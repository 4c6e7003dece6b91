//! The code printed on a coupon: 12 characters that are hard to confuse (Crockford's base 32), 60 random bits.

use super::template::typed;
use crate::crypto;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;

/// The code in what was scanned or typed: spaces, hyphens and case are forgiven, and letters that stand for digits. None: it is not
/// shaped like one.
pub fn read(text: &str) -> Option<String> {
    let code: String = typed(text)
        .chars()
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let is_ours = |byte: u8| ALPHABET.contains(&byte);
    (code.len() == LENGTH && code.bytes().all(is_ours)).then_some(code)
}

pub fn generate() -> String {
    crypto::random_bytes::<LENGTH>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}
