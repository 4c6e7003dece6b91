//! `huike sandbox`: the platforms' stand-in by itself, and what a client of it has to be configured with.

use ::sandbox::{CallbackTarget, Sandbox, SandboxSettings, demo_keys};
use anyhow::Result;
use clap::Args;

use crate::start::cancelled_by_signals;

#[derive(Args)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: String,
    /// Where WeChat's events are pushed to, e.g. http://127.0.0.1:8080/v1/callbacks/wechat. The page can set it later.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// The token that signs those events.
    #[arg(long, value_name = "TOKEN", default_value = "sandbox-callback-token")]
    callback_token: String,
}

pub async fn run(options: Options) -> Result<()> {
    let mut settings = SandboxSettings { listen: options.listen, ..SandboxSettings::default() };
    settings.wechat.callback = options.callback_url.map(|url| CallbackTarget {
        url,
        token: options.callback_token.clone(),
        aes_key: None,
        mode: Default::default(),
        format: Default::default(),
    });
    let shutdown = cancelled_by_signals()?;
    let sandbox = Sandbox::start(settings.clone()).await?;
    print!("{}", account(&settings, &sandbox.base_url(), &options.callback_token));
    shutdown.cancelled().await;
    sandbox.stop().await;
    Ok(())
}

/// The values as lines for huike's environment; another client finds the same ones here.
fn account(settings: &SandboxSettings, base_url: &str, callback_token: &str) -> String {
    let (wechat, tencent, aliyun) = (&settings.wechat, &settings.tencent_sms, &settings.aliyun_sms);
    let pushes = match &wechat.callback {
        Some(target) => format!("events go to {}", target.url),
        None => "events go nowhere yet: name an address with --callback-url, or on the page".to_owned(),
    };
    let code_template = aliyun.templates.first().map(|template| template.id.as_str()).unwrap_or_default();
    let sign = aliyun.signs.first().map(String::as_str).unwrap_or_default();
    let one_line = |pem: &str| pem.trim().replace('\n', "\\n");
    let keys = demo_keys();
    format!(
        "\
WeChat, SMS and Alipay answer at {base_url}
Virtual phones               {base_url}/sandbox
{pushes}

# What a client is configured with; the values are known to everybody and protect nothing.
export HUIKE_WECHAT_BASE_URL={base_url}
export HUIKE_WECHAT_APPID={appid}
export HUIKE_WECHAT_SECRET={secret}
export HUIKE_WECHAT_CALLBACK_TOKEN={callback_token}
export HUIKE_SMS_PROVIDER=aliyun
export HUIKE_SMS_SIGN_NAME={sign}
export HUIKE_SIGN_IN_SMS_TEMPLATE={code_template}
export HUIKE_ALIYUN_SMS_BASE_URL={base_url}
export HUIKE_ALIYUN_SMS_ACCESS_KEY_ID={aliyun_id}
export HUIKE_ALIYUN_SMS_ACCESS_KEY_SECRET={aliyun_secret}
# or HUIKE_SMS_PROVIDER=tencent: SecretId {tencent_id}, SecretKey {tencent_key}, SmsSdkAppId {sdk_app_id}
export HUIKE_ALIPAY_GATEWAY_URL={base_url}/gateway.do
export HUIKE_ALIPAY_AUTHORISE_URL={base_url}/oauth2/publicAppAuthorize.htm
export HUIKE_ALIPAY_APP_ID={alipay_app_id}
export HUIKE_ALIPAY_AES_KEY={aes_key}
export HUIKE_ALIPAY_PRIVATE_KEY='{app_key}'
export HUIKE_ALIPAY_ALIPAY_PUBLIC_KEY='{alipay_key}'

Ctrl-C stops it; what it remembers goes with it.
",
        appid = wechat.appid,
        secret = wechat.secret,
        aliyun_id = aliyun.access_key_id,
        aliyun_secret = aliyun.access_key_secret,
        tencent_id = tencent.secret_id,
        tencent_key = tencent.secret_key,
        sdk_app_id = tencent.sdk_app_id,
        alipay_app_id = settings.alipay.app_id,
        aes_key = keys.aes_key,
        app_key = one_line(keys.app_private_key_pem),
        alipay_key = one_line(keys.alipay_public_key_pem),
    )
}
