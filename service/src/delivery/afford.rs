//! From an open channel to one that can be paid for. Pure; the claim and the forecast ask it in the order of their rows.

use chrono::{DateTime, Utc};

use super::facts::{Recipient, Terms};
use super::rules::{Choice, Decision, choose};
use super::wording::Wordings;
use crate::budget::{Ceiling, Purse};

/// What becomes of a member whose gates are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afforded {
    /// The cost is taken out of the purse.
    Go { step: usize, cost_fen: i64 },
    /// A ceiling is reached, and no channel behind is free of cost and open.
    Short(Ceiling),
}

/// Takes the cost of `step` out of the purse. Where it does not hold as much, the next open channel that costs no more than
/// what it has (a free one always does) is taken instead.
pub fn afford(
    (terms, wordings): (&Terms, &Wordings),
    (recipient, variant): (&Recipient, Option<&str>),
    step: usize,
    (purse, now): (&mut Purse, DateTime<Utc>),
) -> Afforded {
    let mut step = step;
    let mut first_short = None;
    loop {
        let cost_fen = cost(terms, wordings, (recipient, variant), step);
        let Err(ceiling) = purse.take(cost_fen) else { return Afforded::Go { step, cost_fen } };
        let short = *first_short.get_or_insert(ceiling);
        if step + 1 >= terms.steps.len() {
            return Afforded::Short(short);
        }
        match choose(terms, recipient, step + 1, now) {
            Choice { step: next, decision: Decision::Send } => step = next,
            _ => return Afforded::Short(short),
        }
    }
}

fn cost(
    terms: &Terms,
    wordings: &Wordings,
    (recipient, variant): (&Recipient, Option<&str>),
    step: usize,
) -> i64 {
    let Some(place) = terms.steps.get(step) else { return 0 };
    let message = wordings.of_step(variant, i32::try_from(step).unwrap_or_default());
    terms.prices.cost_fen(place.channel, message, recipient)
}
