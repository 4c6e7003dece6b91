//! Points: an append-only ledger per member, lots that expire, and what earns and spends them.
//!
//! A gain makes a lot; a purchase's is pending until its goods can no longer be returned. Spending takes from the lots that expire
//! first; a reversal goes back to the lots that were taken from. Each act is one entry of the ledger with its moves on lots, unique by
//! `(kind, business_id)`, and is decided by [`rules`] while the member's row is locked.
//!
//! Invariants: an account's numbers are the sums of its ledger and of its lots ([`check`] compares them every night and repairs
//! nothing), the merge of two members included ([`join`]); a lot's remainder is the sum of its moves; who owes points has no open lot. Written here, on behalf of purchases,
//! the mall, stamp cards and staff; read by the member, the console and segments.

mod acts;
mod adjust;
mod check;
mod check_in;
pub mod earn;
mod invite;
mod join;
mod ledger;
mod liability;
mod policy;
mod policy_rules;
mod purchase;
pub mod rules;
mod sharing;
mod statement;
mod survey;
mod upkeep;

pub use acts::{Gift, Spending, catch_up, give, give_until, reverse, spend};
pub use adjust::{Adjustment, adjust_points, decide_adjustment, list_adjustments};
pub use check::{CheckReport, Difference, Numbers, check_if_due, check_points, list_checks};
pub use check_in::{CheckIn, check_in, last_check_in, next_streak, points_for};
pub use entity::points_check::Model as CheckRow;
pub use entity::points_earning::Model as Earning;
pub use invite::{Invitation, accept_invitation, list_invitations, lock_with_inviter, reward_first_purchase};
pub use join::{is_written_of_any, join};
pub use ledger::{Origin, lock};
pub use liability::{Liability, Worth, read_liability};
pub use policy::{
    CheckInPolicy, Combine, Expiry, InviteAct, InvitePolicy, PointsPolicy, SHARING_WARNING, SharingPolicy,
    ShortagePolicy, Streak, load as load_policy, read_policy, save_policy,
};
pub use purchase::{TakenBack, earn_purchase, earnings_of, return_period_ends, take_back};
pub use sharing::report_share;
pub use statement::{Balance, LotMove, StatementLine, balance_of, read_for_staff, statement_of};
pub use survey::{
    CountedSurvey, Question, SurveyForm, SurveyRow, answer_survey, list_surveys, open_surveys, questions,
    save_survey,
};
pub use upkeep::{keep_points, remind};
