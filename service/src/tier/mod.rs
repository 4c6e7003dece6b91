//! Tiers: a ladder of earned standings, what each gives, and how members rise and fall on it.
//!
//! A member's tier is a row of `tier_standing`; who has none stands on the lowest tier. Three numbers (lifetime, rolling window, since
//! the last change) are summed over the member's settled purchases whenever they are needed; the policy says which one counts.
//! Members rise at once when a purchase is settled ([`reassess`]) and fall by the monthly check ([`check`]), which is done once per
//! member and month. A tier that staff gave stays frozen until its date. Written here under the member's lock; read by earn rules,
//! segments, the member and the console.

mod check;
mod join;
mod ladder;
mod manual;
mod plan;
mod policy;
mod progress;
mod reassess;
mod right;
pub mod rules;
mod standing;

pub use check::check_tiers;
pub use join::join;
pub use ladder::{
    HeldTier, Per, Right, Tier, TierForm, coupon_templates, list_tiers, load as ladder, rights, save_tiers,
};
pub use manual::{SetTier, TierChange, list_changes, set_tier};
pub use plan::{Plan, PlannedMove, PlannedShare, PlannedTier, plan_tiers};
pub use policy::{Counts, Fall, Need, TierPolicy, load as load_policy, read_policy, save_policy};
pub use progress::{Progress, Rise, Stay, next_check, progress_of};
pub use reassess::{bring_tier, place_imported, reassess};
pub use right::{RightLeft, RightUse, UseRight, list_right_uses, rights_of, use_right};
pub use standing::{Standing, place_of};
