use std::time::Duration;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Permanent,
    Token,
    Throttled,
    Busy,
    Unknown,
}
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Error {
    pub class: Class,
    pub code: String,
    pub message: String,
    pub rid: Option<String>,
    pub retry_after: Option<Duration>,
}
pub type Result<T> = std::result::Result<T, Error>;
pub(crate) fn shape<T>() -> Result<T> {
    Err(Error {
        class: Class::Busy,
        code: "shape".into(),
        message: String::new(),
        rid: None,
        retry_after: None,
    })
}
