//! The page at `/sandbox`: virtual phones, and the knobs beside them. Three embedded files, nothing from outside.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/sandbox", web::get().to(html))
        .route("/sandbox/", web::get().to(html))
        .route("/sandbox/page.css", web::get().to(css))
        .route("/sandbox/page.js", web::get().to(script));
}

async fn html() -> HttpResponse {
    embedded("text/html; charset=utf-8", include_str!("page.html"))
}

async fn css() -> HttpResponse {
    embedded("text/css; charset=utf-8", include_str!("page.css"))
}

async fn script() -> HttpResponse {
    embedded("text/javascript; charset=utf-8", include_str!("page.js"))
}

fn embedded(content_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(content_type).insert_header(("cache-control", "no-cache")).body(text)
}
