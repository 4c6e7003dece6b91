//! How a card code is made and read; pure. The module's doc has the algorithm.

use crate::crypto;
use crate::refusal::Refusal;

/// What clients are told about the algorithm; a new one gets a new prefix.
pub const SHAPE: &str = "HK1";

const MAC_DIGITS: usize = 12;
const MAC_RANGE: u64 = 1_000_000_000_000;
/// Longer than any real code; what is longer is not looked at.
const LONGEST: usize = 64;

/// A code as it is read from a screen, not yet proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardCode {
    pub card_number: String,
    pub step: i64,
    mac: String,
}

/// How a proven code's step lies to the till's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    Fresh,
    Old,
    Ahead,
}

impl CardCode {
    /// The code of a card at a step.
    pub fn make(secret: &[u8], card_number: &str, step: i64) -> Self {
        let mac = mac(secret, card_number, step);
        Self { card_number: card_number.to_owned(), step, mac }
    }

    /// # Refuses
    /// `card_code_invalid`
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::split(text.trim()).ok_or(Refusal::CardCodeInvalid)
    }

    fn split(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('.');
        let (shape, number, step, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = parts.next().is_none()
            && shape.eq_ignore_ascii_case(SHAPE)
            && [number, step, mac].into_iter().all(digits)
            && mac.len() == MAC_DIGITS
            && (step == "0" || !step.starts_with('0'));
        if !well_formed {
            return None;
        }
        Some(Self { card_number: number.to_owned(), step: step.parse().ok()?, mac: mac.to_owned() })
    }

    pub fn is_made_with(&self, secret: &[u8]) -> bool {
        let expected = mac(secret, &self.card_number, self.step);
        crypto::constant_time_eq(expected.as_bytes(), self.mac.as_bytes())
    }

    /// One step either side of the current one is fresh.
    pub fn timing(&self, current_step: i64) -> Timing {
        match self.step.saturating_sub(current_step) {
            -1..=1 => Timing::Fresh,
            difference if difference < 0 => Timing::Old,
            _ => Timing::Ahead,
        }
    }
}

impl std::fmt::Display for CardCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SHAPE}.{}.{}.{}", self.card_number, self.step, self.mac)
    }
}

fn mac(secret: &[u8], card_number: &str, step: i64) -> String {
    let tag = crypto::hmac_sha256(secret, format!("{SHAPE}.{card_number}.{step}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&tag[..8]);
    format!("{:0width$}", u64::from_be_bytes(first) % MAC_RANGE, width = MAC_DIGITS)
}
