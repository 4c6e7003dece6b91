//! Members: persons enrolled in the programme.
//!
//! Invariants: a phone number exists only sealed on the member and as a keyed hash in `identity`; `purchase_*` equal the sums
//! over the member's purchases; a disabled, deleted or merged member is refused on every path. Written by sign-in,
//! import and the console; read by everybody.

mod enrol;
mod phone;

pub use enrol::{NewMember, identity_row, new_row};
pub use phone::Phone;
