use super::support::*;
use async_trait::async_trait;
use futures_util::future::join_all;
use platform::token_store::TokenStore;
use platform::wechat::WeChat;
use platform::{Class, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

const KEY: &str = "wechat:token:wx1";

/// Gives out T1, T2, ...; refuses every token in `refused` with `errcode`.
fn outside_refusing(refused: &'static [&'static str], errcode: i64) -> Outside {
    let issued = AtomicU32::new(0);
    Outside::start(move |seen| match seen.path.as_str() {
        TOKEN_PATH => {
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            answer(format!(r#"{{"access_token":"T{number}","expires_in":7200}}"#))
        }
        _ if refused.contains(&seen.token()) => {
            answer(format!(r#"{{"errcode":{errcode},"errmsg":"invalid credential"}}"#))
        }
        _ => answer(r#"{"errcode":0,"errmsg":"ok","data":[]}"#),
    })
}

fn client(outside: &Outside, store: Arc<dyn TokenStore>) -> WeChat {
    WeChat::new(settings(&outside.url, PATIENT), store, noon()).unwrap()
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_made_once_more() {
    for errcode in [40001, 40014, 42001] {
        let outside = outside_refusing(&["T1"], errcode);
        let store = Arc::new(MemoryStore::default());
        client(&outside, store.clone()).templates().await.unwrap();
        assert_eq!((outside.count(TOKEN_PATH), outside.seen().len()), (2, 4));
        assert_eq!(store.rows.lock().unwrap()[KEY], "T2");
    }
}

#[tokio::test]
async fn a_second_refusal_ends_the_matter() {
    let outside = outside_refusing(&["T1", "T2"], 42001);
    let error = client(&outside, Arc::new(MemoryStore::default())).templates().await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Token, "42001"));
    assert_eq!((outside.count(TOKEN_PATH), outside.seen().len()), (2, 4));
}

#[tokio::test]
async fn fifty_calls_at_once_fetch_one_token() {
    let outside = outside_refusing(&[], 0);
    let client = client(&outside, Arc::new(MemoryStore::default()));
    let outcomes = join_all((0..50).map(|_| client.templates())).await;
    assert!(outcomes.iter().all(|outcome| outcome.is_ok()));
    assert_eq!((outside.count(TOKEN_PATH), outside.seen().len()), (1, 51));
}

#[tokio::test]
async fn fifty_refused_calls_at_once_fetch_one_new_token() {
    let outside = outside_refusing(&["T1"], 40001);
    let client = client(&outside, Arc::new(MemoryStore::default()));
    let outcomes = join_all((0..50).map(|_| client.templates())).await;
    assert!(outcomes.iter().all(|outcome| outcome.is_ok()));
    assert_eq!(outside.count(TOKEN_PATH), 2);
}

#[tokio::test]
async fn those_who_waited_for_a_failed_fetch_share_its_failure() {
    let outside = Outside::start(|_| answer(r#"{"errcode":-1,"errmsg":"system error"}"#));
    let client = client(&outside, Arc::new(MemoryStore::default()));
    let outcomes = join_all((0..20).map(|_| client.templates())).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().class == Class::Busy));
    assert_eq!(outside.count(TOKEN_PATH), 1);
    client.templates().await.unwrap_err();
    assert_eq!(outside.count(TOKEN_PATH), 2);
}

#[tokio::test]
async fn two_processes_share_one_token() {
    let outside = outside_refusing(&[], 0);
    let store = Arc::new(MemoryStore::default());
    let (one, two) = (client(&outside, store.clone()), client(&outside, store.clone()));
    let (first, second) = tokio::join!(one.templates(), two.templates());
    first.unwrap();
    second.unwrap();
    assert_eq!(outside.count(TOKEN_PATH), 1);
    assert_eq!(store.rows.lock().unwrap().len(), 1, "the refresh lock is given back");
}

#[tokio::test]
async fn a_token_another_process_already_replaced_is_left_alone() {
    let revoked = Arc::new(AtomicBool::new(false));
    let outside = wechat_answering({
        let revoked = revoked.clone();
        move |seen| match seen.token() {
            "old" if revoked.load(Ordering::SeqCst) => answer(r#"{"errcode":42001,"errmsg":"expired"}"#),
            _ => answer(r#"{"errcode":0,"errmsg":"ok","data":[]}"#),
        }
    });
    let store = Arc::new(MemoryStore::default());
    let client = client(&outside, store.clone());
    store.put(KEY, "old", PATIENT).await.unwrap();
    client.templates().await.unwrap();
    revoked.store(true, Ordering::SeqCst);
    store.put(KEY, "new", PATIENT).await.unwrap();
    client.templates().await.unwrap();
    assert_eq!(store.rows.lock().unwrap()[KEY], "new");
    assert_eq!(outside.count(TOKEN_PATH), 0);
}

#[tokio::test]
async fn a_lock_whose_holder_died_delays_but_does_not_stop() {
    let outside = outside_refusing(&[], 0);
    let store = Arc::new(MemoryStore::default());
    store.put("wechat:token:wx1:refresh", "dead", PATIENT).await.unwrap();
    client(&outside, store.clone()).templates().await.unwrap();
    assert_eq!(outside.count(TOKEN_PATH), 1);
    assert_eq!(store.rows.lock().unwrap()["wechat:token:wx1:refresh"], "dead");
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_busy_platform() {
    for (errcode, class) in
        [(40125, Class::Token), (40164, Class::Token), (-1, Class::Busy), (45011, Class::Throttled)]
    {
        let outside = Outside::start(move |_| answer(format!(r#"{{"errcode":{errcode},"errmsg":"x"}}"#)));
        let error = client(&outside, Arc::new(MemoryStore::default())).templates().await.unwrap_err();
        assert_eq!((error.class, error.code), (class, errcode.to_string()));
        assert_eq!(outside.seen().len(), 1);
    }
}

#[tokio::test]
async fn the_token_is_asked_for_by_the_stable_api_in_normal_mode_and_kept_less_than_its_life() {
    let outside = outside_refusing(&[], 0);
    let store = Arc::new(BrokenStore::default());
    client(&outside, store.clone()).templates().await.unwrap();
    assert_eq!(
        outside.seen()[0].json(),
        serde_json::json!({
            "grant_type": "client_credential", "appid": "wx1", "secret": "app-secret", "force_refresh": false,
        })
    );
    assert_eq!(store.ttl_seconds.load(Ordering::SeqCst), 6900);
}

#[tokio::test]
async fn a_store_that_is_away_costs_only_a_fetch() {
    let outside = outside_refusing(&["T1"], 40001);
    let client = client(&outside, Arc::new(BrokenStore::default()));
    client.templates().await.unwrap();
    client.templates().await.unwrap();
    assert_eq!(outside.count(TOKEN_PATH), 2);
}

/// Refuses everything, and notes the life a token was to have.
#[derive(Default)]
struct BrokenStore {
    ttl_seconds: AtomicU32,
}

fn away<T>() -> Result<T> {
    Err(Error::new(Class::Busy, "connect", "no connection"))
}

#[async_trait]
impl TokenStore for BrokenStore {
    async fn get(&self, _: &str) -> Result<Option<String>> {
        away()
    }

    async fn put(&self, _: &str, _: &str, ttl: Duration) -> Result<()> {
        self.ttl_seconds.store(ttl.as_secs() as u32, Ordering::SeqCst);
        away()
    }

    async fn put_if_absent(&self, _: &str, _: &str, _: Duration) -> Result<bool> {
        away()
    }

    async fn remove_if(&self, _: &str, _: &str) -> Result<bool> {
        away()
    }
}
