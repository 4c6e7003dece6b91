//! Text messages through several suppliers that stand in for each other.

mod fail_over;
mod rules;
