//! `huike`, the one binary: the API, the workers and what their keeper needs.

mod demo;
mod doctor;
mod import;
mod logging;
mod metrics;
mod migrate;
mod run;
mod runtime;
mod sandbox;
mod start;
mod traces;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// 回客: a WeChat membership programme. Settings come from huike.toml (or HUIKE_CONFIG) and HUIKE_* variables.
#[derive(Parser)]
#[command(name = "huike", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The API and the workers in one process.
    Serve,
    /// The API alone.
    Api,
    /// The workers alone.
    Worker {
        /// Where /healthz, /readyz and /metrics of this worker are served.
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: String,
        /// Which lanes it works for: urgent, journey, campaign (with it audiences, callbacks, housekeeping).
        #[arg(long, default_value = "urgent,journey,campaign")]
        lanes: worker::Lanes,
    },
    /// Changes the database's schema, or shows how it stands.
    #[command(subcommand)]
    Migrate(migrate::Direction),
    /// A stand-in for WeChat, SMS and Alipay with virtual phones, for development and tests.
    Sandbox(sandbox::Options),
    /// Brings members and purchases in from a file.
    Import(import::ImportArgs),
    /// Everything at once with an invented shop, nothing to install or to configure.
    Demo(demo::Options),
    /// Prints the OpenAPI document.
    Openapi,
    /// Checks the settings and every dependency, and says what to fix.
    Doctor,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let ended = runtime::of(&command).map_err(Into::into).and_then(|runtime| runtime.block_on(run(command)));
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("huike: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => run::serve().await?,
        Command::Api => run::api().await?,
        Command::Worker { listen, lanes } => run::worker(&listen, lanes).await?,
        Command::Migrate(direction) => migrate::run(direction).await?,
        Command::Sandbox(options) => sandbox::run(options).await?,
        Command::Import(args) => import::command(args).await?,
        Command::Demo(options) => demo::run(options).await?,
        Command::Openapi => println!("{}", api::openapi().to_pretty_json()?),
        Command::Doctor => return doctor::run().await,
    }
    Ok(ExitCode::SUCCESS)
}
