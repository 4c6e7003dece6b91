//! Traces by OTLP over HTTP, sent in batches by a thread of the exporter.

use std::time::Duration;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

const NAME: &str = "huike";
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends what is left when it goes.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// None when no endpoint is set. TLS is left to a collector beside the process.
    pub fn to(endpoint: &str) -> Result<Option<Self>> {
        if endpoint.is_empty() {
            return Ok(None);
        }
        ensure!(
            endpoint.starts_with("http://"),
            "setting log.otlp_endpoint: must be empty or begin with http://"
        );
        let client = OnRuntime {
            client: HyperClient::with_default_connector(TIMEOUT, None),
            runtime: Handle::try_current()?,
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()?;
        let resource = Resource::builder().with_service_name(NAME).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Some(Self(provider)))
    }

    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(
        &self,
    ) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer(NAME))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

/// The exporter's thread has no runtime of its own, which the client needs.
#[derive(Debug)]
struct OnRuntime {
    client: HyperClient,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
