//! Which lanes a process works for. All by default; operators may split them between processes.

use std::str::FromStr;

use crate::topology::Queue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    pub urgent: bool,
    pub journey: bool,
    /// With it goes everything that has no lane: audiences, callbacks, housekeeping and what ticks.
    pub campaign: bool,
}

impl Lanes {
    pub const ALL: Self = Self { urgent: true, journey: true, campaign: true };
    const NONE: Self = Self { urgent: false, journey: false, campaign: false };

    /// Whether there is work besides the urgent.
    pub fn has_rest(self) -> bool {
        self.journey || self.campaign
    }

    /// The queues of all lanes but the urgent.
    pub fn rest(self) -> Vec<Queue> {
        let of_lane = |queue: &Queue| match queue {
            Queue::DeliveryUrgent => false,
            Queue::DeliveryJourney => self.journey,
            Queue::DeliveryCampaign | Queue::Campaign | Queue::Callback | Queue::Member => self.campaign,
        };
        Queue::ALL.into_iter().filter(of_lane).collect()
    }
}

/// `urgent,journey,campaign`, in any order.
impl FromStr for Lanes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut lanes = Self::NONE;
        for name in text.split(',').map(str::trim) {
            match name {
                "urgent" => lanes.urgent = true,
                "journey" => lanes.journey = true,
                "campaign" => lanes.campaign = true,
                other => return Err(format!("{other:?} is no lane; choose among urgent, journey, campaign")),
            }
        }
        Ok(lanes)
    }
}
