//! The second factor of staff accounts: an authenticator app's codes and the recovery codes.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use tests::TestApp;
use tests::people::{PASSWORD, text};

/// An authenticator app, by RFC 4226 and RFC 6238 alone: it shares no code with the server.
struct Authenticator(Vec<u8>);

impl Authenticator {
    /// RFC 4648 base32 without padding.
    fn scanned(secret: &str) -> Self {
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        for letter in secret.bytes() {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                other => panic!("{other} is no base32"),
            };
            held = (held << 5) | u32::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits) as u8);
                held &= (1 << bits) - 1;
            }
        }
        Self(bytes)
    }

    fn code_at(&self, seconds: u64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("any length");
        mac.update(&(seconds / 30).to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest[19] & 0xf);
        let four = [digest[offset] & 0x7f, digest[offset + 1], digest[offset + 2], digest[offset + 3]];
        format!("{:06}", u32::from_be_bytes(four) % 1_000_000)
    }

    fn code(&self, app: &TestApp) -> String {
        use service::clock::Clock;
        self.code_at(u64::try_from(app.clock.now().timestamp()).expect("after 1970"))
    }
}

#[test]
fn the_authenticator_of_these_tests_makes_the_codes_of_the_standard() {
    // RFC 6238, appendix B, SHA-1; the last six of its eight digits.
    let authenticator = Authenticator(b"12345678901234567890".to_vec());
    let codes = [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")];
    for (seconds, code) in codes {
        assert_eq!(authenticator.code_at(seconds), code);
    }
}

fn sign_in(code: Option<&str>) -> Value {
    json!({ "login": "owner", "password": PASSWORD, "second_factor": code })
}

/// An owner with a second factor: the app, and the recovery codes.
async fn turned_on(app: &TestApp) -> (Authenticator, Vec<Value>) {
    let owner = app.owner().await;
    turned_on_by(app, &owner).await
}

async fn turned_on_by(app: &TestApp, owner: &str) -> (Authenticator, Vec<Value>) {
    let prepared = app.post("/v1/staff/second-factor", json!({})).with_bearer(owner).await.expect(200);
    let authenticator = Authenticator::scanned(&text(&prepared, "secret"));
    let body = json!({ "code": authenticator.code(app) });
    let on = app.post("/v1/staff/second-factor/confirmation", body).with_bearer(owner).await.expect(200);
    (authenticator, on["recovery_codes"].as_array().expect("codes").clone())
}

#[tokio::test]
async fn an_account_with_a_second_factor_asks_for_its_code() {
    let app = TestApp::start().await;
    let (authenticator, codes) = turned_on(&app).await;
    assert_eq!(codes.len(), 8);

    app.post("/v1/staff/auth", sign_in(None)).await.expect_refusal("second_factor_required");
    app.post("/v1/staff/auth", sign_in(Some("000000"))).await.expect_refusal("second_factor_wrong");
    app.clock.advance(chrono::Duration::seconds(30));
    let right = authenticator.code(&app);
    let signed_in = app.post("/v1/staff/auth", sign_in(Some(&right))).await.expect(200);

    assert_eq!(signed_in["staff"]["second_factor"], true);
}

#[tokio::test]
async fn the_address_for_the_qr_code_names_brand_and_login() {
    let app = TestApp::with_settings("brand_name = \"山月: 茶点\"").await;
    let owner = app.owner().await;

    let prepared = app.post("/v1/staff/second-factor", json!({})).with_bearer(&owner).await.expect(200);

    let uri = text(&prepared, "uri");
    assert!(uri.starts_with("otpauth://totp/"), "{uri}");
    assert!(uri.contains("owner") && uri.contains(&text(&prepared, "secret")), "{uri}");
}

#[tokio::test]
async fn a_prepared_one_counts_for_nothing_until_its_code_is_given() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    app.post("/v1/staff/second-factor", json!({})).with_bearer(&owner).await.expect(200);

    let wrong = json!({ "code": "000000" });
    let answer = app.post("/v1/staff/second-factor/confirmation", wrong).with_bearer(&owner).await;

    answer.expect_refusal("second_factor_wrong");
    app.post("/v1/staff/auth", sign_in(None)).await.expect(200);
}

#[tokio::test]
async fn a_code_is_good_once_also_for_two_at_once() {
    let app = TestApp::start().await;
    let (authenticator, codes) = turned_on(&app).await;
    app.clock.advance(chrono::Duration::seconds(30));
    let right = authenticator.code(&app);

    let (one, two) = tokio::join!(async { app.post("/v1/staff/auth", sign_in(Some(&right))).await }, async {
        app.post("/v1/staff/auth", sign_in(Some(&right))).await
    },);

    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let recovery = codes[0].as_str().expect("a code").to_uppercase();
    app.post("/v1/staff/auth", sign_in(Some(&recovery))).await.expect(200);
    app.post("/v1/staff/auth", sign_in(Some(&recovery))).await.expect_refusal("second_factor_wrong");
}

#[tokio::test]
async fn wrong_codes_are_limited_like_wrong_passwords() {
    let app = TestApp::with_settings("sign_in.staff_wrong_tries = 3").await;
    let (authenticator, _) = turned_on(&app).await;
    for _ in 0..3 {
        app.post("/v1/staff/auth", sign_in(Some("000000"))).await.expect_refusal("second_factor_wrong");
    }

    app.clock.advance(chrono::Duration::seconds(30));
    let right = authenticator.code(&app);

    app.post("/v1/staff/auth", sign_in(Some(&right))).await.expect_problem(429, "rate_limited");
}

#[tokio::test]
async fn it_is_taken_off_with_a_code_or_by_an_owner() {
    let app = TestApp::start().await;
    let (authenticator, _) = turned_on(&app).await;
    app.clock.advance(chrono::Duration::seconds(30));
    let right = authenticator.code(&app);
    let token = text(&app.post("/v1/staff/auth", sign_in(Some(&right))).await.expect(200), "access_token");
    let id = text(&app.get("/v1/staff/me").with_bearer(&token).await.expect(200), "id");

    let wrong = json!({ "code": "000000" });
    let refused = app.post("/v1/staff/second-factor/removal", wrong).with_bearer(&token).await;
    refused.expect_refusal("second_factor_wrong");
    app.delete(&format!("/v1/console/staff/{id}/second-factor")).with_bearer(&token).await.expect(204);

    app.get("/v1/staff/me").with_bearer(&token).await.expect_problem(401, "unauthenticated");
    app.post("/v1/staff/auth", sign_in(None)).await.expect(200);
}

#[tokio::test]
async fn where_the_brand_asks_for_it_nothing_else_is_permitted_before() {
    let app = TestApp::with_settings("sign_in.second_factor_roles = [\"owner\"]").await;
    let owner = app.owner().await;
    app.get("/v1/console/members").with_bearer(&owner).await.expect_refusal("second_factor_missing");
    let me = app.get("/v1/staff/me").with_bearer(&owner).await.expect(200);
    assert_eq!(me["must_turn_on_second_factor"], true);

    let (authenticator, _) = turned_on_by(&app, &owner).await;

    app.clock.advance(chrono::Duration::seconds(30));
    let right = authenticator.code(&app);
    let token = text(&app.post("/v1/staff/auth", sign_in(Some(&right))).await.expect(200), "access_token");
    app.get("/v1/console/members").with_bearer(&token).await.expect(200);
    app.clock.advance(chrono::Duration::seconds(30));
    let body = json!({ "code": authenticator.code(&app) });
    let kept = app.post("/v1/staff/second-factor/removal", body).with_bearer(&token).await;
    kept.expect_refusal("second_factor_required");
}
