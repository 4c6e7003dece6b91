//! Puts the layers together and serves them until told to stop.
//!
//! From outside in: request id, log and problems; compression; idempotency keys; time limit; the handler.

use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ResourceDef, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use service::Context;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::SwaggerUi;

use crate::problem::{HttpFault, Problem};
use crate::routes::health::Operations;
pub use crate::routes::health::ReadinessCheck;
use crate::{front_ends, idempotency_key, limits, openapi, request_log, routes};

type Mount = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// An HTTP server before it serves.
#[derive(Clone)]
pub struct Server {
    ctx: Context,
    operations: Operations,
    routes: fn(&mut ServiceConfig),
    mounts: Vec<Mount>,
}

/// Told to handlers that answer for long, so that a stream ends when the server is to stop.
#[derive(Clone)]
pub struct Stopping(pub CancellationToken);

/// Serves the API until `shutdown`, then lets what is held finish within the setting's deadline.
pub async fn serve(ctx: Context, listener: TcpListener, shutdown: CancellationToken) -> anyhow::Result<()> {
    Server::new(ctx).serve(listener, shutdown).await
}

impl Server {
    /// The whole API and the front ends.
    pub fn new(ctx: Context) -> Self {
        Self { routes: routes::all, ..Self::operators_only(ctx) }.with_mount(front_ends::mount)
    }

    /// Only what operators ask of a process that serves no API.
    pub fn operators_only(ctx: Context) -> Self {
        let checks = ReadinessCheck::of_context(&ctx);
        let operations = Operations { checks, render_metrics: Arc::new(String::new) };
        Self { ctx, operations, routes: routes::operators, mounts: Vec::new() }
    }

    /// Counts `check` among what readiness needs.
    pub fn with_check(mut self, check: ReadinessCheck) -> Self {
        self.operations.checks.push(check);
        self
    }

    pub fn with_metrics(mut self, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.operations.render_metrics = Arc::new(render);
        self
    }

    /// Adds services that are no part of the API; they come after its routes.
    pub fn with_mount(mut self, mount: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static) -> Self {
        self.mounts.push(Arc::new(mount));
        self
    }

    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> anyhow::Result<()> {
        let settings = self.ctx.settings.server.clone();
        let document = Arc::new(openapi::document(self.routes));
        let stopping = Stopping(shutdown.clone());
        let mut server = HttpServer::new(move || self.app(&document, &stopping));
        if settings.threads > 0 {
            server = server.workers(settings.threads);
        }
        let running =
            server.disable_signals().shutdown_timeout(settings.shutdown_seconds).listen(listener)?.run();
        let handle = running.handle();
        let mut running = pin!(running);
        tokio::select! {
            ended = &mut running => return Ok(ended?),
            () = shutdown.cancelled() => {}
        }
        let (ended, ()) = tokio::join!(running, handle.stop(true));
        Ok(ended?)
    }

    fn app(
        &self,
        document: &OpenApi,
        stopping: &Stopping,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
    > {
        let settings = &self.ctx.settings.server;
        App::new()
            .app_data(web::Data::new(self.ctx.clone()))
            .app_data(web::Data::new(self.operations.clone()))
            .app_data(web::Data::new(stopping.clone()))
            .app_data(limits::body_limit(settings))
            .wrap(from_fn(limits::time_limit))
            .wrap(from_fn(idempotency_key::keep_answers))
            .wrap(Compress::default())
            .wrap(from_fn(request_log::observe))
            .into_utoipa_app()
            .configure(self.routes)
            .into_app()
            .configure(|config| self.mounts.iter().for_each(|mount| mount(config)))
            .configure(|config| docs(config, document))
            .default_service(web::to(no_such_path(document)))
    }
}

/// The document at /openapi.json and the page that shows it at /docs.
fn docs(config: &mut web::ServiceConfig, document: &OpenApi) {
    let page = SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document.clone());
    config.service(web::redirect("/docs", "/docs/")).service(page);
}

/// Answers whatever no route took: 405 when the path has other methods, else 404.
fn no_such_path(
    document: &OpenApi,
) -> impl Fn(HttpRequest) -> std::future::Ready<Result<HttpResponse, Problem>> + Clone + use<> {
    let known: Arc<[(ResourceDef, Vec<Method>)]> = document
        .paths
        .paths
        .iter()
        .map(|(path, item)| (ResourceDef::new(path.as_str()), openapi::methods(item)))
        .collect();
    move |request| {
        let others = known.iter().find(|(path, _)| path.is_match(request.path()));
        let fault = match others {
            Some((_, methods)) => HttpFault::MethodNotAllowed(methods.clone()),
            None => HttpFault::PathNotFound,
        };
        std::future::ready(Err(fault.into()))
    }
}
