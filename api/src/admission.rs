//! First who asks, then what: no segment, query or body is judged before the caller is, so that whoever may not is
//! refused in the same way whatever they ask for.
//!
//! actix makes all extractors of a handler at once, in the order of its parameters, and then drives them side by side. A
//! caller's extractor [`begin`]s; those of the input wait until it is [`decided`].

use actix_web::{HttpMessage, HttpRequest};
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Clone)]
struct Admission(CancellationToken);

/// Input is held back until the guard is dropped: when the caller's extractor has ended, either way.
pub fn begin(request: &HttpRequest) -> DropGuard {
    let admission = CancellationToken::new();
    request.extensions_mut().insert(Admission(admission.clone()));
    admission.drop_guard()
}

/// At once where the handler asks for no caller.
pub fn decided(request: &HttpRequest) -> impl Future<Output = ()> + use<> {
    let admission = request.extensions().get::<Admission>().cloned();
    async move {
        if let Some(Admission(admission)) = admission {
            admission.cancelled().await;
        }
    }
}
