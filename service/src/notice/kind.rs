//! The kinds of notices, and whether one whose answer was never heard may be sent again.

/// A closed list: whoever adds a kind decides here what an unheard answer means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    RedemptionReceipt,
    ReversalReceipt,
    PointsExpiry,
    TierChange,
    TierWarning,
    FeedbackReply,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::RedemptionReceipt,
        Self::ReversalReceipt,
        Self::PointsExpiry,
        Self::TierChange,
        Self::TierWarning,
        Self::FeedbackReply,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::RedemptionReceipt => "redemption_receipt",
            Self::ReversalReceipt => "reversal_receipt",
            Self::PointsExpiry => "points_expiry",
            Self::TierChange => "tier_change",
            Self::TierWarning => "tier_warning",
            Self::FeedbackReply => "feedback_reply",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Two receipts of one redemption look like two redemptions, and the inbox has it in any case. That a coupon is back, that points
    /// expire, that a tier changes or that there is an answer may be told twice; who is not told loses something.
    pub fn may_be_told_twice(self) -> bool {
        match self {
            Self::RedemptionReceipt => false,
            Self::ReversalReceipt
            | Self::PointsExpiry
            | Self::TierChange
            | Self::TierWarning
            | Self::FeedbackReply => true,
        }
    }
}
