//! The link in a message. Looking at it changes nothing; the form on its page does. No session: the token is the right.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get, post};
use service::consent::{self, StopOffer, StopScope};
use service::{Context, Error};

use crate::input::Segments;
use crate::opt_out_page;
use crate::problem::{Language, Problem};

/// What a message's link would stop, as a page.
#[utoipa::path(
    tag = "opt-out",
    params(("token" = String, Path, description = "The end of the link, as it stands in the message.")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html"),
    )
)]
#[get("/u/{token}")]
pub async fn show_opt_out_link(
    ctx: Data<Context>,
    request: HttpRequest,
    token: Segments<String>,
) -> Result<HttpResponse, Problem> {
    answer(&ctx, &request, consent::read_opt_out_link(&ctx, &token.0).await)
}

/// Stops the messages of a link's topic and channel, or all marketing on its channel.
#[utoipa::path(
    tag = "opt-out",
    params(("token" = String, Path, description = "The end of the link, as it stands in the message.")),
    request_body(
        content = String, content_type = "application/x-www-form-urlencoded",
        description = "`scope=topic` (also when absent) or `scope=channel`."
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 404, body = String, content_type = "text/html"),
    )
)]
#[post("/u/{token}")]
pub async fn confirm_opt_out_link(
    ctx: Data<Context>,
    request: HttpRequest,
    token: Segments<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let scope = scope_in(&body)?;
    answer(&ctx, &request, consent::opt_out_by_link(&ctx, &token.0, scope).await)
}

fn scope_in(form: &[u8]) -> Result<StopScope, Problem> {
    let scope = url::form_urlencoded::parse(form).find(|(name, _)| name == "scope");
    match scope.as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("topic") => Ok(StopScope::Topic),
        Some("channel") => Ok(StopScope::Channel),
        Some(_) => Err(Error::invalid("scope", "is topic or channel").into()),
    }
}

fn answer(
    ctx: &Context,
    request: &HttpRequest,
    offer: service::Result<StopOffer>,
) -> Result<HttpResponse, Problem> {
    let language = Language::of(request.headers());
    let brand = &ctx.settings.brand_name;
    match offer {
        Ok(offer) => Ok(opt_out_page::show(brand, &offer, language)),
        Err(Error::NotFound(_)) => Ok(opt_out_page::unknown(brand, language)),
        Err(error) => Err(error.into()),
    }
}
