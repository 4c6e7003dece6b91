//! What the gates saw when a delivery was held back, kept with its row: the explanation later tells what was true then and not only
//! what is true now. A delivery that goes out keeps none: all gates let it pass at the time it was sent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::rules::Gate;

/// Compact, since there is one for each member that a campaign does not reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saw {
    pub at: DateTime<Utc>,
    /// In the order in which they were asked; the last one decided.
    pub gates: Vec<SawGate>,
}

/// Step of the fall-back order, name, whether it let the message pass, what it saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SawGate(pub usize, pub String, pub bool, pub String);

impl Saw {
    pub fn of(gates: &[Gate], at: DateTime<Utc>) -> Self {
        let gates = gates
            .iter()
            .map(|gate| SawGate(gate.step, gate.name.to_owned(), gate.stopped.is_none(), gate.saw.clone()))
            .collect();
        Self { at, gates }
    }

    /// With what was asked after the gates and held it back.
    pub fn and(mut self, step: usize, name: &str, saw: String) -> Self {
        self.gates.push(SawGate(step, name.to_owned(), false, saw));
        self
    }
}
