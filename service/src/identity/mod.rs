//! Identities: the ways in which a member is recognised, and the sign-ins that prove them.
//!
//! An identity is a provider and the subject it knows the member by; the pair is unique, so two first sign-ins at once make
//! one member. A member may hold several of one provider. A phone's subject is a keyed hash. What is proven together belongs
//! together: an unknown subject that comes with a known one is bound to the same member; two members become one (see
//! [`crate::member::merge`]). A WeChat or Alipay account alone is enough to enrol, a phone can be proven later.

mod challenge;
pub mod history;
mod known;
pub mod passkey;
pub mod password;
mod prove_phone;
mod resolve;
mod sign_in_by_alipay;
mod sign_in_by_sms;
mod sign_in_by_wechat;
mod sms_code;
pub mod soter;

pub use known::SignInDesk;
pub use prove_phone::{PhoneProof, prove_phone};
pub use resolve::SignedIn;
pub use sign_in_by_alipay::{AlipayReturn, AlipayVisit, SignInByAlipay, sign_in_by_alipay, start_alipay};
pub use sign_in_by_sms::{SignInBySms, send_sms_code, sign_in_by_sms};
pub use sign_in_by_wechat::{SignInByWechat, sign_in_by_wechat};
