//! The kinds of callers, and what each may expect of an operation.

use entity::states::StaffRole;

use super::table::Who;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Anonymous,
    GarbageToken,
    SignedOutMember,
    DisabledMember,
    DeletedMember,
    Member,
    /// Holds nothing of what the requests are about.
    OtherMember,
    DisabledStaff,
    OneTimePassword,
    /// Without a limit, or limited to the store that the requests are about.
    Staff(StaffRole),
    CashierElsewhere,
}

pub struct Caller {
    pub kind: Kind,
    pub token: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    LetIn,
    Refused(u16, &'static str),
}

use Outcome::{LetIn, Refused};

const UNKNOWN: Outcome = Refused(401, "unauthenticated");
const FORBIDDEN: Outcome = Refused(403, "forbidden");

impl Kind {
    pub fn expects(self, who: Who) -> Outcome {
        match who {
            Who::Everyone => LetIn,
            Who::Platforms => Refused(409, "callback_signature_invalid"),
            Who::TokenHolders => match self {
                Self::Anonymous | Self::GarbageToken => UNKNOWN,
                _ => LetIn,
            },
            Who::Members => match self {
                Self::Member | Self::OtherMember => LetIn,
                _ => UNKNOWN,
            },
            Who::MembersOrAnonymous => match self {
                Self::Member | Self::OtherMember | Self::Anonymous => LetIn,
                _ => UNKNOWN,
            },
            Who::OwnMember => match self {
                Self::Member => LetIn,
                Self::OtherMember => Refused(404, "not_found"),
                _ => UNKNOWN,
            },
            Who::AnyStaff => match self {
                Self::Staff(_) | Self::CashierElsewhere | Self::OneTimePassword => LetIn,
                _ => UNKNOWN,
            },
            Who::OwnStaff => match self {
                Self::Staff(StaffRole::Owner) => LetIn,
                Self::Staff(_) | Self::CashierElsewhere | Self::OneTimePassword => Refused(404, "not_found"),
                _ => UNKNOWN,
            },
            Who::Staff(roles) => self.as_staff(roles, true),
            Who::StaffOfStore(roles) => self.as_staff(roles, false),
        }
    }

    fn as_staff(self, roles: &[StaffRole], anywhere: bool) -> Outcome {
        match self {
            Self::OneTimePassword => Refused(409, "password_change_required"),
            Self::Staff(role) if roles.contains(&role) => LetIn,
            Self::CashierElsewhere if !roles.contains(&StaffRole::Cashier) => FORBIDDEN,
            Self::CashierElsewhere if anywhere => LetIn,
            Self::CashierElsewhere => Refused(409, "store_not_permitted"),
            Self::Staff(_) => FORBIDDEN,
            _ => UNKNOWN,
        }
    }
}
