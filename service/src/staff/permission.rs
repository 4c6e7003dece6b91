//! Roles and what each may do: one table, mirrored by the console.

use entity::states::StaffRole;

use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::ids::{SessionId, StaffId, StoreId};
use crate::refusal::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Scan a card, quote, redeem, undo one's own redemption, record a purchase.
    ServeMembers,
    /// Take back redemptions of others, and at any time.
    ReverseLater,
    ReadMembers,
    WriteMembers,
    RevealPhones,
    /// Hand out a copy of all that is held on a member, and delete a member who asks for it.
    AnswerDataRequests,
    /// Decide that two members are one person.
    MergeMembers,
    ReadStores,
    WriteStores,
    ReadStaff,
    WriteStaff,
    ReadCoupons,
    WriteCoupons,
    ReadCampaigns,
    WriteCampaigns,
    /// Let a campaign of somebody else go out.
    ApproveCampaigns,
    ReadReports,
    /// Compute and read what buyers are worth and which goods go together, over all stores.
    AnalyseMembers,
    ReadSettings,
    WriteSettings,
    ReadAudit,
    /// Look at messages that could not be handled, replay and discard them.
    HandleDeadLetters,
    /// Read, answer and close what members tell the shop.
    HandleFeedback,
}

impl Permission {
    pub fn granted_to(self, role: StaffRole) -> bool {
        use Permission::*;
        match role {
            StaffRole::Owner => true,
            StaffRole::Marketer => matches!(
                self,
                ReadMembers
                    | WriteMembers
                    | ReadStores
                    | ReadCoupons
                    | WriteCoupons
                    | ReadCampaigns
                    | WriteCampaigns
                    | ApproveCampaigns
                    | ReadReports
                    | AnalyseMembers
                    | ReadSettings
                    | HandleFeedback
            ),
            StaffRole::StoreManager => matches!(
                self,
                ServeMembers
                    | ReverseLater
                    | ReadMembers
                    | MergeMembers
                    | ReadStores
                    | ReadStaff
                    | ReadCoupons
                    | ReadCampaigns
                    | ReadReports
                    | HandleFeedback
            ),
            StaffRole::Cashier => matches!(self, ServeMembers | ReadStores | ReadCoupons),
        }
    }
}

/// The stores somebody is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreScope {
    All,
    Only(Vec<StoreId>),
}

impl StoreScope {
    /// The stores; none of them when there is no limit.
    pub fn limits(&self) -> &[StoreId] {
        match self {
            Self::All => &[],
            Self::Only(stores) => stores,
        }
    }
}

/// A signed-in staff member, as every use case sees one.
#[derive(Debug, Clone)]
pub struct StaffCaller {
    pub id: StaffId,
    pub session_id: SessionId,
    pub role: StaffRole,
    pub stores: StoreScope,
}

impl StaffCaller {
    pub fn require(&self, permission: Permission) -> Result<()> {
        if permission.granted_to(self.role) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// # Refuses
    /// `store_not_permitted`
    pub fn require_store(&self, store: StoreId) -> Result<()> {
        match &self.stores {
            StoreScope::All => Ok(()),
            StoreScope::Only(stores) if stores.contains(&store) => Ok(()),
            StoreScope::Only(_) => Err(Refusal::StoreNotPermitted.into()),
        }
    }

    pub fn actor(&self) -> Actor {
        Actor::Staff(self.id)
    }
}
