//! Signing in, and the sessions that come of it.

mod log;
mod platform_account;
mod session;
mod sms_code;
