//! `GET /events`: what happens, as it happens, for the page.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::control::{Answer, Shared};

/// Keeps proxies and the browser from giving the line up.
const HEARTBEAT: Duration = Duration::from_secs(15);

type Feed = Receiver<std::sync::Arc<str>>;

pub(crate) async fn events(hub: Shared) -> Answer {
    let feed = stream::unfold((hub.live.subscribe(), true), next);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .streaming(feed))
}

/// A comment comes first, so that the browser knows at once that the line is open.
async fn next((mut feed, opening): (Feed, bool)) -> Option<(Result<Bytes, Infallible>, (Feed, bool))> {
    let text = if opening { ": open\n\n".to_owned() } else { heard(&mut feed).await? };
    Some((Ok(text.into()), (feed, false)))
}

async fn heard(feed: &mut Feed) -> Option<String> {
    match tokio::time::timeout(HEARTBEAT, feed.recv()).await {
        Err(_) => Some(": still here\n\n".to_owned()),
        Ok(Ok(event)) => Some(format!("data: {event}\n\n")),
        // Whoever fell behind reads everything anew instead of showing a gap.
        Ok(Err(RecvError::Lagged(_))) => Some("data: {\"type\":\"lagged\",\"event\":{}}\n\n".to_owned()),
        Ok(Err(RecvError::Closed)) => None,
    }
}
