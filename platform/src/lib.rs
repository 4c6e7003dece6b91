//! platform (shape)
pub mod alipay;
pub mod error;
pub mod sms;
pub mod token_store;
pub mod wechat;
pub use error::{Class, Error, Result};
pub type Now = std::sync::Arc<dyn Fn() -> chrono::DateTime<chrono::Utc> + Send + Sync>;
