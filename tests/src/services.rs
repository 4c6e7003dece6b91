//! Where the services are that the tests of the distributed way of running need, and a wire to them that can be cut.
//!
//! A test asks for a URL and returns when there is none; what was left out is printed.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::watch;

pub fn amqp_url() -> Option<String> {
    service_url("HUIKE_TEST_AMQP_URL")
}

pub fn redis_url() -> Option<String> {
    service_url("HUIKE_TEST_REDIS_URL")
}

pub fn postgres_url() -> Option<String> {
    service_url("HUIKE_TEST_DATABASE_URL")
}

#[allow(clippy::disallowed_methods, reason = "the tests' services are named by the environment")]
fn service_url(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        let thread = std::thread::current();
        eprintln!("SKIPPED ({variable} is not set): {}", thread.name().unwrap_or("a test"));
    }
    url
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    /// Connections end, new ones are turned away.
    Cut,
    /// Connections stand, nothing passes.
    Silent,
}

/// A TCP relay in front of a service, to take the network away from one test alone.
pub struct Wire {
    flow: watch::Sender<Flow>,
    /// The service's URL, by way of the wire.
    pub url: String,
}

impl Wire {
    pub async fn to(url: &str) -> Self {
        let mut url = reqwest::Url::parse(url).unwrap();
        let default_port = if url.scheme().starts_with("redis") { 6379 } else { 5672 };
        let host = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(default_port));
        let service = lookup_host(host).await.unwrap().next().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let flow = watch::Sender::new(Flow::Open);
        tokio::spawn(relay(listener, service, flow.subscribe()));
        Self { flow, url: url.into() }
    }

    pub fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }

    pub fn silence(&self) {
        self.flow.send_replace(Flow::Silent);
    }

    pub fn mend(&self) {
        self.flow.send_replace(Flow::Open);
    }
}

async fn relay(listener: TcpListener, service: SocketAddr, flow: watch::Receiver<Flow>) {
    while let Ok((near, _)) = listener.accept().await {
        if *flow.borrow() != Flow::Cut {
            tokio::spawn(carry(near, service, flow.clone()));
        }
    }
}

async fn carry(mut near: TcpStream, service: SocketAddr, mut flow: watch::Receiver<Flow>) {
    let Ok(mut far) = TcpStream::connect(service).await else { return };
    let mut copying = std::pin::pin!(copy_bidirectional(&mut near, &mut far));
    loop {
        let now = *flow.borrow_and_update();
        tokio::select! {
            biased;
            changed = flow.changed() => if changed.is_err() { return },
            _ = &mut copying, if now == Flow::Open => return,
            () = std::future::ready(()), if now == Flow::Cut => return,
        }
    }
}
