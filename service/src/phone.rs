//! Mainland mobile numbers: how they are read, masked, sealed and looked up.

use crate::context::Context;
use crate::error::{Error, Result};

const SEAL: &str = "member.phone";
const INDEX: &str = "identity.phone";

/// An 11-digit mainland mobile number, `1[3-9]` and nine digits. Shows masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people write it: spaces and hyphens, `+86`, `0086` or `86` in front are allowed.
    pub fn parse(text: &str) -> Result<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let national = ["+86", "0086", "86"]
            .iter()
            .find_map(|prefix| digits.strip_prefix(prefix).filter(|rest| rest.len() == 11))
            .unwrap_or(&digits);
        let bytes = national.as_bytes();
        let valid = bytes.len() == 11
            && bytes.iter().all(u8::is_ascii_digit)
            && bytes[0] == b'1'
            && (b'3'..=b'9').contains(&bytes[1]);
        if valid {
            Ok(Self(national.to_owned()))
        } else {
            Err(Error::invalid("phone", "is not a mainland mobile number of 11 digits"))
        }
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `138****5678`
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }

    pub fn seal(&self, ctx: &Context) -> Result<Vec<u8>> {
        ctx.keys.seal(SEAL, self.0.as_bytes())
    }

    pub fn open(ctx: &Context, sealed: &[u8]) -> Result<Self> {
        Ok(Self(ctx.keys.open_text(SEAL, sealed)?))
    }

    /// The subject of the phone identity: a keyed hash.
    pub fn index(&self, ctx: &Context) -> String {
        ctx.keys.index(INDEX, &self.0)
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}
