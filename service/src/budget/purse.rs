//! A running reservation against the ceilings. Pure.

/// In fen; None is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    pub campaign_fen: Option<i64>,
    pub month_fen: Option<i64>,
    pub brand_fen: Option<i64>,
}

/// The ceiling that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ceiling {
    Campaign,
    Month,
    Brand,
}

impl Ceiling {
    /// Why the campaign is paused.
    pub fn code(self) -> &'static str {
        match self {
            Self::Campaign => "budget_campaign",
            Self::Month => "budget_month",
            Self::Brand => "budget_brand",
        }
    }
}

/// What is left under each ceiling, and what was taken out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purse {
    left: Vec<(Ceiling, i64)>,
    taken_fen: i64,
}

impl Purse {
    /// With what the three budgets hold already.
    pub fn new(ceilings: Ceilings, taken: Ceilings) -> Self {
        let left = |ceiling: Option<i64>, taken: Option<i64>| Some(ceiling? - taken.unwrap_or_default());
        let left = [
            (Ceiling::Campaign, left(ceilings.campaign_fen, taken.campaign_fen)),
            (Ceiling::Month, left(ceilings.month_fen, taken.month_fen)),
            (Ceiling::Brand, left(ceilings.brand_fen, taken.brand_fen)),
        ];
        let left = left.into_iter().filter_map(|(ceiling, left)| Some((ceiling, left?))).collect();
        Self { left, taken_fen: 0 }
    }

    /// Takes the whole cost or nothing; what costs nothing is always there.
    pub fn take(&mut self, cost_fen: i64) -> Result<(), Ceiling> {
        if cost_fen <= 0 {
            return Ok(());
        }
        if let Some((ceiling, _)) = self.left.iter().find(|(_, left)| *left < cost_fen) {
            return Err(*ceiling);
        }
        for (_, left) in &mut self.left {
            *left -= cost_fen;
        }
        self.taken_fen += cost_fen;
        Ok(())
    }

    pub fn taken_fen(&self) -> i64 {
        self.taken_fen
    }
}
