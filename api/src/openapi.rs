//! The OpenAPI document, collected from the routes; what holds for every operation is added here once: problem answers,
//! path parameters, the Idempotency-Key, the device's id, that no token is needed where none is named.

use actix_web::App;
use actix_web::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    Required, Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth;
use crate::problem::{self, ProblemBody};
use crate::routes;

/// Names of the security schemes, for `security(...)` of the operations.
pub const MEMBER: &str = "member";
pub const STAFF: &str = "staff";

/// The whole document; needs no server.
pub fn openapi() -> OpenApi {
    document(routes::all)
}

/// Of some of the routes.
pub fn document(routes: fn(&mut ServiceConfig)) -> OpenApi {
    let (_, collected) = App::new().into_utoipa_app().openapi(base()).configure(routes).split_for_parts();
    finish(collected)
}

fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("huike")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The WeChat membership programme: sign-in, card, coupons, campaigns. Ids are strings, money is an integer \
             of fen, times are RFC 3339 with offset, lists are keyset-paged, errors are application/problem+json with a \
             stable code.",
        ))
        .license(Some(License::new("Apache-2.0")))
        .build();
    OpenApiBuilder::new().info(info).components(Some(Components::new())).build()
}

fn finish(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    for (name, who) in [(MEMBER, "The access token of a member."), (STAFF, "The access token of staff.")] {
        let mut scheme = bearer.clone();
        scheme.description = Some(who.to_owned());
        components.security_schemes.insert(name.to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    }
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    let mut referred = Vec::new();
    ProblemBody::schemas(&mut referred);
    components.schemas.extend(referred);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete(path, &method, operation);
        }
    }
    document
}

/// The operations of a path, each with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// The methods that a path has.
pub fn methods(item: &PathItem) -> Vec<Method> {
    [
        (&item.get, Method::GET),
        (&item.post, Method::POST),
        (&item.put, Method::PUT),
        (&item.patch, Method::PATCH),
        (&item.delete, Method::DELETE),
    ]
    .into_iter()
    .filter_map(|(operation, method)| operation.is_some().then_some(method))
    .collect()
}

fn complete(path: &str, method: &HttpMethod, operation: &mut Operation) {
    operation.security.get_or_insert_default();
    if !path.starts_with("/v1/") {
        return;
    }
    let segments: Vec<_> = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(str::to_owned)
        .collect();
    let is_callback = path.starts_with("/v1/callbacks/");
    let writes = *method != HttpMethod::Get && !is_callback;
    for (status, why) in answers(operation, !segments.is_empty(), (writes, is_callback)) {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(problem_answer(why)));
    }
    let parameters = operation.parameters.get_or_insert_default();
    for name in segments {
        if !parameters.iter().any(|parameter| is_named(parameter, &name)) {
            parameters.push(RefOr::T(path_parameter(&name)));
        }
    }
    if writes {
        parameters.push(RefOr::T(idempotency_key()));
    }
    if proves_somebody(path) {
        parameters.push(RefOr::T(device_id()));
    }
}

/// Where a phone or an account is proven: gifts for new members and codes by SMS are counted by the device, too.
fn proves_somebody(path: &str) -> bool {
    let signs_in = path.starts_with("/v1/auth/") && !path.ends_with("/refresh") && !path.ends_with("/logout");
    signs_in || path == "/v1/me/phones"
}

/// A callback writes nothing that its sender names a key for, and is refused where its signature is wrong.
fn answers(
    operation: &Operation,
    has_segments: bool,
    (writes, is_callback): (bool, bool),
) -> Vec<(&'static str, &'static str)> {
    let secured = operation.security.as_ref().is_some_and(|security| !security.is_empty());
    // Which may be one that the caller is not permitted at.
    let asks_of_a_store = operation.parameters.iter().flatten().any(|one| is_named(one, "store_id"));
    let takes_input =
        operation.request_body.is_some() || operation.parameters.is_some() || writes || is_callback;
    [
        ("400", "The body is not valid JSON.", operation.request_body.is_some()),
        ("401", "No valid session.", secured),
        ("403", "Not permitted.", secured),
        // Ids stand in the path, in the query and in bodies.
        ("404", "Not found.", has_segments || takes_input),
        ("409", "Refused by a rule; the code says which.", writes || is_callback || asks_of_a_store),
        ("413", "The body is too large.", operation.request_body.is_some()),
        ("415", "The body is not JSON.", operation.request_body.is_some() && !is_callback),
        ("422", "A field is wrong; errors says which.", takes_input),
        ("429", "Too many requests.", true),
        ("500", "Failed on our side.", true),
        ("503", "A dependency is unavailable.", true),
    ]
    .into_iter()
    .filter_map(|(status, why, holds)| holds.then_some((status, why)))
    .collect()
}

fn problem_answer(why: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(why).content(problem::CONTENT, content).build()
}

fn is_named(parameter: &RefOr<Parameter>, name: &str) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == name)
}

fn path_parameter(name: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let schema = if name == "id" || name.ends_with("_id") {
        schema.format(Some(SchemaFormat::Custom("uuid".to_owned())))
    } else {
        schema
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(schema))
        .build()
}

fn idempotency_key() -> Parameter {
    let why = "Repeating a request with the same key within a day gets the first answer again.";
    header("Idempotency-Key", 1..=200, why)
}

fn device_id() -> Parameter {
    header("X-Device-Id", auth::DEVICE_ID_LENGTH, "A random text by which the app knows its device again.")
}

/// One that may be left out, with its length.
fn header(name: &str, length: std::ops::RangeInclusive<usize>, why: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    let schema = schema.min_length(Some(*length.start())).max_length(Some(*length.end()));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(why))
        .schema(Some(schema))
        .build()
}
