//! Segments: saved rules that pick members, and the audience a rule resolves to.
//!
//! A rule only ever picks active members. Written by the console; read by campaigns, which keep a copy of the rule from the
//! moment they are scheduled, so a later edit does not move a running campaign.

pub mod deed;
pub mod rule;
mod segment;
mod size;
mod traits;

pub use entity::segment::Model as SegmentRow;
pub use entity::segment_size::Model as SegmentSize;

pub use rule::{Rule, age_band};
pub use segment::{SegmentDraft, count, create, find, hold, list, remove, rules, sample, update};
pub use size::{count_segments, list_sizes};
pub use traits::{Trait, traits_of};
