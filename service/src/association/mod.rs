//! Which goods go together: rules "who takes these takes that too" over baskets, as of a day of the shop and over the days before it.
//!
//! A basket is a purchase with the goods of it that were kept by the end of the day, each once. A good is told by its code, or by its name
//! where it has none; or baskets are made of categories. What the brand leaves out (bags, bundles) is in no basket. Invariants: a run is of a
//! day that is over and of its parameters, with what was left out among them, and there is one for these; what is complete never changes, so
//! that it can be looked at again as it was. Written by the job `FindAssociations` when somebody asks; read by the console.

mod basket;
mod exclusion;
mod find;
mod read;
mod request;
pub mod rules;

pub use entity::association_run::Model as RunRow;
pub use exclusion::{Exclusions, read_exclusions, save_exclusions};
pub use find::{AssociationResult, FoundRule, Good, find_due};
pub use read::{Run, find_run, list_runs};
pub use request::{AssociationRequest, Grain, Parameters, find_associations};
