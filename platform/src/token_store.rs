use crate::Result;
use std::time::Duration;
#[async_trait::async_trait]
pub trait TokenStore: Send + Sync {
    async fn get(&self, key: &str) -> Result<Option<String>>;
    async fn put(&self, key: &str, value: &str, ttl: Duration) -> Result<()>;
    async fn put_if_absent(&self, key: &str, value: &str, ttl: Duration) -> Result<bool>;
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool>;
}
