//! One HTTP exchange, blocking: for asking the mock and a process's health.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The body of a 200.
pub fn get(port: u16, path: &str) -> Result<String> {
    ask(port, path, "", Duration::from_secs(10))
}

/// The body of a 200 that may take a minute, for whoever the token is of.
pub fn get_as(port: u16, path: &str, token: &str) -> Result<String> {
    ask(port, path, &format!("authorization: Bearer {token}\r\n"), Duration::from_secs(60))
}

fn ask(port: u16, path: &str, more_head: &str, patience: Duration) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: bench\r\n{more_head}\r\n")?;
    let mut answer = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = stream.read(&mut chunk)?;
        answer.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            ensure!(read > 0, "the connection ended");
            continue;
        };
        if read == 0 || body.len() >= length(head).unwrap_or(0) {
            ensure!(head.starts_with("HTTP/1.1 200"), "answered {}", head.lines().next().unwrap_or_default());
            return Ok(body.to_owned());
        }
    }
}

fn length(head: &str) -> Option<usize> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length:"))?;
    line.split_once(':')?.1.trim().parse().ok()
}

/// A port that nobody listens on now.
pub fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a free port")?;
    Ok(listener.local_addr()?.port())
}
