//! One connection, made again whenever it is lost, with growing pauses.
//!
//! A [`Session`] is one connection with the channel to publish on. Whoever holds a session that is lost gets errors
//! from it and asks the link for the next one; nothing is carried over from one session to the next.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::StreamExt;
use lapin::options::ConfirmSelectOptions;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{AmqpSettings, declare};
use crate::broker::BrokerError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One try to connect and declare everything. The socket has its own, shorter time-out.
const SETUP_TIMEOUT: Duration = Duration::from_secs(60);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Besides listening for errors, the connection's state is looked at this often.
const CHECK_EVERY: Duration = Duration::from_secs(1);

const CONNECTION_LOST: &str = "the connection was lost";
const REPLY_SUCCESS: u16 = 200;

pub(super) struct Session {
    pub connection: Connection,
    pub publisher: Channel,
    /// Told when the publisher's channel is found closed: the session is of no more use.
    pub failed: Notify,
    /// Held by the one who repairs the topology.
    pub repair: Mutex<()>,
    over: CancellationToken,
}

impl Session {
    fn new(connection: Connection, publisher: Channel) -> Self {
        let (failed, repair, over) = (Notify::new(), Mutex::new(()), CancellationToken::new());
        Self { connection, publisher, failed, repair, over }
    }

    /// Waits for the broker no longer than the session lasts: the client leaves some operations unanswered for ever
    /// when the connection goes while they are on their way.
    pub async fn run<T>(&self, operation: impl Future<Output = lapin::Result<T>>) -> Result<T, BrokerError> {
        tokio::select! {
            biased;
            answer = operation => answer.map_err(lost),
            () = self.over.cancelled() => Err(BrokerError::Unavailable(CONNECTION_LOST.to_owned())),
        }
    }

    async fn end(&self, why: &str) {
        self.over.cancel();
        let closing = self.connection.close(REPLY_SUCCESS, why.into());
        // It may be closed already, or be beyond answering.
        _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
    }

    fn alive(&self) -> bool {
        self.connection.status().connected() && self.publisher.status().connected()
    }

    async fn ended(&self) {
        let mut events = Box::pin(self.connection.events_listener());
        loop {
            if !self.alive() {
                return;
            }
            tokio::select! {
                () = self.failed.notified() => {}
                () = tokio::time::sleep(CHECK_EVERY) => {}
                event = events.next() => if let Some(Event::Error(error)) = event {
                    warn!(%error, "the connection to RabbitMQ reported an error");
                    return;
                },
            }
        }
    }
}

#[derive(Clone)]
enum State {
    /// Before the first try has ended.
    Starting,
    Down(String),
    Up(Arc<Session>),
    Closed,
}

pub(super) struct Link {
    pub settings: AmqpSettings,
    uri: AMQPUri,
    state: watch::Sender<State>,
    stop: CancellationToken,
}

impl Link {
    pub fn new(uri: AMQPUri, settings: AmqpSettings, stop: CancellationToken) -> Self {
        Self { settings, uri, state: watch::Sender::new(State::Starting), stop }
    }

    /// The session in use, for those who rather fail than wait.
    pub fn session(&self) -> Result<Arc<Session>, BrokerError> {
        match &*self.state.borrow() {
            State::Up(session) => Ok(Arc::clone(session)),
            State::Starting => Err(BrokerError::Unavailable("not connected yet".to_owned())),
            State::Down(reason) => Err(BrokerError::Unavailable(reason.clone())),
            State::Closed => Err(BrokerError::Closed),
        }
    }

    /// Waits for a session; `None` once closed.
    pub async fn session_when_up(&self) -> Option<Arc<Session>> {
        let mut state = self.state.subscribe();
        let state = state.wait_for(|state| matches!(state, State::Up(_) | State::Closed)).await.ok()?;
        match &*state {
            State::Up(session) => Some(Arc::clone(session)),
            _ => None,
        }
    }

    pub async fn first_try(&self) {
        let mut state = self.state.subscribe();
        // It fails only when the sender is gone, which `self` holds.
        _ = state.wait_for(|state| !matches!(state, State::Starting)).await;
    }

    pub fn ensure_open(&self) -> Result<(), BrokerError> {
        if self.stop.is_cancelled() { Err(BrokerError::Closed) } else { Ok(()) }
    }

    pub async fn closed(&self) {
        self.stop.cancelled().await;
    }

    pub async fn close(&self) {
        self.stop.cancel();
        let mut state = self.state.subscribe();
        _ = state.wait_for(|state| matches!(state, State::Closed)).await;
    }

    /// Runs until the link is closed.
    pub async fn keep_alive(self: Arc<Self>) {
        let stop = self.stop.clone();
        _ = stop.run_until_cancelled(self.connect_for_ever()).await;
        let last = self.state.send_replace(State::Closed);
        if let State::Up(session) = last {
            session.end("closed").await;
        }
    }

    async fn connect_for_ever(&self) {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times()
            .with_jitter();
        let mut pause = pauses.build();
        loop {
            match self.connect().await {
                Ok(session) => {
                    info!("connected to RabbitMQ");
                    pause = pauses.build();
                    self.state.send_replace(State::Up(Arc::clone(&session)));
                    session.ended().await;
                    warn!("the connection to RabbitMQ is lost");
                    self.state.send_replace(State::Down(CONNECTION_LOST.to_owned()));
                    session.end("made again").await;
                }
                Err(error) => {
                    warn!(%error, "cannot connect to RabbitMQ");
                    self.state.send_replace(State::Down(error.to_string()));
                }
            }
            tokio::time::sleep(pause.next().unwrap_or(LONGEST_PAUSE)).await;
        }
    }

    async fn connect(&self) -> Result<Arc<Session>, BrokerError> {
        let setup = async {
            let connection = self.open().await?;
            declare::all(&connection, &self.settings).await?;
            let publisher = connection.create_channel().await?;
            publisher.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok(Arc::new(Session::new(connection, publisher)))
        };
        match tokio::time::timeout(SETUP_TIMEOUT, setup).await {
            Ok(session) => session.map_err(lost),
            Err(_) => Err(BrokerError::Unavailable("no answer while connecting".to_owned())),
        }
    }

    async fn open(&self) -> lapin::Result<Connection> {
        let name = format!("{}huike", self.settings.prefix);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        Connection::connect_uri(self.uri.clone(), properties).await
    }
}

pub(super) fn lost(error: lapin::Error) -> BrokerError {
    BrokerError::Unavailable(error.to_string())
}
