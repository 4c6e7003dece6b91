//! Starting and stopping: one HTTP server for the platforms' paths, the control API and the page.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::rt::net::TcpStream;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, web};
use anyhow::Context;
use tokio::task::JoinHandle;

use crate::callback::pool;
use crate::hub::Hub;
use crate::pipeline::{self, Line};
use crate::{SandboxSettings, alipay, control, page};

/// Bodies beyond this are refused; the largest real one is a batch of 1,000 phone numbers.
const LARGEST_BODY: usize = 8 * 1024 * 1024;
/// How long a connection may be idle, and a request take to come.
const PATIENCE: Duration = Duration::from_secs(75);

/// A running sandbox. Dropping it stops the server too, without waiting for requests under way.
pub struct Sandbox {
    hub: Arc<Hub>,
    address: SocketAddr,
    server: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
}

/// In-process look at a running sandbox; everything else goes over HTTP as it would for a stranger.
#[derive(Clone)]
pub struct SandboxHandle(pub(crate) Arc<Hub>);

impl SandboxHandle {
    pub fn people(&self) -> usize {
        self.0.world().people.count()
    }

    pub fn messages(&self) -> usize {
        self.0.world().messages.len()
    }

    pub fn callbacks_pending(&self) -> usize {
        self.0.pushes.pending()
    }

    /// The control API and the page for another server to show under its own address, so that a browser which may speak
    /// to that address alone still reaches the virtual phones.
    pub fn mount(&self) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
        let shared = web::Data::from(Arc::clone(&self.0));
        move |config| hands(config, &shared)
    }
}

/// What the people behind the phones use; the limits are for these paths alone.
fn hands(config: &mut ServiceConfig, shared: &web::Data<Hub>) {
    let control = control::scope()
        .app_data(shared.clone())
        .app_data(web::PayloadConfig::new(LARGEST_BODY))
        .app_data(control::json_limits(LARGEST_BODY));
    config.service(control);
    page::routes(config);
}

impl Sandbox {
    /// Binds, serves, and answers once the address is known.
    pub async fn start(settings: SandboxSettings) -> anyhow::Result<Self> {
        let listen = settings.listen.clone();
        alipay::check_keys(&settings.alipay).context("the Alipay keys of the sandbox")?;
        let hub = Arc::new(Hub::new(settings));
        let shared = web::Data::from(Arc::clone(&hub));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(LARGEST_BODY))
                .app_data(control::json_limits(LARGEST_BODY))
                .configure(|config| hands(config, &shared))
                .configure(alipay::authorise::routes)
                .default_service(web::to(pipeline::answer))
        })
        .on_connect(remember_line)
        // As gateways do it: a client gives an idle connection up first.
        .keep_alive(PATIENCE)
        .client_request_timeout(PATIENCE)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(&listen)
        .with_context(|| format!("listening on {listen}"))?;
        let address = server.addrs().first().copied().context("the sandbox has no address")?;
        let server = server.run();
        let handle = server.handle();
        let serving = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        let pushing = tokio::spawn(pool::run(Arc::clone(&hub)));
        Ok(Self { hub, address, server: handle, tasks: vec![serving, pushing] })
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn state(&self) -> SandboxHandle {
        SandboxHandle(Arc::clone(&self.hub))
    }

    pub async fn stop(self) {
        self.server.stop(true).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The command is sent at once; what it returns only waits for the end.
        drop(self.server.stop(false));
        if let Some(pushing) = self.tasks.pop() {
            pushing.abort();
        }
    }
}

/// Keeps a second handle on the socket, so that a fault knob can cut the connection under a request.
fn remember_line(connection: &dyn Any, extensions: &mut Extensions) {
    use std::os::fd::AsFd;
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    if let Ok(second) = stream.as_fd().try_clone_to_owned() {
        extensions.insert(Line::new(second.into()));
    }
}
