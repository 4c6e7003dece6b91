//! The kinds of notices, and whether one whose answer was never heard may be sent again.

/// A closed list: whoever adds a kind decides here what an unheard answer means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    RedemptionReceipt,
    ReversalReceipt,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::RedemptionReceipt, Self::ReversalReceipt];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::RedemptionReceipt => "redemption_receipt",
            Self::ReversalReceipt => "reversal_receipt",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Two receipts of one redemption look like two redemptions, and the inbox has it in any case. That a coupon is back may be
    /// told twice, and who is not told keeps a coupon that they believe used.
    pub fn may_be_told_twice(self) -> bool {
        match self {
            Self::RedemptionReceipt => false,
            Self::ReversalReceipt => true,
        }
    }
}
