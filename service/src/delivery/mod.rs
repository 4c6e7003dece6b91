//! Deliveries: one message to one member, from plan to phone.
//!
//! ```text
//! pending -> queued -> sending -> sent -> delivered | bounced
//!    ^          |         |-> failed(reason), unknown (the answer was never heard; never sent again)
//!    |          |         `-> pending (surely no effect: busy, throttled, handed back)
//!    `- deferred(until) <-'-> suppressed(reason)
//! ```
//!
//! The row is the truth; a queue only carries its id. Invariants: a marketing message is called at most once per claim and claimed
//! again only after an answer that proves it had no effect; `slot_at` is the frequency-cap slot the delivery holds, taken and
//! counted under the member's lock; every final state has a reason or a sent time. Written by dispatch, send,
//! recover and the platform's receipts.

mod afford;
mod batch;
pub mod caps;
pub mod channel;
mod claim;
mod dispatch;
mod facts;
mod fate;
mod held;
mod hint;
mod hold;
mod mark;
mod message;
pub mod notices;
pub mod outcome;
pub mod permits;
mod price;
pub mod priority;
mod quiet;
pub mod rates;
mod reason;
mod receipt;
mod recover;
mod rest;
pub mod retry;
mod row;
pub mod rules;
mod saw;
mod send;
mod settle;
pub mod share;
mod slots;
mod sort;
mod standing;
mod survey;
pub mod trouble;
pub mod window;
mod wording;

pub use afford::{Afforded, afford};
pub use batch::{Batch, end_idle};
pub use caps::Slot;
pub use dispatch::{dispatch, is_in_batches, is_worked_off, waits_again};
pub use entity::delivery::Model as DeliveryRow;
pub use facts::{Facts, Recipient, Step, Terms, gather};
pub use hint::{CODES as HINTED_CODES, Hint, hint};
pub use message::{MessageDraft, Rendered, Variables};
pub use permits::Paces;
pub use price::{Prices, sms_text};
pub use reason::Reason;
pub use receipt::{Receipt, apply_receipt};
pub use recover::{recover, take_up};
pub use rules::{Choice, Decision, Gate, choose, decide, gates};
pub use saw::{Saw, SawGate};
pub use send::send;
pub use standing::{Open, RUNNING, end_open_deliveries};
pub use survey::{STRETCH, Surroundings, Surveyed, survey};
pub use wording::{FallbackStep, Variant, Wordings, fallback_of, variants_of, worded};

use entity::states::DeliveryState;

/// States that a delivery does not leave by our own doing.
pub const FINAL: [DeliveryState; 6] = [
    DeliveryState::Sent,
    DeliveryState::Delivered,
    DeliveryState::Bounced,
    DeliveryState::Suppressed,
    DeliveryState::Failed,
    DeliveryState::Unknown,
];

/// States that still wait for something to be done.
pub const OPEN: [DeliveryState; 4] =
    [DeliveryState::Pending, DeliveryState::Queued, DeliveryState::Sending, DeliveryState::Deferred];
