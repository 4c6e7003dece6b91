//! Structured logs on standard error, and traces when an endpoint is set.

use std::io::IsTerminal;

use anyhow::{Context as _, Result};
use service::settings::Log;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::traces::Traces;

/// Answers what must live as long as traces are to be sent.
pub fn install(settings: &Log) -> Result<Option<Traces>> {
    let filter = EnvFilter::try_new(&settings.filter)
        .with_context(|| format!("setting log.filter: {:?} is no filter", settings.filter))?;
    let traces = Traces::to(&settings.otlp_endpoint)?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format.as_str() {
        "json" => lines.json().flatten_event(true).boxed(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(traces.as_ref().map(Traces::layer))
        .with(lines)
        .with(filter)
        .try_init()
        .context("installing the log")?;
    Ok(traces)
}
