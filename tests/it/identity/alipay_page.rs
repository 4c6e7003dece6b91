//! Signing in by Alipay's page in a browser: there and back, refused, forged, used twice, too late.

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use tests::people::text;
use tests::phones::Person;
use tests::{Answer, Phones};

const PHONE: &str = "13800138000";

async fn shop() -> Phones {
    Phones::with_settings("public_url = \"https://m.example.cn\"").await
}

/// A browser that set out for the page.
struct Visit {
    challenge_id: String,
    page: Url,
}

impl Visit {
    async fn begin(phones: &Phones) -> Self {
        let begun = phones.app.post("/v1/auth/alipay-challenges", json!({})).await.expect(200);
        Self {
            challenge_id: text(&begun, "challenge_id"),
            page: text(&begun, "authorise_url").parse().unwrap(),
        }
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.page.query_pairs().into_owned().collect()
    }

    /// Where the browser is sent after the person's answer.
    async fn answer(&self, person: &Person, answer: &str) -> Url {
        let browser = Client::builder().redirect(Policy::none()).build().unwrap();
        let page = browser.get(self.page.clone()).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains(&person.phone));
        let mut form = self.asked();
        form.extend([("person".into(), person.id.clone()), ("answer".into(), answer.into())]);
        let mut post = self.page.clone();
        post.set_query(None);
        let sent = browser.post(post).form(&form).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        sent.headers()["location"].to_str().unwrap().parse().unwrap()
    }

    async fn sign_in(&self, phones: &Phones, back: &Url) -> Answer {
        self.sign_in_with(phones, back, &of(back, "state").unwrap()).await
    }

    async fn sign_in_with(&self, phones: &Phones, back: &Url, state: &str) -> Answer {
        let returned = json!({ "challenge_id": self.challenge_id, "state": state });
        let code = of(back, "auth_code").unwrap();
        phones.app.post("/v1/auth/alipay", json!({ "auth_code": code, "returned": returned })).await
    }
}

fn of(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(each, _)| each == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_browser_goes_to_alipays_page_and_comes_back_as_the_same_member_each_time() {
    let phones = shop().await;
    let person = phones.person(PHONE).await;

    let first = Visit::begin(&phones).await;
    let back = first.answer(&person, "yes").await;
    let enrolled = first.sign_in(&phones, &back).await.expect(200);
    let second = Visit::begin(&phones).await;
    let back_again = second.answer(&person, "yes").await;
    let again = second.sign_in(&phones, &back_again).await.expect(200);

    assert!(back.as_str().starts_with("https://m.example.cn/m/?"), "{back}");
    assert_eq!(of(&first.page, "scope").as_deref(), Some("auth_user"));
    assert_eq!(of(&back, "state"), of(&first.page, "state"));
    assert!(!first.page.as_str().contains(&first.challenge_id), "what stays with the browser goes nowhere");
    assert_eq!((&enrolled["enrolled"], &again["enrolled"]), (&json!(true), &json!(false)));
    assert_eq!(enrolled["member"]["phone"], Value::Null);
    assert_eq!(enrolled["member"]["marketing_consent"], false);
    assert_eq!(enrolled["member"]["id"], again["member"]["id"]);
}

#[tokio::test]
async fn who_refuses_comes_back_without_a_code() {
    let phones = shop().await;
    let person = phones.person(PHONE).await;

    let visit = Visit::begin(&phones).await;
    let back = visit.answer(&person, "no").await;

    assert_eq!(of(&back, "auth_code"), None);
    assert_eq!(of(&back, "state"), of(&visit.page, "state"));
}

#[tokio::test]
async fn a_state_that_is_not_the_visits_is_refused_and_gets_no_second_try() {
    let phones = shop().await;
    let person = phones.person(PHONE).await;
    let mine = Visit::begin(&phones).await;
    let others = Visit::begin(&phones).await;
    let back = others.answer(&person, "yes").await;

    // The link of somebody else, opened in a browser that has set out itself.
    mine.sign_in(&phones, &back).await.expect_refusal("challenge_expired");
    let own_state = of(&mine.page, "state").unwrap();
    mine.sign_in_with(&phones, &back, &own_state).await.expect_refusal("challenge_expired");
    let invented = Visit { challenge_id: "invented".into(), page: others.page.clone() };
    invented.sign_in(&phones, &back).await.expect_refusal("challenge_expired");

    // None of this used the code up.
    others.sign_in(&phones, &back).await.expect(200);
}

#[tokio::test]
async fn a_return_is_good_once_also_for_two_at_once() {
    let phones = shop().await;
    let person = phones.person(PHONE).await;
    let visit = Visit::begin(&phones).await;
    let back = visit.answer(&person, "yes").await;

    let (one, two) = tokio::join!(visit.sign_in(&phones, &back), visit.sign_in(&phones, &back));

    let refused: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(refused.len(), 1);
    refused[0].expect_refusal("challenge_expired");
    visit.sign_in(&phones, &back).await.expect_refusal("challenge_expired");
}

#[tokio::test]
async fn a_return_after_five_minutes_is_too_late() {
    let phones = shop().await;
    let person = phones.person(PHONE).await;
    let visit = Visit::begin(&phones).await;
    phones.advance(299).await;
    let back = visit.answer(&person, "yes").await;
    phones.advance(1).await;

    visit.sign_in(&phones, &back).await.expect_refusal("challenge_expired");
}

#[tokio::test]
async fn a_shop_without_a_public_address_has_no_way_back() {
    let phones = Phones::start().await;

    let begun = phones.app.post("/v1/auth/alipay-challenges", json!({})).await;

    begun.expect_refusal("channel_not_configured");
}

#[tokio::test]
async fn the_sandboxs_page_sends_nobody_elsewhere_and_knows_only_its_app() {
    let phones = shop().await;
    let visit = Visit::begin(&phones).await;
    for (name, value) in [("redirect_uri", "javascript:alert(1)"), ("app_id", "1"), ("scope", "all")] {
        let asked: Vec<_> = visit
            .asked()
            .into_iter()
            .map(|(each, was)| if each == name { (each, value.to_owned()) } else { (each, was) })
            .collect();
        let mut page = visit.page.clone();
        page.query_pairs_mut().clear().extend_pairs(asked);
        assert_eq!(reqwest::get(page).await.unwrap().status(), StatusCode::BAD_REQUEST, "{name}");
    }
}
