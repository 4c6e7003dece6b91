//! Where access tokens are kept so that every process uses the same one.
//!
//! The platforms hand out one token per account; each process fetching its own would burn quota and, with the
//! plain token API, kill its neighbours' tokens. The store is shared (Redis) or, in one process, memory.

use crate::Result;
use async_trait::async_trait;
use std::time::Duration;

#[async_trait]
pub trait TokenStore: Send + Sync {
    async fn get(&self, key: &str) -> Result<Option<String>>;

    async fn put(&self, key: &str, value: &str, ttl: Duration) -> Result<()>;

    /// True if the key was absent and is now ours: the refresh lock.
    async fn put_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool>;

    /// Removes the key only while it still holds `expected`, in one step, so that a token somebody else has
    /// already replaced is left alone.
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool>;
}
