//! Structured logs on standard error.

use std::io::IsTerminal;

use anyhow::{Context as _, Result};
use service::settings::Log;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

pub fn install(settings: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.filter)
        .with_context(|| format!("setting log.filter: {:?} is no filter", settings.filter))?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format.as_str() {
        "json" => lines.json().flatten_event(true).boxed(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init().context("installing the log")
}
