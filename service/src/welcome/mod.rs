//! The gift for new members: a coupon, once for a person.
//!
//! It is given in the transaction of the sign-in by which a member who came by themselves has a proven phone for the first time. Each thing that
//! tells a person (phone, platform accounts, device) is a row of `welcome_guard`, kept as a keyed hash and never deleted: who deletes
//! the membership and comes back, or comes with another phone on the same device, gets no second one, and was brought by no invitation. A refused
//! gift is kept with its reason and does not keep anybody from signing in.

mod give;
mod guard;
mod settings;

pub(crate) use give::give;
pub(crate) use guard::{remember, was_here_before};
pub use settings::{WelcomeGift, WelcomeReport, read_welcome_gift, save_welcome_gift};
