//! The code printed on a coupon: 12 characters that are hard to confuse (Crockford's base 32), 60 random bits.

use crate::crypto;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;

pub fn generate() -> String {
    crypto::random_bytes::<LENGTH>().iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}
