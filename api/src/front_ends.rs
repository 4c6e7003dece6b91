//! The two front ends, which the release binary carries inside it: the mini-program's browser build at `/m`, the console at
//! `/console`. A debug build reads their folders at each request, so that a new build of a page needs no new binary.
//!
//! A name with a hash of its content in it may be kept for ever; anything else is asked for again. The build has packed the text files
//! (`scripts/precompress.mjs`), so that no request has to: `FILE.br` and `FILE.gz` lie beside them.

use actix_web::http::header::{self, AcceptEncoding, Encoding, Header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::held;
use crate::problem::{HttpFault, Problem};

/// No script but the files themselves; styles are set by the components as they go. Pictures may come from memory (codes that
/// are drawn, previews), and nothing is asked of another origin.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                      font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const KEPT: &str = "public, max-age=31536000, immutable";
const ASKED_AGAIN: &str = "no-cache";
/// As the build has packed files, the smallest first.
const PACKINGS: [(Encoding, &str); 2] = [(Encoding::brotli(), "br"), (Encoding::gzip(), "gz")];

#[derive(RustEmbed)]
#[folder = "../miniprogram/dist/build/h5"]
struct MiniProgram;

#[derive(RustEmbed)]
#[folder = "../console/dist"]
struct Console;

/// Both front ends.
pub fn mount(config: &mut ServiceConfig) {
    mount_at::<MiniProgram>(config, "/m");
    mount_at::<Console>(config, "/console");
}

fn mount_at<Files: RustEmbed + 'static>(config: &mut ServiceConfig, base: &'static str) {
    config
        .route(base, web::get().to(move || async move { to_folder(base) }))
        .route(&format!("{base}/{{path:.*}}"), web::get().to(show::<Files>))
        .route(&format!("{base}/{{path:.*}}"), web::head().to(show::<Files>));
}

/// The pages name their files relative to the folder.
fn to_folder(base: &str) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, format!("{base}/"))).finish()
}

/// The file; for an address of the pages' own router (it has no dot in its last part) the first page.
async fn show<Files: RustEmbed>(
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let path = path.into_inner();
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let name = if is_file { path.as_str() } else { "index.html" };
    let file = Files::get(name).ok_or(HttpFault::PathNotFound)?;
    let packed = packed::<Files>(&request, name);
    Ok(answer(&request, name, file, packed))
}

/// The file as the build has packed it, in a way that the client takes.
fn packed<Files: RustEmbed>(request: &HttpRequest, name: &str) -> Option<(Encoding, EmbeddedFile)> {
    let accepted = AcceptEncoding::parse(request).ok()?;
    PACKINGS.iter().find_map(|(encoding, ending)| {
        let supported = [encoding.clone(), Encoding::identity()];
        let chosen = accepted.negotiate(supported.iter()).filter(|chosen| chosen == encoding)?;
        Some((chosen, Files::get(&format!("{name}.{ending}"))?))
    })
}

fn answer(
    request: &HttpRequest,
    name: &str,
    file: EmbeddedFile,
    packed: Option<(Encoding, EmbeddedFile)>,
) -> HttpResponse {
    // Weak: the same file is sent plain or compressed.
    let tag = header::EntityTag::new_weak(hex(&file.metadata.sha256_hash()));
    let is_held = held::holds(request, &tag);
    let mut answer = if is_held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, if name.starts_with("assets/") { KEPT } else { ASKED_AGAIN }))
        .insert_header((header::VARY, header::ACCEPT_ENCODING.as_str()))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if name.ends_with(".html") {
        answer
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header(("permissions-policy", "camera=(self), geolocation=(), microphone=()"));
    }
    if is_held {
        return answer.finish();
    }
    if request.method() == actix_web::http::Method::HEAD {
        return answer.content_type(file.metadata.mimetype()).finish();
    }
    answer.content_type(file.metadata.mimetype());
    match packed {
        Some((encoding, packed)) => {
            answer.insert_header((header::CONTENT_ENCODING, encoding.to_string()));
            answer.body(packed.data.into_owned())
        }
        None => answer.body(file.data.into_owned()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
