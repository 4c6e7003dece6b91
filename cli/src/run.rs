//! `huike serve`, `api` and `worker`: which parts one process runs, and the order in which they stop.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use api::{ReadinessCheck, Server};
use tokio_util::sync::CancellationToken;
use worker::broker::Broker;
use worker::{Lanes, Worker, connect_broker};

use crate::start::{Started, bind, start};

/// On top of the setting's deadline, for what ends by itself when the deadline is over.
const GRACE: Duration = Duration::from_secs(2);

/// The API and the workers in one process.
pub async fn serve() -> Result<()> {
    let started = start().await?;
    let listener = bind(&started.ctx.settings.listen)?;
    let server = Server::new(started.ctx.clone());
    serve_all(&started, listener, server).await
}

/// The same with a server made ready, at an address that is taken already.
pub async fn serve_all(started: &Started, listener: TcpListener, server: Server) -> Result<()> {
    let broker = connect_broker(&started.ctx.settings).await?;
    let stop_serving = CancellationToken::new();
    let serving = serve_http(server, listener, started, broker.clone(), stop_serving.clone());
    // The workers stop first: what they finish may use connections that live in the server's threads.
    let working = async {
        let worked = work(started, broker, Lanes::ALL).await;
        stop_serving.cancel();
        worked
    };
    until_stopped(started, async { tokio::try_join!(serving, working).map(|_| ()) }).await
}

/// The API alone.
pub async fn api() -> Result<()> {
    let started = start().await?;
    let broker = connect_broker(&started.ctx.settings).await?;
    let server = Server::new(started.ctx.clone());
    let listener = bind(&started.ctx.settings.listen)?;
    let serving = serve_http(server, listener, &started, broker, started.shutdown.clone());
    until_stopped(&started, serving).await
}

/// The workers of these lanes alone; at `listen` they tell how they are.
pub async fn worker(listen: &str, lanes: Lanes) -> Result<()> {
    let started = start().await?;
    let broker = connect_broker(&started.ctx.settings).await?;
    let server = Server::operators_only(started.ctx.clone());
    let stop_serving = CancellationToken::new();
    let serving = serve_http(server, bind(listen)?, &started, broker.clone(), stop_serving.clone());
    let working = async {
        let worked = work(&started, broker, lanes).await;
        stop_serving.cancel();
        worked
    };
    until_stopped(&started, async { tokio::try_join!(serving, working).map(|_| ()) }).await
}

/// The workers' part of a process, until told to stop.
async fn work(started: &Started, broker: Arc<dyn Broker>, lanes: Lanes) -> Result<()> {
    Worker::new(started.ctx.clone(), broker).with_lanes(lanes).run(started.shutdown.clone()).await
}

async fn serve_http(
    server: Server,
    listener: TcpListener,
    started: &Started,
    broker: Arc<dyn Broker>,
    stop: CancellationToken,
) -> Result<()> {
    let metrics = started.metrics.clone();
    let server = server.with_check(readiness(broker)).with_metrics(move || metrics.render());
    tracing::info!("listening on http://{}", listener.local_addr()?);
    server.serve(listener, stop).await
}

fn readiness(broker: Arc<dyn Broker>) -> ReadinessCheck {
    ReadinessCheck::new("broker", move || {
        let broker = broker.clone();
        async move { broker.ping().await.map_err(|_| "does not answer".to_owned()) }
    })
}

/// Runs the parts to their end, which after a signal must come within the deadline.
async fn until_stopped(started: &Started, parts: impl Future<Output = Result<()>>) -> Result<()> {
    let deadline = Duration::from_secs(started.ctx.settings.server.shutdown_seconds) + GRACE;
    let overdue = async {
        started.shutdown.cancelled().await;
        tokio::time::sleep(deadline).await;
    };
    tokio::select! {
        ended = parts => ended?,
        () = overdue => bail!("some work did not end within {} s", deadline.as_secs()),
    }
    started.ctx.db.clone().close().await;
    tracing::info!("stopped");
    Ok(())
}
