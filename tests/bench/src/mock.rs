//! A stand-in for WeChat that costs as little as possible: token, login and subscribe send over plain HTTP/1.1, written by hand on one
//! thread. It counts what arrived per template and member and in each millisecond, and can take its time to answer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Members beyond this are not told apart.
const MEMBERS: usize = 2_000_000;
/// A template whose arrivals are kept one by one.
const URGENT: &str = "URGENT";

struct Mock {
    began: f64,
    slow: bool,
    served: u64,
    draws: u64,
    tallies: BTreeMap<String, Tally>,
}

/// What arrived for one template.
struct Tally {
    times: Vec<u8>,
    sent: u64,
    duplicates: u64,
    /// By the last two digits of the member's number, which tell what the member's lot is.
    lots: [u64; 100],
    per_ms: Vec<u32>,
    /// (member, seconds since the epoch), for urgent ones.
    arrivals: Vec<(usize, f64)>,
}

impl Mock {
    fn new(slow: bool) -> Self {
        Self { began: now(), slow, served: 0, draws: 1, tallies: BTreeMap::new() }
    }

    fn record(&mut self, body: &str) {
        let template = between(body, "\"template_id\":\"").unwrap_or_default();
        let member = between(body, "\"touser\":\"o").and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let at = now();
        if !self.tallies.contains_key(template) {
            self.tallies.insert(template.to_owned(), Tally::new());
        }
        let since = ((at - self.began) * 1000.0) as usize;
        if let Some(tally) = self.tallies.get_mut(template) {
            tally.record(member, since);
            if template == URGENT {
                tally.arrivals.push((member, at));
            }
        }
    }

    /// 20 to 200 ms, 50 on the average: most answer soon, a tail does not.
    fn delay(&mut self) -> Duration {
        self.draws =
            self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let unit = (self.draws >> 11) as f64 / (1_u64 << 53) as f64;
        Duration::from_secs_f64((0.020 + 0.180 * unit.powi(5)).clamp(0.020, 0.200))
    }

    fn stats(&self) -> Value {
        let tallies: BTreeMap<_, _> =
            self.tallies.iter().map(|(name, tally)| (name, tally.stats())).collect();
        json!({ "began": self.began, "templates": tallies })
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            times: vec![0; MEMBERS],
            sent: 0,
            duplicates: 0,
            lots: [0; 100],
            per_ms: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    fn record(&mut self, member: usize, since: usize) {
        self.sent += 1;
        self.lots[member % 100] += 1;
        if let Some(times) = self.times.get_mut(member) {
            self.duplicates += u64::from(*times > 0);
            *times = times.saturating_add(1);
        }
        if self.per_ms.len() <= since {
            self.per_ms.resize(since + 1, 0);
        }
        self.per_ms[since] += 1;
    }

    fn stats(&self) -> Value {
        json!({
            "sent": self.sent, "duplicates": self.duplicates, "lots": self.lots.as_slice(),
            "per_ms": self.per_ms, "arrivals": self.arrivals,
        })
    }
}

pub fn serve(port: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let mock = Rc::new(RefCell::new(Mock::new(false)));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let mock = mock.clone();
            tokio::task::spawn_local(async move {
                let _ = converse(stream, &mock).await;
            });
        }
    })
}

async fn converse(mut stream: TcpStream, mock: &RefCell<Mock>) -> Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let Some((head, length)) = head(&buffer) else {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        while buffer.len() < head + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let answer = answer(&buffer[..head], &buffer[head..head + length], mock).await?;
        buffer.drain(..head + length);
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Where the body begins and how long it is, once the head is whole.
fn head(buffer: &[u8]) -> Option<(usize, usize)> {
    let text = match std::str::from_utf8(buffer) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&buffer[..error.valid_up_to()]).unwrap_or_default(),
    };
    let end = text.find("\r\n\r\n")?;
    let length = text[..end]
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .unwrap_or(0);
    Some((end + 4, length))
}

async fn answer(head: &[u8], body: &[u8], mock: &RefCell<Mock>) -> Result<String> {
    let path = std::str::from_utf8(head)?.split(' ').nth(1).context("a path")?;
    let body = std::str::from_utf8(body)?;
    let text = if path.starts_with("/cgi-bin/message/subscribe/send") {
        let (id, wait) = {
            let mut mock = mock.borrow_mut();
            mock.record(body);
            mock.served += 1;
            (mock.served, mock.slow.then(|| mock.delay()))
        };
        if let Some(wait) = wait {
            tokio::time::sleep(wait).await;
        }
        format!("{{\"errcode\":0,\"errmsg\":\"ok\",\"msgid\":{id}}}")
    } else if let Some(query) = path.strip_prefix("/sns/jscode2session?") {
        let code = query.split('&').find_map(|part| part.strip_prefix("js_code=")).unwrap_or("0");
        mock.borrow_mut().served += 1;
        format!("{{\"openid\":\"o{code:0>27}\",\"session_key\":\"bench\"}}")
    } else if path.starts_with("/cgi-bin/stable_token") {
        "{\"access_token\":\"bench\",\"expires_in\":7200}".to_owned()
    } else if path.starts_with("/bench/reset") {
        *mock.borrow_mut() = Mock::new(path.ends_with("slow"));
        "{}".to_owned()
    } else {
        mock.borrow().stats().to_string()
    };
    Ok(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    ))
}

fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    rest.split_once('"').map(|(value, _)| value)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
