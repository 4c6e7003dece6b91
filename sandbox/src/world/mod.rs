//! Everything the sandbox remembers. A reset replaces the whole world by a fresh one, so that nothing can be forgotten.
//!
//! Each part guards itself with its own short lock; no lock is held across an await or while another part is asked,
//! except a person's own (ledger, then message log).

pub(crate) mod account;
pub(crate) mod code;
pub(crate) mod counter;
pub(crate) mod directory;
pub(crate) mod fault;
pub(crate) mod message;
pub(crate) mod person;
pub(crate) mod quota;
pub(crate) mod rid;
pub(crate) mod template;
pub(crate) mod template_library;
pub(crate) mod token;

use std::sync::{Arc, Mutex};

use crate::SandboxSettings;
use crate::dice::Dice;
use crate::lock;
use crate::settings::CallbackTarget;
use crate::sms::desk::SmsDesk;

pub(crate) struct World {
    pub dice: Dice,
    pub people: directory::Directory,
    pub messages: message::MessageLog,
    pub codes: code::CodeBook,
    pub tokens: token::TokenBook,
    pub quotas: quota::QuotaBook,
    pub templates: template::TemplateShelf,
    pub faults: fault::FaultBook,
    pub counters: counter::Counters,
    pub account: account::AccountSwitches,
    pub rids: rid::RidLog,
    pub sms: SmsDesk,
    callback: Mutex<Option<Arc<CallbackTarget>>>,
}

impl World {
    pub fn new(settings: &SandboxSettings) -> Self {
        Self {
            dice: Dice::new(settings.seed),
            people: directory::Directory::default(),
            messages: message::MessageLog::default(),
            codes: code::CodeBook::default(),
            tokens: token::TokenBook::default(),
            quotas: quota::QuotaBook::default(),
            templates: template::TemplateShelf::new(template_library::demo_templates()),
            faults: fault::FaultBook::new(settings.faults.clone()),
            counters: counter::Counters::default(),
            account: account::AccountSwitches::default(),
            rids: rid::RidLog::default(),
            sms: SmsDesk::new(&settings.tencent_sms, &settings.aliyun_sms),
            callback: Mutex::new(settings.wechat.callback.clone().map(Arc::new)),
        }
    }

    pub fn callback(&self) -> Option<Arc<CallbackTarget>> {
        lock(&self.callback).clone()
    }

    pub fn set_callback(&self, target: Option<CallbackTarget>) {
        *lock(&self.callback) = target.map(Arc::new);
    }
}
