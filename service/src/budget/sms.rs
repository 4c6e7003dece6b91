//! How many parts an SMS is charged as. Pure.

/// Both suppliers: up to 70 characters, signature included, are one message; a longer one is charged per 67.
const ONE: usize = 70;
const PART: usize = 67;

/// Of the whole text with its signature. A character outside of the basic plane (an emoji) counts as two.
pub fn segments(text: &str) -> u32 {
    let units = text.encode_utf16().count();
    let parts = if units <= ONE { 1 } else { units.div_ceil(PART) };
    u32::try_from(parts).unwrap_or(u32::MAX)
}
