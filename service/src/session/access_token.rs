//! The access token: a JWT signed with HS256. It names a session and is believed only as long as that session stands.

use chrono::{DateTime, Utc};
use entity::states::SubjectKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Subject;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::SessionId;

const KEY: &str = "access-token";

#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    pub sub: Uuid,
    pub kind: SubjectKind,
    pub sid: SessionId,
    pub iat: i64,
    exp: i64,
}

pub(super) fn issue(ctx: &Context, subject: Subject, sid: SessionId) -> Result<String> {
    let iat = ctx.now().timestamp();
    let exp = iat + ctx.settings.sign_in.access_token_seconds;
    let claims = Claims { sub: subject.id(), kind: subject.kind(), sid, iat, exp };
    let key = EncodingKey::from_secret(&ctx.keys.derived(KEY));
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).map_err(Error::internal)
}

/// The claims of a token that we signed, of that kind, and still good.
pub(crate) fn read(ctx: &Context, token: &str, kind: SubjectKind) -> Result<Claims> {
    let claims = read_even_if_expired(ctx, token)?;
    if claims.kind == kind && !claims.is_expired(ctx.now()) {
        Ok(claims)
    } else {
        Err(Error::Unauthenticated)
    }
}

pub(super) fn read_even_if_expired(ctx: &Context, token: &str) -> Result<Claims> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The context's clock decides, not the machine's.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_secret(&ctx.keys.derived(KEY));
    jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .map(|token| token.claims)
        .map_err(|_| Error::Unauthenticated)
}

impl Claims {
    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.exp <= now.timestamp()
    }
}
