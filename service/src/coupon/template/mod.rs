//! Coupon templates: draft, published, withdrawn.
//!
//! Once a copy exists the rules are frozen, since members hold promises; only the stock (never below
//! what is taken), the daily stock and the budget may still move and the template be withdrawn or published again.

mod form;
mod list;
mod moment;
mod patch;
mod write;

pub use form::TemplateForm;
pub(super) use form::typed;
pub use list::{ClaimableOffer, list_claimable, list_templates, read_template};
pub use moment::Moment;
pub use patch::TemplatePatch;
pub use write::{change_template, create_template, publish_template, withdraw_template};
