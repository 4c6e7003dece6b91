//! `huike sandbox`: the platforms' stand-in by itself.

use ::sandbox::{Sandbox, SandboxSettings};
use anyhow::Result;

use crate::start::cancelled_by_signals;

pub async fn run(listen: String) -> Result<()> {
    let settings = SandboxSettings { listen, ..SandboxSettings::default() };
    let (appid, secret) = (settings.wechat.appid.clone(), settings.wechat.secret.clone());
    let shutdown = cancelled_by_signals()?;
    let sandbox = Sandbox::start(settings).await?;
    println!("The platforms' stand-in answers at {}", sandbox.base_url());
    println!("Its page with the virtual phones: {}/sandbox", sandbox.base_url());
    println!("Its WeChat account: appid {appid}, secret {secret}");
    shutdown.cancelled().await;
    sandbox.stop().await;
    Ok(())
}
