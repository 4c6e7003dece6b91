//! `huike demo`: API, workers and sandbox in one process, with an invented shop in a folder of its own.
//!
//! The shop is kept, the sandbox is not: at every start each member gets a virtual phone anew, with the subscriptions that
//! the shop's ledger says are left.

mod greeting;
mod wiring;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use ::sandbox::{Newcomer, Sandbox, SandboxHandle};
use anyhow::{Context as _, Result, anyhow};
use api::Server;
use clap::Args;
use service::Context;
use service::demo::{self, PhoneOwner, Shop};
use service::settings::Settings;
use service::states::CampaignState;

use crate::run::serve_all;
use crate::start::{bind, prepare};
use greeting::{Greeting, News};

/// The greeting waits so long for the first campaign to end, then comes anyway.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Args)]
pub struct Options {
    /// Where the shop is kept; made when it is not there.
    #[arg(long, value_name = "DIR", default_value = "huike-data")]
    data: PathBuf,
    /// Where the API listens; the setting `listen` (HUIKE_LISTEN) when absent.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Where the sandbox with the virtual phones listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8090")]
    sandbox: String,
    /// What is logged: `info` shows a line for every request and job.
    #[arg(long, value_name = "FILTER", default_value = "warn,huike::start=error")]
    log: String,
}

pub async fn run(options: Options) -> Result<()> {
    let mut settings = Settings::load()?;
    settings.listen = options.listen.unwrap_or(settings.listen);
    settings.log.filter = options.log;
    let listener = claim(&settings.listen, "--listen 127.0.0.1:8180")?;
    drop(claim(&options.sandbox, "--sandbox 127.0.0.1:8190")?);
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("can't make the folder {}", options.data.display()))?;

    let wiring = wiring::Wiring::new(listener.local_addr()?, options.sandbox);
    let sandbox = Sandbox::start(wiring.sandbox()).await?;
    wiring.point(&mut settings, &sandbox.base_url(), &options.data);
    let started = prepare(settings).await?;
    let shop = demo::seed(&started.ctx).await?;
    hand_out_phones(&started.ctx, &sandbox.state()).await?;

    let greeting = Greeting { api: wiring.public(), sandbox: sandbox.base_url(), data: options.data, shop };
    tokio::spawn(greet(started.ctx.clone(), sandbox.state(), greeting));
    let server = Server::new(started.ctx.clone()).with_mount(sandbox.state().mount());
    Box::pin(serve_all(&started, listener, server)).await?;
    sandbox.stop().await;
    Ok(())
}

/// Looked at before anything is made, so that a taken port leaves nothing behind.
fn claim(address: &str, way_out: &str) -> Result<TcpListener> {
    bind(address).map_err(|error| {
        anyhow!(
            "{error:#}. Stop what runs there (another huike?), or choose another port: huike demo {way_out}"
        )
    })
}

async fn hand_out_phones(ctx: &Context, sandbox: &SandboxHandle) -> Result<()> {
    let owners = demo::phone_owners(ctx).await?;
    sandbox.welcome(owners.into_iter().map(newcomer).collect())
}

fn newcomer(owner: PhoneOwner) -> Newcomer {
    Newcomer {
        name: owner.name,
        phone: owner.phone,
        openid: owner.openid,
        unionid: owner.unionid,
        alipay_open_id: owner.alipay_open_id,
        subscriptions: owner.consents,
    }
}

/// Greets once there is something to see on the phones.
async fn greet(ctx: Context, sandbox: SandboxHandle, greeting: Greeting) {
    let shop = greeting.shop;
    // Without an end in time the greeting is as true.
    let _ = tokio::time::timeout(PATIENCE, ended(&ctx, shop)).await;
    let waiting = demo::campaign_state(&ctx, shop.draft_campaign_id).await;
    let news = News {
        phones_are_empty: sandbox.messages() == 0,
        campaign_waits: matches!(waiting, Ok(CampaignState::Draft)),
    };
    print!("{}", greeting.text(&news));
}

async fn ended(ctx: &Context, shop: Shop) {
    while !matches!(demo::campaign_state(ctx, shop.sent_campaign_id).await, Ok(CampaignState::Completed)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
