//! What only the memory has to take care of: that it does not grow for ever.

use std::time::Duration;

use service::shared_state::{MemorySharedState, SharedState};

use super::harness::{MINUTE, soon};

#[tokio::test]
async fn expired_entries_are_freed_by_later_writes() {
    let state = MemorySharedState::new();
    for number in 0..1_000 {
        state.set(&format!("brief {number}"), "", Duration::from_millis(1)).await.unwrap();
    }
    soon(async {
        while state.get("brief 999").await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for number in 0..500 {
        state.set(&format!("lasting {number}"), "", MINUTE).await.unwrap();
    }
    assert_eq!(state.entries_held(), 500);
}

#[tokio::test]
async fn overwriting_and_removing_leave_nothing_behind() {
    let state = MemorySharedState::new();
    for number in 0..1_000 {
        state.set("one", &number.to_string(), MINUTE).await.unwrap();
    }
    assert_eq!(state.entries_held(), 1);
    assert!(state.remove_if("one", "999").await.unwrap());
    assert_eq!(state.entries_held(), 0);
}
