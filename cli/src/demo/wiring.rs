//! How shop and sandbox know each other. The secrets between them are made anew at every start.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use ::sandbox::{CallbackTarget, SandboxSettings, demo_keys};
use service::clock::{Clock, SystemClock};
use service::crypto;
use service::demo::{self, BRAND};
use service::settings::{Secret, Settings, SmsTemplate, SmsTemplateKind};

pub struct Wiring {
    api: SocketAddr,
    sandbox_listen: String,
    callback_token: String,
    sms_callback_key: String,
}

impl Wiring {
    pub fn new(api: SocketAddr, sandbox_listen: String) -> Self {
        let (callback_token, sms_callback_key) = (crypto::random_token(), crypto::random_token());
        Self { api, sandbox_listen, callback_token, sms_callback_key }
    }

    /// The API as this machine reaches it.
    pub fn api(&self) -> String {
        let mut address = self.api;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("http://{address}")
    }

    /// The same as a browser is told it. On loop-back a name, as passkeys belong to a domain.
    pub fn public(&self) -> String {
        let ip = self.api.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            return format!("http://localhost:{}", self.api.port());
        }
        format!("http://{}", self.api)
    }

    pub fn sandbox(&self) -> SandboxSettings {
        let mut sandbox = SandboxSettings {
            listen: self.sandbox_listen.clone(),
            // A sandbox that began the same way again would give new messages the numbers of old ones.
            seed: SystemClock.now().timestamp().unsigned_abs(),
            ..SandboxSettings::default()
        };
        sandbox.wechat.callback = Some(CallbackTarget {
            url: format!("{}/v1/callbacks/wechat", self.api()),
            token: self.callback_token.clone(),
            aes_key: None,
            mode: Default::default(),
            format: Default::default(),
        });
        sandbox.alipay.redirect_uris = vec![format!("{}/m/", self.public())];
        let receipts = format!("{}/v1/callbacks/sms/aliyun?key={}", self.api(), self.sms_callback_key);
        sandbox.aliyun_sms.signs = vec![BRAND.to_owned()];
        sandbox.aliyun_sms.report_url = Some(receipts.clone());
        sandbox.aliyun_sms.reply_url = Some(receipts);
        sandbox
    }

    /// Settings of a shop that talks to the sandbox alone and keeps everything in `data`.
    pub fn point(&self, settings: &mut Settings, sandbox_url: &str, data: &Path) {
        settings.database_url = Secret::new(format!("sqlite://{}", data.join("huike.db").display()));
        settings.amqp_url = Secret::default();
        settings.redis_url = Secret::default();
        settings.secret_keys = Secret::default();
        settings.brand_name = BRAND.to_owned();
        settings.public_url = self.public();
        settings.demo.phones_url = "/sandbox".to_owned();
        // A demo that is started at night must show something too.
        settings.quiet_hours.start = "00:00".to_owned();
        settings.quiet_hours.end = "00:00".to_owned();
        self.point_wechat(settings, sandbox_url);
        self.point_sms(settings, sandbox_url);
        point_alipay(settings, sandbox_url);
    }

    fn point_wechat(&self, settings: &mut Settings, sandbox_url: &str) {
        let account = self.sandbox().wechat;
        settings.wechat.base_url = sandbox_url.to_owned();
        settings.wechat.appid = account.appid;
        settings.wechat.secret = Secret::new(account.secret);
        settings.wechat.callback_token = Secret::new(self.callback_token.clone());
        settings.wechat.callback_aes_key = Secret::default();
        settings.wechat.subscriptions = demo::subscriptions();
    }

    fn point_sms(&self, settings: &mut Settings, sandbox_url: &str) {
        let account = self.sandbox().aliyun_sms;
        settings.sms.provider = "aliyun".to_owned();
        settings.sms.sign_name = BRAND.to_owned();
        settings.sms.callback_key = Secret::new(self.sms_callback_key.clone());
        settings.sms.templates = account.templates.iter().filter(is_approved).map(approved).collect();
        settings.sign_in.sms_template =
            account.templates.into_iter().next().map(|template| template.id).unwrap_or_default();
        settings.aliyun_sms.base_url = sandbox_url.to_owned();
        settings.aliyun_sms.access_key_id = Secret::new(account.access_key_id);
        settings.aliyun_sms.access_key_secret = Secret::new(account.access_key_secret);
    }
}

fn is_approved(template: &&::sandbox::SmsTemplate) -> bool {
    template.state == ::sandbox::ReviewState::Approved
}

fn approved(template: &::sandbox::SmsTemplate) -> SmsTemplate {
    SmsTemplate {
        supplier: "aliyun".to_owned(),
        id: template.id.clone(),
        kind: match template.kind {
            ::sandbox::SmsKind::Code => SmsTemplateKind::Code,
            ::sandbox::SmsKind::Notice => SmsTemplateKind::Notice,
            ::sandbox::SmsKind::Marketing => SmsTemplateKind::Marketing,
        },
        text: template.text.clone(),
    }
}

fn point_alipay(settings: &mut Settings, sandbox_url: &str) {
    let keys = demo_keys();
    settings.alipay.gateway_url = format!("{sandbox_url}/gateway.do");
    settings.alipay.authorise_url = format!("{sandbox_url}/oauth2/publicAppAuthorize.htm");
    settings.alipay.app_id = SandboxSettings::default().alipay.app_id;
    settings.alipay.private_key = Secret::new(keys.app_private_key_pem);
    settings.alipay.alipay_public_key = keys.alipay_public_key_pem.to_owned();
    settings.alipay.aes_key = Secret::new(keys.aes_key);
}
