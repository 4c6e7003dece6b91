//! shape
pub struct RedisSharedState;
impl RedisSharedState {
    pub async fn connect(_: &str) -> super::Result<super::MemorySharedState> {
        Ok(super::MemorySharedState::new())
    }
}
