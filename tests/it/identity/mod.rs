//! Signing in, and the sessions that come of it.

mod platform_account;
mod session;
mod sms_code;
