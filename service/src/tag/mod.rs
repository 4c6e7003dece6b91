//! Tags: labels that members carry, put there by staff (source `staff`), by an import or by a campaign.
//!
//! A name is unique. Putting a tag on twice and taking it off twice are both harmless.

mod create;
mod list;

pub use create::create_tag;
pub(crate) use list::tags_of;
pub use list::{CountedTag, list_tags};
