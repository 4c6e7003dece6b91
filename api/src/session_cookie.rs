//! The refresh token as a cookie that no script can read: what a browser keeps of a staff session.
//!
//! It goes only to the paths that refresh and sign out, never with a request that another site began, and it authorises nothing
//! else: every other operation wants the access token, which the page keeps in memory.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderName, HeaderValue, SET_COOKIE};
use service::{Context, Error};

use crate::problem::Problem;

const NAME: &str = "huike_staff";

/// The refresh token that the browser sent.
pub fn read(request: &HttpRequest) -> Option<String> {
    let headers = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = headers.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, token)| token.to_owned()).filter(|token| !token.is_empty())
}

pub fn keep(ctx: &Context, request: &HttpRequest, token: &str) -> Result<(HeaderName, HeaderValue), Problem> {
    header(request, token, ctx.settings.sign_in.refresh_token_seconds)
}

/// Makes the browser forget it.
pub fn forget(request: &HttpRequest) -> Result<(HeaderName, HeaderValue), Problem> {
    header(request, "", 0)
}

/// RFC 6265; `Secure` wherever the browser speaks https, also to a proxy in front of us.
fn header(request: &HttpRequest, token: &str, seconds: i64) -> Result<(HeaderName, HeaderValue), Problem> {
    let secure = if request.connection_info().scheme() == "https" { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/v1/auth; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let value = HeaderValue::from_str(&text).map_err(Error::internal)?;
    Ok((SET_COOKIE, value))
}
