//! Which request the running task works on, so that the audit log can name it without every use case passing it on.

tokio::task_local! {
    static CURRENT: String;
}

/// Runs `work` as part of the request `id`. A task that is spawned within it starts without.
pub async fn within<F: Future>(id: String, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// None outside of requests: schedules, imports, the command line.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok().filter(|id| !id.is_empty())
}
