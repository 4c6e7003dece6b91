//! The first owner is made once.

use tests::TestApp;

#[tokio::test]
async fn of_processes_that_start_at_once_one_makes_the_first_owner() {
    let app = TestApp::start().await;

    let tries = (0..4).map(|_| service::staff::ensure_first_owner(&app.ctx));
    let made = futures_util::future::join_all(tries).await;

    let owners: Vec<_> = made.into_iter().filter_map(|owner| owner.unwrap()).collect();
    assert_eq!(owners.len(), 1);
    assert!(service::staff::ensure_first_owner(&app.ctx).await.unwrap().is_none());
    app.staff_token(&owners[0].login, &owners[0].password).await;
}
