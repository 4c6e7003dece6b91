//! What handlers read requests with: [`Json`], [`Query`], [`Segments`], [`Unused`]. They differ from actix's own in that a wrong field is
//! named by its path, and that an id which can't be one is simply not found.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::Error;

use crate::admission;
use crate::problem::{HttpFault, Problem, of_payload};

/// A JSON body. Broken JSON, or JSON nested deeper than 128, is `malformed_json`; a wrong or unknown field is `invalid`, and so is one with the character
/// U+0000, which PostgreSQL keeps in no text.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (is_json, admission) = (is_json(request), admission::decided(request));
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            admission.await;
            if !is_json {
                return Err(HttpFault::UnsupportedMediaType.into());
            }
            let bytes = bytes.await.map_err(|error| unreadable(&error))?;
            parse_json(&bytes).map(Self)
        })
    }
}

/// A body that the handler has no use for. It is read all the same: an answer that comes before the end of its request ends the connection.
pub struct Unused;

impl FromRequest for Unused {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move { bytes.await.map(|_| Self).map_err(|error| unreadable(&error)) })
    }
}

fn unreadable(error: &actix_web::Error) -> Problem {
    error
        .as_error()
        .map_or_else(|| HttpFault::BadRequest("the body can't be read".to_owned()), of_payload)
        .into()
}

fn is_json(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            let kind = kind.trim().to_ascii_lowercase();
            kind == "application/json" || kind.ends_with("+json")
        })
}

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        if error.inner().is_data() {
            wrong_field(&error.path().to_string(), &error.inner().to_string())
        } else {
            HttpFault::MalformedJson(error.inner().to_string()).into()
        }
    })?;
    deserializer.end().map_err(|error| HttpFault::MalformedJson(error.to_string()))?;
    if bytes.windows(NUL_IN_JSON.len()).any(|window| window == NUL_IN_JSON) {
        // JSON that was read once can be read again; the escape may itself be escaped.
        let whole = serde_json::from_slice(bytes).unwrap_or_default();
        if let Some(path) = nul_at(String::new(), &whole) {
            return Err(holds_nul(path));
        }
    }
    Ok(value)
}

/// The only way to write it: JSON permits no control character in a string.
const NUL_IN_JSON: &[u8] = b"\\u0000";

/// Where the first string or name is that has U+0000 in it.
fn nul_at(path: String, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(path),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(n, item)| nul_at(format!("{path}[{n}]"), item))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if name.contains('\0') { Some(path.clone()) } else { nul_at(inner, field) }
        }),
        _ => None,
    }
}

fn holds_nul(path: String) -> Problem {
    let field = if path.is_empty() { "body".to_owned() } else { path };
    Error::invalid(field, "may not hold the character U+0000").into()
}

/// A query string read into `T`; a wrong or unknown parameter is `invalid`.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let admission = admission::decided(request);
        let query = serde_path_to_error::deserialize(form_pairs(request.query_string()))
            .map(Self)
            .map_err(|error| wrong_field(&error.path().to_string(), &error.inner().to_string()))
            .and_then(|read| match nul_in(request.query_string()) {
                Some(name) => Err(holds_nul(name)),
                None => Ok(read),
            });
        Box::pin(async move {
            admission.await;
            query
        })
    }
}

/// The first parameter that has U+0000 in it.
fn nul_in(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(_, value)| value.contains('\0')).map(|(name, _)| name.into_owned())
}

fn form_pairs(query: &str) -> serde_urlencoded::Deserializer<'_> {
    serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()))
}

/// The variable segments of the path, in order: `Segments<CouponId>`, `Segments<(CampaignId, MemberId)>`. Nothing has a name with U+0000 in it.
pub struct Segments<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Segments<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let admission = admission::decided(request);
        let path = web::Path::<T>::from_request(request, payload).into_inner();
        let has_nul = request.match_info().iter().any(|(_, segment)| segment.contains('\0'));
        Box::pin(async move {
            admission.await;
            match path {
                Ok(path) if !has_nul => Ok(Self(path.into_inner())),
                _ => Err(Error::NotFound("the resource").into()),
            }
        })
    }
}

/// serde names a missing or unknown field in its message alone; the path then ends at the parent.
fn wrong_field(path: &str, message: &str) -> Problem {
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|start| message.strip_prefix(start)?.split_once('`').map(|(name, _)| name));
    let field = match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (".", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    };
    Error::invalid(field, message).into()
}

/// For a field of a PATCH: absent is None, `null` is `Some(None)`.
/// Use with `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}
