//! The one error of every use case. The API maps it to a status, the worker to ack, retry or dead letter.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

use crate::facts::Facts;
use crate::refusal::Refusal;
use crate::shared_state::SharedStateError;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is not found")]
    NotFound(&'static str),
    #[error("invalid input: {0:?}")]
    Invalid(Vec<FieldError>),
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// A refusal that tells more than its code.
    #[error("refused: {}", .refusal.code())]
    RefusedBecause { refusal: Refusal, facts: Box<Facts> },
    #[error("no valid session")]
    Unauthenticated,
    #[error("not permitted")]
    Forbidden,
    #[error("too many requests")]
    RateLimited { retry_after: Duration },
    #[error("{dependency} is unavailable")]
    Unavailable { dependency: &'static str, source: anyhow::Error },
    #[error("internal error")]
    Internal(#[source] anyhow::Error),
}

/// What is wrong with one field of a request. `field` is its path in the body, e.g. `lines[2].price_fen`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl Error {
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    pub fn because(refusal: Refusal, facts: Facts) -> Self {
        Self::RefusedBecause { refusal, facts: Box::new(facts) }
    }

    /// The rule that said no, if one did.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) | Self::RefusedBecause { refusal, .. } => Some(*refusal),
            _ => None,
        }
    }

    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self::Internal(source.into())
    }

    pub fn unavailable(dependency: &'static str, source: impl Into<anyhow::Error>) -> Self {
        Self::Unavailable { dependency, source: source.into() }
    }

    /// The same for another who waited for it together with us.
    pub(crate) fn same(&self) -> Self {
        match self {
            Self::NotFound(what) => Self::NotFound(what),
            Self::Invalid(errors) => Self::Invalid(errors.clone()),
            Self::Refused(refusal) => Self::Refused(*refusal),
            Self::RefusedBecause { refusal, facts } => {
                Self::RefusedBecause { refusal: *refusal, facts: facts.clone() }
            }
            Self::Unauthenticated => Self::Unauthenticated,
            Self::Forbidden => Self::Forbidden,
            Self::RateLimited { retry_after } => Self::RateLimited { retry_after: *retry_after },
            Self::Unavailable { dependency, source } => {
                Self::Unavailable { dependency, source: anyhow::anyhow!("{source:#}") }
            }
            Self::Internal(source) => Self::Internal(anyhow::anyhow!("{source:#}")),
        }
    }

    /// Whether trying the same again later may succeed without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Internal(_) | Self::RateLimited { .. })
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_connection_loss(&error) { Self::unavailable("database", error) } else { Self::internal(error) }
    }
}

impl From<SharedStateError> for Error {
    fn from(error: SharedStateError) -> Self {
        Self::unavailable("shared state", error)
    }
}

/// True when a unique constraint refused the row: somebody else was first.
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

fn is_connection_loss(error: &DbErr) -> bool {
    let (DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) = error else {
        return matches!(error, DbErr::ConnectionAcquire(_));
    };
    let RuntimeErr::SqlxError(source) = runtime else { return true };
    match source.as_ref() {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_passing_sqlstate(&code)),
        _ => false,
    }
}

/// PostgreSQL's connection exceptions (08), operator interventions (57P), serialisation failures and dead locks
/// (40001, 40P01), too many connections (53300), and SQLite's BUSY (5).
fn is_passing_sqlstate(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P") || matches!(code, "40001" | "40P01" | "53300" | "5")
}
