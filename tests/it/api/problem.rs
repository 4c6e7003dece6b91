//! Every error has one shape.

use tests::TestApp;

#[tokio::test]
async fn an_unknown_path_is_a_problem_with_words_in_the_language_asked_for() {
    let app = TestApp::start().await;

    let chinese = app.get("/v1/nothing").await.expect_problem(404, "path_not_found");
    let english = app
        .get("/v1/nothing")
        .with_header("accept-language", "en-GB,en;q=0.9,zh;q=0.5")
        .await
        .expect_problem(404, "path_not_found");

    assert_eq!(chinese["title"], "没有这个地址");
    assert_eq!(english["title"], "There is no such path.");
}

#[tokio::test]
async fn a_method_that_the_path_does_not_have_is_refused_with_those_it_has() {
    let app = TestApp::start().await;

    let answer = app.delete("/healthz").await;

    answer.expect_problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET"));
}
