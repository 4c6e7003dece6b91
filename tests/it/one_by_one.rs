//! One at a time for each key.

use futures_util::FutureExt;
use futures_util::future::join;
use service::one_by_one::OneByOne;

#[tokio::test]
async fn who_comes_later_waits_for_the_same_key_and_for_no_other() {
    let all = OneByOne::default();
    let first = all.hold(&[1, 2]).await;
    let mut second = Box::pin(all.hold(&[3, 2]));
    assert!((&mut second).now_or_never().is_none());
    assert!(all.hold(&[4]).now_or_never().is_some());

    drop(first);

    assert!(second.now_or_never().is_some());
    assert!(all.hold(&[1, 2, 3, 4]).now_or_never().is_some(), "a key was left behind");
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let all = OneByOne::default();
    let first = all.hold(&[2]).await;
    assert!(all.hold(&[1, 2, 3]).now_or_never().is_none());
    assert!(all.hold(&[1, 3]).now_or_never().is_some());

    drop(first);

    assert!(all.hold(&[2]).now_or_never().is_some());
}

#[tokio::test]
async fn nobody_waits_in_a_circle() {
    let all = OneByOne::default();
    let one = async {
        let _held = all.hold(&[1, 2]).await;
        tokio::task::yield_now().await;
    };
    let other = async {
        let _held = all.hold(&[2, 1, 2]).await;
        tokio::task::yield_now().await;
    };
    join(one, other).await;
}
