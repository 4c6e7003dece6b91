//! What the brand wants to know of its members besides name, gender and birthday: attributes with a key and a kind, defined in the
//! console, filled in by members (where they may) and staff.
//!
//! A value is kept as text, in one spelling per kind, and for numbers as ten-thousandths beside it, so that segments can compare. An
//! attribute is archived and not deleted: its values stay, it is asked for and shown no more. Its kind never changes, and choices are only added.

mod define;
mod list;
mod record;

pub use define::{AttributeChange, AttributeDraft, change_attribute, create_attribute};
pub use entity::attribute::Model as AttributeRow;
pub use list::{UsedAttribute, list_attributes};
pub use record::{Values, change_member_attributes, change_my_attributes, member_attributes, my_attributes};
