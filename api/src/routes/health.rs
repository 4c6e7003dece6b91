//! What operators and load balancers ask: does the process live, is it ready, its metrics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use futures_util::future::{BoxFuture, join_all};
use serde::Serialize;
use service::Context;
use utoipa::ToSchema;

/// A dependency that does not answer within this is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks one dependency whether it works; the error is a short reason without secrets.
#[derive(Clone)]
pub struct ReadinessCheck {
    name: &'static str,
    ask: Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl ReadinessCheck {
    pub fn new<Asked>(name: &'static str, ask: impl Fn() -> Asked + Send + Sync + 'static) -> Self
    where
        Asked: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, ask: Arc::new(move || Box::pin(ask())) }
    }

    /// The dependencies that every process has.
    pub fn of_context(ctx: &Context) -> Vec<Self> {
        let (database, shared) = (ctx.db.clone(), ctx.shared.clone());
        vec![
            Self::new("database", move || {
                let database = database.clone();
                async move { database.ping().await.map_err(|_| "does not answer".to_owned()) }
            }),
            Self::new("shared_state", move || {
                let shared = shared.clone();
                async move { shared.ping().await.map_err(|_| "does not answer".to_owned()) }
            }),
        ]
    }

    async fn run(&self) -> (String, DependencyView) {
        let answer = tokio::time::timeout(PATIENCE, (self.ask)()).await;
        let reason = match answer {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(reason),
            Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let status = if reason.is_none() { HealthStatus::Ok } else { HealthStatus::Down };
        (self.name.to_owned(), DependencyView { status, reason })
    }
}

/// What the operators' routes show.
#[derive(Clone)]
pub struct Operations {
    pub checks: Vec<ReadinessCheck>,
    /// Renders the metrics in the text format of Prometheus.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    Ok,
    Down,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DependencyView {
    pub status: HealthStatus,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReadinessView {
    pub status: HealthStatus,
    /// By name: `database`, `shared_state`, `broker`.
    pub dependencies: BTreeMap<String, DependencyView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LivenessView {
    pub status: HealthStatus,
}

/// Whether the process lives.
#[utoipa::path(tag = "operators", responses((status = 200, body = LivenessView)))]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(LivenessView { status: HealthStatus::Ok })
}

/// Whether every dependency answers; says which one does not.
#[utoipa::path(
    tag = "operators",
    responses((status = 200, body = ReadinessView), (status = 503, body = ReadinessView)),
)]
#[get("/readyz")]
pub async fn readyz(operations: Data<Operations>) -> HttpResponse {
    let dependencies: BTreeMap<_, _> =
        join_all(operations.checks.iter().map(ReadinessCheck::run)).await.into_iter().collect();
    let ready = dependencies.values().all(|dependency| dependency.status == HealthStatus::Ok);
    let (code, status) = if ready {
        (StatusCode::OK, HealthStatus::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, HealthStatus::Down)
    };
    HttpResponse::build(code).json(ReadinessView { status, dependencies })
}

/// The process's metrics, for Prometheus.
#[utoipa::path(tag = "operators", responses((status = 200, body = String, content_type = "text/plain")))]
#[get("/metrics")]
pub async fn metrics(operations: Data<Operations>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body((operations.render_metrics)())
}
