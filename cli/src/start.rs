//! What every long-running command does first: settings, keys, logs, metrics, context, schema.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::PrometheusHandle;
use service::Context;
use service::clock::SystemClock;
use service::key_file::{self, KeySource};
use service::settings::Settings;
use service::staff;
use tokio_util::sync::CancellationToken;

use crate::traces::Traces;
use crate::{logging, metrics, migrate};

/// A process that may begin its work.
pub struct Started {
    pub ctx: Context,
    pub metrics: PrometheusHandle,
    /// Cancelled by SIGTERM or Ctrl-C.
    pub shutdown: CancellationToken,
    _traces: Option<Traces>,
}

pub async fn start() -> Result<Started> {
    let started = prepare(Settings::load()?).await?;
    show_first_owner(&started.ctx).await?;
    Ok(started)
}

/// Everything but the first owner.
pub async fn prepare(mut settings: Settings) -> Result<Started> {
    let traces = logging::install(&settings.log)?;
    let metrics = metrics::install()?;
    let source = key_file::ensure(&mut settings)?;
    if let KeySource::NewFile(path) = source {
        tracing::warn!(file = %path.display(), "made new secret keys; keep this file with the database's backups");
    }
    let ctx = Box::pin(Context::connect(settings, Arc::new(SystemClock))).await?;
    migrate::ensure_current(&ctx).await?;
    Ok(Started { ctx, metrics, shutdown: cancelled_by_signals()?, _traces: traces })
}

/// On standard output and once: the password is kept nowhere, and logs are.
async fn show_first_owner(ctx: &Context) -> Result<()> {
    if let Some(owner) = staff::ensure_first_owner(ctx).await? {
        println!("First owner: login {}, one-time password {}", owner.login, owner.password);
    }
    Ok(())
}

/// The context alone, for commands that end by themselves.
pub async fn context() -> Result<Context> {
    let mut settings = Settings::load()?;
    key_file::ensure(&mut settings)?;
    Ok(Box::pin(Context::connect(settings, Arc::new(SystemClock))).await?)
}

pub fn bind(address: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("can't listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(unix)]
pub fn cancelled_by_signals() -> Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let cancel = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop");
        cancel.cancel();
    });
    Ok(shutdown)
}

#[cfg(not(unix))]
pub fn cancelled_by_signals() -> Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let cancel = shutdown.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        tracing::info!("told to stop");
        cancel.cancel();
    });
    Ok(shutdown)
}
