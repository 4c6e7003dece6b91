//! Staff: who works with the programme, what their role permits, and at which stores.
//!
//! Invariants: there is always an active owner once there was one; a password is kept only as an Argon2id hash; whoever holds
//! a one-time password can do nothing but change it; disabling ends all sessions. Written by the console and by the
//! first start; read by everybody who checks a permission.

mod admin;
mod authenticate;
mod change;
mod first_owner;
mod list;
mod password;
mod permission;
mod second_factor;
mod sessions;
mod sign_in;

pub use admin::{CreateStaff, Created, create_staff, reset_password};
pub use authenticate::{StaffLookUps, authenticate_staff, authenticate_staff_in_any_case};
pub use change::{ChangeStaff, change_staff};
pub use first_owner::{FirstOwner, ensure_first_owner};
pub use list::{StaffRecord, get_staff, list_staff};
pub use password::change_password;
pub use permission::{Permission, StaffCaller, StoreScope};
pub use second_factor::{
    Prepared, confirm_second_factor, is_missing as second_factor_is_missing, prepare_second_factor,
    remove_second_factor, reset_second_factor,
};
pub use sessions::{StaffSession, end_other_staff_sessions, end_staff_session, list_staff_sessions};
pub use sign_in::{SignInStaff, StaffSignedIn, sign_in_staff};
