//! Everything said to the outside: WeChat, the SMS providers, Alipay. No business rule lives here.
//!
//! A client turns each platform's own dialect into one [`Error`] whose [`Class`] tells the caller what may be
//! done next. The line that matters most runs between [`Class::Busy`] (surely nothing happened) and
//! [`Class::Unknown`] (the answer was never heard): a message of the second kind must not be sent again.
//!
//! Secrets, openids, phone numbers and tokens never reach a message or a `Debug` output of this crate.

/// A `Debug` that names the type and nothing inside it: the fields identify a person or open an account.
macro_rules! opaque_debug {
    ($($name:ty),+ $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}

pub mod alipay;
pub mod error;
pub mod sms;
pub mod token_store;
pub mod wechat;

mod beijing;
mod crypto;
mod flexible;
mod http;

pub use error::{Class, Error};

pub type Result<T> = std::result::Result<T, Error>;

/// Time as a parameter.
pub type Now = std::sync::Arc<dyn Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>;
