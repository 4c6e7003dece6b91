//! What the platforms push: taken once, and from nobody else.

mod sms;
mod wechat;
