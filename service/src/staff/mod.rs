//! Staff: who works with the programme, what their role permits, and at which stores.

mod permission;

pub use permission::{Permission, StaffCaller, StoreScope};
