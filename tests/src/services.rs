//! Where the services are that the tests of the distributed way of running need, and a wire to them that can be cut.
//!
//! A test asks for a URL and returns when there is none; what was left out is printed.

use std::io::Write;
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
        say_skipped(variable, thread.name().unwrap_or("a test"));
    }
    url
}

/// Tells loudly what was left out, and for want of what.
pub fn say_skipped(variable: &str, what: &str) {
    // Not `eprintln!`: the test runner keeps to itself what a passing test prints that way.
    _ = writeln!(std::io::stderr(), "SKIPPED ({variable} is not set): {what}");
}

/// Tells loudly that a test was left out for want of a program.
pub fn say_not_found(program: &str) {
    let thread = std::thread::current();
    let what = thread.name().unwrap_or("a test");
    _ = writeln!(std::io::stderr(), "SKIPPED ({program} is not on this machine): {what}");
}

/// For what a test keeps in a service that others use too.
#[allow(clippy::disallowed_methods, reason = "a name that no other run has used, not an id of ours")]
pub fn fresh_name() -> String {
    format!("test-{}", uuid::Uuid::now_v7().simple())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    /// New connections are turned away.
    Cut,
    /// Connections stand, nothing passes.
    Silent,
}

#[derive(Clone, Copy)]
struct State {
    flow: Flow,
    /// How often all connections were ended; who is older than the last time ends.
    severed: u64,
}

/// A TCP relay in front of a service, to take the network away from one test alone.
pub struct Wire {
    state: watch::Sender<State>,
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
        let state = watch::Sender::new(State { flow: Flow::Open, severed: 0 });
        tokio::spawn(relay(listener, service, state.subscribe()));
        Self { state, url: url.into() }
    }

    /// Ends every connection; new ones may come at once.
    pub fn sever(&self) {
        self.state.send_modify(|state| state.severed += 1);
    }

    /// Ends every connection and turns new ones away.
    pub fn cut(&self) {
        self.state.send_modify(|state| *state = State { flow: Flow::Cut, severed: state.severed + 1 });
    }

    pub fn silence(&self) {
        self.state.send_modify(|state| state.flow = Flow::Silent);
    }

    pub fn mend(&self) {
        self.state.send_modify(|state| state.flow = Flow::Open);
    }
}

async fn relay(listener: TcpListener, service: SocketAddr, state: watch::Receiver<State>) {
    while let Ok((near, _)) = listener.accept().await {
        if state.borrow().flow != Flow::Cut {
            tokio::spawn(carry(near, service, state.clone()));
        }
    }
}

async fn carry(mut near: TcpStream, service: SocketAddr, mut state: watch::Receiver<State>) {
    let born = state.borrow().severed;
    let Ok(mut far) = TcpStream::connect(service).await else { return };
    let mut copying = std::pin::pin!(copy_bidirectional(&mut near, &mut far));
    loop {
        let now = *state.borrow_and_update();
        if now.severed != born {
            return;
        }
        tokio::select! {
            biased;
            changed = state.changed() => if changed.is_err() { return },
            _ = &mut copying, if now.flow == Flow::Open => return,
        }
    }
}
