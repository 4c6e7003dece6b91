//! The bare limit of an answer over HTTP: actix-web that says hello, in a process of its own.

use std::process::Command;

use actix_web::{App, HttpServer, web};
use anyhow::Result;

use crate::client::{free_port, get};
use crate::place::Place;
use crate::process::Process;
use crate::servers::wait_for;

pub fn start(place: &Place) -> Result<(Process, u16)> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["hello", &port.to_string()]);
    let process = Process::start_quiet(&mut command, &place.log("hello"))?;
    wait_for("hello", || get(port, "/").is_ok())?;
    Ok((process, port))
}

/// With as many threads as the project's API has.
pub fn serve(port: u16) -> Result<()> {
    let serving = async move {
        let app = || App::new().route("/", web::get().to(async || "hello"));
        HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
    };
    Ok(actix_web::rt::System::new().block_on(serving)?)
}
