//! What the platforms tell us. An event is verified, stored and applied in one transaction, then answered; a repeated one is
//! known by its key and changes nothing. An event of somebody who is not a member yet waits until they are.

mod apply;
mod sms;
mod wechat;

pub use platform::wechat::callback::CallbackQuery as WechatQuery;

pub use apply::{StoredEvent, apply_stored, apply_waiting_of, store_and_apply};
pub use sms::{SmsCallback, receive_sms};
pub use wechat::{receive_wechat, verify_wechat_url};
