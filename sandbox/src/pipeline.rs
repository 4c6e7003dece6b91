//! The way of every platform call: counted, delayed, perhaps broken on purpose, answered, perhaps never heard.

use std::collections::HashMap;
use std::io;
use std::net::TcpStream;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header::HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream;

use crate::callback::{Push, pool};
use crate::hub::Hub;
use crate::world::World;
use crate::world::fault::{Parcel, PathFaults};
use crate::world::person::SendSlot;
use crate::{alipay, sms, wechat};

/// One incoming call, read once.
pub(crate) struct Call {
    pub method: Method,
    pub path: String,
    pub raw_query: String,
    pub query: HashMap<String, String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub client_ip: String,
}

/// What goes back, and the callbacks that the call set off.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Bytes,
    pub pushes: Vec<Push>,
    /// Seconds, for the header of that name.
    pub retry_after: Option<u64>,
}

/// Everything an answer is made from.
pub(crate) struct Desk<'a> {
    pub hub: &'a Hub,
    pub world: &'a World,
    pub call: &'a Call,
    pub now: DateTime<Utc>,
    pub faults: Option<&'a PathFaults>,
    /// Another send to the same person is under way.
    pub crowded: bool,
}

enum Gate {
    WeChat,
    Tencent,
    Aliyun,
    Alipay,
}

impl Reply {
    pub fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
            pushes: Vec::new(),
            retry_after: None,
        }
    }

    fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after {
            response.insert_header(("retry-after", seconds.to_string()));
        }
        response.content_type(self.content_type).body(self.body)
    }
}

pub(crate) async fn answer(request: HttpRequest, body: Bytes, hub: web::Data<Hub>) -> HttpResponse {
    let call = Call::read(&request, body);
    let gate = Gate::of(&call);
    let key = gate.fault_key(&call);
    let world = hub.world();
    world.counters.request(&key);
    let faults = world.faults.of(&key);
    let slot = gate.send_slot(&world, &call);
    let crowded = matches!(slot, Slot::Taken);
    if let Some(faults) = &faults {
        wait_as_told(&world, faults).await;
    }
    let desk =
        Desk { hub: &hub, world: &world, call: &call, now: hub.now(), faults: faults.as_ref(), crowded };
    if let Some(broken) = break_before(&gate, &desk, &key) {
        return match broken {
            Broken::Answered(reply) => reply.respond(),
            Broken::Reset => cut(&request),
        };
    }
    let mut reply = gate.answer(&desk);
    let pushes = std::mem::take(&mut reply.pushes);
    drop(slot);
    let first = world.faults.callbacks().before_response;
    for push in pushes {
        if first { pool::deliver_now(&hub, push).await } else { hub.pushes.push(push) }
    }
    match &faults {
        Some(faults) if world.dice.hits(faults.timeout_after_effect_rate) => {
            tokio::time::sleep(Duration::from_millis(faults.hang_ms)).await;
            cut(&request)
        }
        _ => reply.respond(),
    }
}

enum Broken {
    Answered(Reply),
    Reset,
}

