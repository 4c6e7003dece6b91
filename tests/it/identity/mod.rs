//! Signing in, and the sessions that come of it.

mod alipay_page;
mod devices;
mod passkey;
mod password;
mod platform_account;
mod session;
mod sms_code;
mod soter;
mod welcome;
