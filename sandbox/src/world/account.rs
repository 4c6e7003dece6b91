//! Switches of the WeChat account that the control API flips: a frozen secret, an address white list, the content
//! checker's words, the pages of the released version and the cap on fixed codes.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::lock;

/// WeChat's lifetime cap of `getwxacode` and `createwxaqrcode` together.
pub(crate) const FIXED_CODE_CAP: u64 = 100_000;

#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Account {
    pub secret_frozen: bool,
    /// Callers let in; `None` lets everyone in.
    pub ip_whitelist: Option<Vec<String>>,
    /// Pages of the released version; empty means any page exists.
    pub pages: Vec<String>,
    pub sensitive_words: Vec<String>,
    pub risky_words: Vec<String>,
    pub review_words: Vec<String>,
    pub subscribe_banned: bool,
    pub fixed_code_cap: u64,
    pub fixed_codes_used: u64,
    pub private_template_limit: usize,
}

impl Default for Account {
    fn default() -> Self {
        const PRIVATE_TEMPLATES: usize = 50;
        Self {
            secret_frozen: false,
            ip_whitelist: None,
            pages: Vec::new(),
            sensitive_words: vec!["敏感词样本".into()],
            risky_words: vec!["违规样本".into()],
            review_words: vec!["疑似样本".into()],
            subscribe_banned: false,
            fixed_code_cap: FIXED_CODE_CAP,
            fixed_codes_used: 0,
            private_template_limit: PRIVATE_TEMPLATES,
        }
    }
}

#[derive(Default)]
pub(crate) struct AccountSwitches(Mutex<Account>);

impl AccountSwitches {
    pub fn with<T>(&self, read: impl FnOnce(&mut Account) -> T) -> T {
        read(&mut lock(&self.0))
    }

    pub fn snapshot(&self) -> Account {
        lock(&self.0).clone()
    }
}
