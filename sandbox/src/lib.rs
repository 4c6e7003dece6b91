//! A local stand-in for the platforms that the membership programme talks to: WeChat, two SMS providers and Alipay,
//! with virtual phones for the people on the other side.
//!
//! It serves the real paths with the real codes and quirks, so that a client changes its base URL and nothing else. It
//! shares no code with any client in this repository: a mistake in one shows against the other. Where a platform's
//! documents leave something open, the choice stands in docs/sandbox.md.
//!
//! - `pipeline` takes every platform call through the fault knobs and to the platform that owns it
//! - `wechat`, `sms`, `alipay` answer; `world` remembers; `callback` pushes events back
//! - `control` is the API under `/sandbox/api` for tests, and `page` the page at `/sandbox` for people

mod alipay;
mod callback;
mod clock;
mod control;
mod dice;
mod hub;
mod newcomer;
mod page;
mod payload_cipher;
mod pipeline;
mod server;
mod settings;
mod sms;
mod wechat;
mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use clock::SandboxClock;
pub use newcomer::Newcomer;
pub use server::{Sandbox, SandboxHandle};
pub use settings::{
    AlipayAccount, AlipayIdentity, AliyunSmsAccount, CallbackFormat, CallbackMode, CallbackTarget, DemoKeys,
    SandboxSettings, TencentSmsAccount, WeChatAccount, demo_keys,
};
pub use sms::{ReviewState, SmsKind, SmsTemplate};
pub use world::fault::{CallbackFaults, Faults, PathFaults};

/// A poisoned lock means that one request panicked; the others go on with what it left.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
