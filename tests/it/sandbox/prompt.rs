//! `wx.requestSubscribeMessage` as the page gets its answer.

use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{EXPIRY, PROGRESS, Person, Stranger, errcode};

const POINTS: &str = "TMPL_POINTS_CHANGE_00000000000000000000000C";

async fn prompt(stranger: &Stranger, person: &Person, prompt: Value) -> Value {
    stranger.control(Method::POST, &format!("/people/{}/prompts", person.id), prompt).await
}

#[tokio::test]
async fn a_prompt_answers_for_each_template_and_an_unticked_one_is_rejected() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let wish = json!({ "template_ids": [EXPIRY, POINTS], "answers": { EXPIRY: "accept" } });
    let answer = prompt(&stranger, &person, wish).await;
    assert_eq!(answer, json!({ "errMsg": "requestSubscribeMessage:ok", EXPIRY: "accept", POINTS: "reject" }));
}

#[tokio::test]
async fn a_prompt_fails_with_the_clients_own_codes() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let code = async |ids: Value| {
        prompt(&stranger, &person, json!({ "template_ids": ids })).await["errCode"].as_i64().unwrap()
    };
    assert_eq!(code(json!([])).await, 10001);
    assert_eq!(code(json!(["unknown"])).await, 20001);
    assert_eq!(code(json!([EXPIRY, PROGRESS])).await, 20002);
    assert_eq!(code(json!([EXPIRY, EXPIRY, EXPIRY, EXPIRY, EXPIRY, EXPIRY])).await, 20003);
    stranger
        .control(Method::PUT, &format!("/people/{}/main-switch", person.id), json!({ "on": false }))
        .await;
    assert_eq!(code(json!([EXPIRY])).await, 20004);
}

#[tokio::test]
async fn a_second_template_of_the_same_title_is_filtered_and_a_banned_one_says_so() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let path = format!("/wxaapi/newtmpl/addtemplate?access_token={}", stranger.token().await);
    let twin = stranger.post(&path, json!({ "tid": 2101, "kidList": [1, 2] })).await;
    let twin = twin["priTmplId"].as_str().unwrap();
    stranger.control(Method::PUT, &format!("/templates/{POINTS}/ban"), json!({ "banned": true })).await;
    let wish =
        json!({ "template_ids": [EXPIRY, twin, POINTS], "answers": { EXPIRY: "accept", twin: "accept" } });
    let answer = prompt(&stranger, &person, wish).await;
    assert_eq!(answer[EXPIRY], "accept");
    assert_eq!(answer[twin], "filter");
    assert_eq!(answer[POINTS], "ban");
}

#[tokio::test]
async fn a_kept_choice_answers_later_prompts_and_still_counts_each_time() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    let first = json!({ "template_ids": [EXPIRY], "answers": { EXPIRY: "accept" }, "always_keep": true });
    prompt(&stranger, &person, first).await;
    let again = prompt(&stranger, &person, json!({ "template_ids": [EXPIRY] })).await;
    assert_eq!(again[EXPIRY], "accept");
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 0);
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 0);
    assert_eq!(errcode(&stranger.remind(&token, &person.openid).await), 43101);
}
