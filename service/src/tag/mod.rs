//! Tags: labels that members carry, put there by staff (source `staff`), by a rule, by an import or by a campaign.
//!
//! A name is unique. Putting a tag on twice and taking it off twice are both harmless.

mod apply;
mod create;
mod list;
mod rule;

pub use apply::apply_tag_rules;
pub use create::create_tag;
pub(crate) use list::tags_of;
pub use list::{CarriedTag, CountedTag, list_tags};
pub use rule::{SetTagRule, TagRuleRow, clear_tag_rule, set_tag_rule};
