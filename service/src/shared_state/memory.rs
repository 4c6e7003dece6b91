//! shape
use super::*;
#[derive(Default)]
pub struct MemorySharedState(std::sync::Mutex<std::collections::HashMap<String, String>>);
impl MemorySharedState {
    pub fn new() -> Self {
        Self::default()
    }
    fn m(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, String>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
#[async_trait]
impl SharedState for MemorySharedState {
    async fn get(&self, key: &str) -> Result<Option<String>> {
        Ok(self.m().get(key).cloned())
    }
    async fn set(&self, key: &str, value: &str, _: Duration) -> Result<()> {
        self.m().insert(key.into(), value.into());
        Ok(())
    }
    async fn set_if_absent(&self, key: &str, value: &str, _: Duration) -> Result<bool> {
        let mut m = self.m();
        if m.contains_key(key) {
            return Ok(false);
        }
        m.insert(key.into(), value.into());
        Ok(true)
    }
    async fn remove_if(&self, key: &str, expected: &str) -> Result<bool> {
        let mut m = self.m();
        if m.get(key).is_some_and(|v| v == expected) {
            m.remove(key);
            return Ok(true);
        }
        Ok(false)
    }
    async fn replace_if(&self, key: &str, expected: &str, value: &str, _: Duration) -> Result<bool> {
        let mut m = self.m();
        if m.get(key).is_some_and(|v| v == expected) {
            m.insert(key.into(), value.into());
            return Ok(true);
        }
        Ok(false)
    }
    async fn increment(&self, key: &str, by: i64, _: Duration) -> Result<i64> {
        let mut m = self.m();
        let v = m.get(key).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0) + by;
        m.insert(key.into(), v.to_string());
        Ok(v)
    }
    async fn take_permits(&self, _: &str, _: Rate, wanted: u32, _: DateTime<Utc>) -> Result<Permits> {
        Ok(Permits { granted: wanted, retry_after: Duration::ZERO })
    }
    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}