async fn wait_as_told(world: &World, faults: &PathFaults) {
    let tail = world.dice.hits(faults.latency_tail_rate);
    let wait = if tail {
        faults.latency_tail_ms
    } else {
        faults.latency_ms + world.dice.up_to(faults.latency_spread_ms)
    };
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

fn break_before(gate: &Gate, desk: &Desk<'_>, key: &str) -> Option<Broken> {
    let faults = desk.faults?;
    if desk.world.dice.hits(faults.reset_rate) {
        return Some(Broken::Reset);
    }
    if desk.world.dice.hits(faults.http_500_rate) {
        let mut page = Reply::new("text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>");
        page.status = StatusCode::BAD_GATEWAY;
        return Some(Broken::Answered(page));
    }
    if desk.world.dice.hits(faults.http_429_rate) {
        let mut page = Reply::new("text/plain", "Too Many Requests");
        page.status = StatusCode::TOO_MANY_REQUESTS;
        page.retry_after = Some(faults.retry_after_seconds);
        return Some(Broken::Answered(page));
    }
    let throttled =
        faults.throttle_per_minute.is_some_and(|limit| desk.world.faults.throttles(key, limit, desk.now));
    if throttled {
        return Some(Broken::Answered(gate.throttled(desk)));
    }
    if let Some(code) = refused_by_code(gate, desk, faults) {
        return Some(Broken::Answered(gate.refused(desk, &code)));
    }
    desk.world.dice.hits(faults.error_rate).then(|| Broken::Answered(gate.failed(desk, faults.errcode)))
}

fn refused_by_code(gate: &Gate, desk: &Desk<'_>, faults: &PathFaults) -> Option<String> {
    if faults.refusals.is_empty() {
        return None;
    }
    let parcel = gate.parcel(desk.call);
    let meant = faults.refusals.iter().find(|refusal| refusal.fits(&parcel))?;
    desk.world.dice.hits(meant.rate).then(|| meant.code.clone())
}

/// A handle on the connection's socket.
pub(crate) struct Line(TcpStream);

impl Line {
    pub fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Makes closing send a reset instead of a polite end.
    fn arm_reset(&self) -> io::Result<()> {
        tokio::net::TcpStream::from_std(self.0.try_clone()?)?.set_zero_linger()
    }
}

/// Breaks the connection: a body that fails makes the server drop the socket before anything was flushed.
fn cut(request: &HttpRequest) -> HttpResponse {
    let armed = request.conn_data::<Line>().map(Line::arm_reset);
    if let Some(Err(error)) = armed {
        tracing::debug!(%error, "the connection ends politely instead of by a reset");
    }
    let failure = io::Error::from(io::ErrorKind::ConnectionReset);
    HttpResponse::Ok().streaming(stream::once(async move { Err::<Bytes, _>(failure) }))
}

enum Slot {
    Free,
    Held { _slot: SendSlot },
    Taken,
}

impl Gate {
    /// The two SMS providers both live at `/` and are told apart by their headers or query.
    fn of(call: &Call) -> Self {
        if call.path == "/gateway.do" {
            return Self::Alipay;
        }
        if call.path != "/" {
            return Self::WeChat;
        }
        if call.headers.contains_key("x-tc-action") { Self::Tencent } else { Self::Aliyun }
    }

    fn fault_key(&self, call: &Call) -> String {
        match self {
            Self::WeChat | Self::Alipay => call.path.clone(),
            Self::Tencent => format!("/tencent/{}", call.header("x-tc-action")),
            Self::Aliyun => format!("/aliyun/{}", sms::aliyun::action_of(call)),
        }
    }

    fn send_slot(&self, world: &World, call: &Call) -> Slot {
        if !matches!(self, Self::WeChat) || call.path != wechat::subscribe::SEND_PATH {
            return Slot::Free;
        }
        let Some(person) = wechat::subscribe::receiver(world, call) else { return Slot::Free };
        match person.begin_send() {
            Some(slot) => Slot::Held { _slot: slot },
            None => Slot::Taken,
        }
    }

    fn answer(&self, desk: &Desk<'_>) -> Reply {
        match self {
            Self::WeChat => wechat::answer(desk),
            Self::Tencent => sms::tencent::answer(desk),
            Self::Aliyun => sms::aliyun::answer(desk),
            Self::Alipay => alipay::answer(desk),
        }
    }

    fn throttled(&self, desk: &Desk<'_>) -> Reply {
        match self {
            Self::WeChat => wechat::refused_on_purpose(desk, wechat::per_minute_code(&desk.call.path)),
            Self::Tencent => {
                sms::tencent::refused(desk, "RequestLimitExceeded", "您的请求次数超过了频率限制")
            }
            Self::Aliyun => {
                sms::aliyun::refused(desk, "Throttling.User", "Request was denied due to user flow control.")
            }
            Self::Alipay => alipay::busy(desk, "isp.call-limited"),
        }
    }

    /// Template and receiver of a send.
    fn parcel(&self, call: &Call) -> Parcel {
        match self {
            Self::WeChat => wechat::subscribe::parcel(call),
            Self::Tencent => sms::tencent::parcel(call),
            Self::Aliyun => sms::aliyun::parcel(call),
            Self::Alipay => Parcel::default(),
        }
    }

    fn refused(&self, desk: &Desk<'_>, code: &str) -> Reply {
        const WORDS: &str = "refused by the sandbox's fault knob";
        match self {
            Self::WeChat => wechat::refused_on_purpose(desk, code.parse().unwrap_or(-1)),
            Self::Tencent => sms::tencent::refused(desk, code, WORDS),
            Self::Aliyun => sms::aliyun::refused(desk, code, WORDS),
            Self::Alipay => alipay::busy(desk, code),
        }
    }

    fn failed(&self, desk: &Desk<'_>, errcode: i64) -> Reply {
        match self {
            Self::WeChat => wechat::refused_on_purpose(desk, errcode),
            Self::Tencent => sms::tencent::refused(desk, "InternalError.Timeout", "请求下发短信超时"),
            Self::Aliyun => sms::aliyun::refused(desk, "isp.SYSTEM_ERROR", "系统异常"),
            Self::Alipay => alipay::busy(desk, "aop.unknow-error"),
        }
    }
}

impl Call {
    fn read(request: &HttpRequest, body: Bytes) -> Self {
        let raw_query = request.query_string().to_owned();
        let query = url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect();
        Self {
            method: request.method().clone(),
            path: request.path().to_owned(),
            raw_query,
            query,
            headers: request.headers().clone(),
            body,
            client_ip: request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }
}
