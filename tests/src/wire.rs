//! A wire to RabbitMQ that reads along and breaks at a chosen frame: what is in doubt then is decided by the frame and not
//! by luck.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::watch;

use crate::level;

/// What the peers disagree about after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The client began to publish; the broker has half of it.
    Publish,
    /// The broker has the message; the client never hears so.
    Confirm,
    /// The client has acknowledged; the broker never hears so.
    Ack,
}

/// A TCP relay in front of RabbitMQ.
pub struct AmqpWire {
    next: watch::Sender<Option<Lost>>,
    /// The broker's URL, by way of the wire.
    pub url: String,
}

const PROTOCOL_HEADER: usize = 8;
const FRAME_HEADER: usize = 7;
const METHOD: u8 = 1;
const BODY: u8 = 3;
const PUBLISH: [u8; 4] = [0, 60, 0, 40];
const ACK: [u8; 4] = [0, 60, 0, 80];

impl AmqpWire {
    pub async fn to(url: &str) -> Self {
        let mut url = reqwest::Url::parse(url).expect("a URL");
        let host = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5672));
        let broker = lookup_host(host).await.expect("the host is known").next().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        url.set_host(Some("127.0.0.1")).expect("a URL takes a host");
        url.set_port(Some(port)).expect("a URL takes a port");
        let next = watch::Sender::new(None);
        tokio::spawn(accept(listener, broker, next.clone()));
        Self { next, url: url.into() }
    }

    /// Cuts the connection that comes to such a frame next.
    pub fn lose(&self, what: Lost) {
        self.next.send_replace(Some(what));
    }

    pub async fn wait_until_lost(&self, bound: Duration) {
        level::reached("the wire breaks", bound, || async { self.next.borrow().is_none() }).await;
    }
}

async fn accept(listener: TcpListener, broker: SocketAddr, next: watch::Sender<Option<Lost>>) {
    while let Ok((client, _)) = listener.accept().await {
        let next = next.clone();
        tokio::spawn(async move {
            let Ok(broker) = TcpStream::connect(broker).await else { return };
            let (from_client, to_client) = client.into_split();
            let (from_broker, to_broker) = broker.into_split();
            let deaf = AtomicBool::new(false);
            // Whichever ends first takes both connections with it.
            tokio::select! {
                _ = read_along(from_client, to_broker, &next, &deaf) => {}
                _ = pass_back(from_broker, to_client, &deaf) => {}
            }
        });
    }
}

/// Passes frames on until the one that breaks the wire.
async fn read_along(
    mut client: OwnedReadHalf,
    mut broker: OwnedWriteHalf,
    next: &watch::Sender<Option<Lost>>,
    deaf: &AtomicBool,
) -> std::io::Result<()> {
    let mut header = [0; PROTOCOL_HEADER];
    client.read_exact(&mut header).await?;
    broker.write_all(&header).await?;
    loop {
        let frame = read_frame(&mut client).await?;
        match taken(&frame, next) {
            None => broker.write_all(&frame).await?,
            Some(Lost::Ack) => return Ok(()),
            Some(Lost::Publish) => return broker.write_all(&frame).await,
            Some(Lost::Confirm) => {
                deaf.store(true, Ordering::SeqCst);
                pass_message(frame, &mut client, &mut broker).await?;
                broker.shutdown().await?;
                // The broker has read everything when it closes, and that ends the way back.
                return std::future::pending().await;
            }
        }
    }
}

/// Passes on what the broker says, or swallows it.
async fn pass_back(
    mut broker: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    deaf: &AtomicBool,
) -> std::io::Result<()> {
    let mut said = vec![0; 64 * 1024];
    loop {
        let length = broker.read(&mut said).await?;
        if length == 0 {
            return Ok(());
        }
        if !deaf.load(Ordering::SeqCst) {
            client.write_all(&said[..length]).await?;
        }
    }
}

/// A whole frame: header, payload, end octet.
async fn read_frame(from: &mut OwnedReadHalf) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; FRAME_HEADER];
    from.read_exact(&mut frame).await?;
    let size = u32::from_be_bytes([frame[3], frame[4], frame[5], frame[6]]) as usize;
    frame.resize(FRAME_HEADER + size + 1, 0);
    from.read_exact(&mut frame[FRAME_HEADER..]).await?;
    Ok(frame)
}

/// What is to be lost at this frame; the order is taken back, so that one connection breaks.
fn taken(frame: &[u8], next: &watch::Sender<Option<Lost>>) -> Option<Lost> {
    let method = frame.get(FRAME_HEADER..FRAME_HEADER + 4).filter(|_| frame[0] == METHOD)?;
    let mut taken = None;
    next.send_if_modified(|lost| {
        let matches = match lost {
            Some(Lost::Publish | Lost::Confirm) => method == PUBLISH,
            Some(Lost::Ack) => method == ACK,
            None => false,
        };
        if matches {
            taken = lost.take();
        }
        matches
    });
    taken
}

/// The publish frame with its content, and nothing that comes back.
async fn pass_message(
    publish: Vec<u8>,
    client: &mut OwnedReadHalf,
    broker: &mut OwnedWriteHalf,
) -> std::io::Result<()> {
    broker.write_all(&publish).await?;
    loop {
        let frame = read_frame(client).await?;
        broker.write_all(&frame).await?;
        if frame[0] == BODY {
            return broker.flush().await;
        }
    }
}
