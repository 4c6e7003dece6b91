//! `huike serve`, `api` and `worker`: which parts one process runs.

use std::sync::Arc;

use anyhow::Result;
use api::Server;
use worker::broker::Broker;

use crate::start::{self, Started, start};
use crate::{broker, first_owner};

/// The API and the workers in one process.
pub async fn serve() -> Result<()> {
    let started = start().await?;
    first_owner::ensure(&started.ctx).await?;
    let broker = broker::connect(&started.ctx.settings).await?;
    let listen = started.ctx.settings.listen.clone();
    let server = server(Server::new(started.ctx.clone()), &started, broker.clone());
    serve_until_told(server, &listen, &started).await
}

pub async fn api() -> Result<()> {
    let started = start().await?;
    first_owner::ensure(&started.ctx).await?;
    let broker = broker::connect(&started.ctx.settings).await?;
    let listen = started.ctx.settings.listen.clone();
    let server = server(Server::new(started.ctx.clone()), &started, broker);
    serve_until_told(server, &listen, &started).await
}
