//! Thousands of people at once.

use reqwest::Method;
use serde_json::json;

use super::stranger::{EXPIRY, Stranger};

#[tokio::test]
async fn many_people_are_made_asked_and_counted_at_once() {
    let stranger = Stranger::start().await;
    let wish = json!({ "count": 2_000, "phone_start": 13_800_000_000_u64 });
    let made = stranger.control(Method::POST, "/people/batch", wish).await;
    assert_eq!(made["count"], 2_000);
    assert_eq!(made["people"][1_999]["phone"], "13800001999");
    let mass = json!({ "all": true, "template_id": EXPIRY, "answer": "accept", "times": 2 });
    let answered = stranger.control(Method::POST, "/prompts/batch", mass).await;
    assert_eq!(answered, json!({ "people": 2_000, "answered": 4_000 }));
    let token = stranger.token().await;
    for person in made["people"].as_array().unwrap().iter().take(3) {
        stranger.remind(&token, person["openid"].as_str().unwrap()).await;
        stranger.remind(&token, person["openid"].as_str().unwrap()).await;
    }
    assert_eq!(stranger.look("/counters").await["duplicates"], 3);
    let inboxes = stranger.look("/inboxes?limit=1000").await;
    assert_eq!(inboxes["next_cursor"], 1_000);
    assert_eq!(inboxes["inboxes"][0]["templates"][EXPIRY], 2);
    assert_eq!(inboxes["inboxes"][3]["total"], 0);
    let found = stranger.look("/people?q=13800001999").await;
    assert_eq!(found["people"][0]["id"], "p2000");
    let messages = stranger.look(&format!("/messages?template_id={EXPIRY}&cursor=2&limit=2")).await;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 2);
    assert_eq!(messages["next_cursor"], 4);
}
