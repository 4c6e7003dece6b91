//! The card: a member's number, and the code that the phone shows and a till scans.
//!
//! # The code
//! `HK1.<card_number>.<step>.<mac>`, all in QR's alphanumeric alphabet and short enough to type:
//! - `step` is the Unix time in seconds divided by `step_seconds` (30), rounded down, in decimal;
//! - `mac` is HMAC-SHA-256 under the card's secret over the text `HK1.<card_number>.<step>`, its first 8 bytes read as a
//!   big-endian unsigned number, modulo 10^12, in decimal with leading zeros to 12 digits.
//!
//! The phone gets the secret once while on line and makes the codes itself, so a cellar without network is no problem. A till
//! accepts one step either side of now, and each `(member, step, purpose)` once: a screenshot is useless. The unique row in
//! `scan` is the last guard of that. A scan can then be worked with at its store for `card.scan_seconds`.
//!
//! A till that reads a coupon's own code gets a scan as well ([`crate::coupon`]), which is good for that coupon alone.
//!
//! Written by the member (a new secret) and the till (scans); read by purchase and coupon.

mod code;
mod scan;
mod show;
pub mod till;

pub use code::{CardCode, SHAPE};
pub(crate) use scan::scan_of_coupon;
pub use scan::{ScanCard, Scanned, Scans, live_card_scan, live_scan, scan_card};
pub use show::{Card, OfflineCard, ShownCode, renew_secret, show_card, show_code};
