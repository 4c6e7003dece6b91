//! A crowd of HTTP clients: so many connections, each sending the next prepared request as soon as it has its answer. Written by hand
//! on one thread, so that it is not what is measured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the answers were, and how long it all took.
pub struct Crowd {
    pub seconds: f64,
    pub statuses: BTreeMap<u16, u64>,
    /// Milliseconds of each answer.
    pub latencies: Vec<f64>,
}

impl Crowd {
    pub fn rate(&self) -> f64 {
        self.statuses.values().sum::<u64>() as f64 / self.seconds
    }

    pub fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }
}

/// A request with a body of JSON (an empty one where there is none).
pub fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let authorization =
        if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let content = if method == "GET" {
        String::new()
    } else {
        format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{authorization}{content}\r\n{body}").into_bytes()
}

/// Sends every request once, as fast as the answers come.
pub fn send_all(port: u16, connections: usize, requests: Vec<Vec<u8>>) -> Result<Crowd> {
    send(port, connections, requests, None)
}

/// Sends so many a second, whether or not the answers come: a request that finds no free connection waits, and its wait counts.
pub fn send_at(port: u16, connections: usize, requests: Vec<Vec<u8>>, per_second: f64) -> Result<Crowd> {
    send(port, connections, requests, Some(per_second))
}

fn send(port: u16, connections: usize, requests: Vec<Vec<u8>>, per_second: Option<f64>) -> Result<Crowd> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let began = Instant::now();
        let clients: Vec<_> = streams
            .into_iter()
            .map(|stream| tokio::spawn(client(stream, requests.clone(), next.clone(), (began, per_second))))
            .collect();
        let mut crowd = Crowd { seconds: 0.0, statuses: BTreeMap::new(), latencies: Vec::new() };
        for client in clients {
            for (status, milliseconds) in client.await?? {
                *crowd.statuses.entry(status).or_default() += 1;
                crowd.latencies.push(milliseconds);
            }
        }
        crowd.seconds = began.elapsed().as_secs_f64();
        Ok(crowd)
    })
}

async fn client(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    (start, per_second): (Instant, Option<f64>),
) -> Result<Vec<(u16, f64)>> {
    let mut heard = Vec::new();
    let mut buffer = vec![0; 1 << 14];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(number) else { return Ok(heard) };
        let due = per_second.map(|per_second| start + Duration::from_secs_f64(number as f64 / per_second));
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let began = due.unwrap_or_else(Instant::now);
        stream.write_all(request).await?;
        let status = answer(&mut stream, &mut buffer).await?;
        heard.push((status, began.elapsed().as_secs_f64() * 1000.0));
    }
}

/// The status of one answer, read to its end.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the connection ended");
        }
        filled += read;
        if let Some(head) = find(&buffer[..filled], b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head])?;
            let status = text.get(9..12).context("a status line")?.parse()?;
            if filled >= head + 4 + content_length(text) {
                return Ok(status);
            }
        }
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn content_length(head: &str) -> usize {
    let line = head
        .lines()
        .find(|line| line.get(..15).is_some_and(|name| name.eq_ignore_ascii_case("content-length:")));
    line.and_then(|line| line[15..].trim().parse().ok()).unwrap_or(0)
}
