//! Passwords of members and staff: at least ten characters, hashed off the async threads.

use std::sync::OnceLock;

use crate::crypto;
use crate::error::{Error, Result};
use crate::refusal::Refusal;

const MIN_CHARACTERS: usize = 10;
/// Long enough for any phrase, short enough that hashing it costs nothing extra.
const MAX_CHARACTERS: usize = 128;

/// `login` is what the password must not be: it is known to others. Errors name the field `new`.
///
/// # Refuses
/// `password_too_weak`
pub fn check_strength(new: &str, login: &str) -> Result<()> {
    let characters = new.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(Error::invalid("new", format!("is longer than {MAX_CHARACTERS} characters")));
    }
    if characters < MIN_CHARACTERS || new.eq_ignore_ascii_case(login) {
        return Err(Refusal::PasswordTooWeak.into());
    }
    Ok(())
}

pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    off_the_async_threads(move || crypto::hash_password(&password)).await?
}

/// Takes as long for a login that does not exist as for one that does.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let password = password.to_owned();
    let hash = hash.map(str::to_owned);
    off_the_async_threads(move || {
        let nobody = match NOBODY.get() {
            Some(nobody) => nobody,
            None => {
                let made = crypto::hash_password(&crypto::random_token())?;
                NOBODY.get_or_init(|| made)
            }
        };
        let right = crypto::verify_password(&password, hash.as_deref().unwrap_or(nobody));
        Ok(right && hash.is_some())
    })
    .await?
}

async fn off_the_async_threads<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
