//! What a client holds already is not sent again.

use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use service::crypto;

use crate::problem::Problem;

/// The view for everybody, to be kept for so many seconds; 304 to who holds this very one.
pub fn answer(request: &HttpRequest, seconds: u32, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(view).map_err(service::Error::internal)?;
    // Weak: the same answer is sent plain or compressed.
    let tag = EntityTag::new_weak(crypto::sha256_hex(&body)[..32].to_owned());
    let mut answer = if holds(request, &tag) { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header(header::ETag(tag.clone()))
        .insert_header((header::CACHE_CONTROL, format!("public, max-age={seconds}")));
    Ok(if holds(request, &tag) {
        answer.finish()
    } else {
        answer.content_type("application/json").body(body)
    })
}

/// Whether the request names the tag among those that its sender holds.
pub fn holds(request: &HttpRequest, tag: &EntityTag) -> bool {
    let held = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    held.is_some_and(|held| {
        held.split(',').any(|each| each.trim().trim_start_matches("W/").trim_matches('"') == tag.tag())
    })
}
