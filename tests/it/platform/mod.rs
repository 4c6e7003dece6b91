//! The clients of the outside platforms, against computed vectors and a server inside the test.

mod alipay;
mod robustness;
mod sms_receipt;
mod sms_send;
mod sms_trouble;
mod support;
mod wechat_callback;
mod wechat_calls;
mod wechat_template;
mod wechat_token;
