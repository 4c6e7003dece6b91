//! The algorithm, against an implementation that shares nothing with the server's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use service::Refusal;
use service::card::CardCode;

use crate::coupon::shop::Shop;

#[test]
fn the_algorithm_is_the_documented_one() {
    // python3: hmac.new(bytes(range(32)), b"HK1.6000000000000007.58888888", "sha256"), first 8 bytes, mod 10**12
    let secret: Vec<u8> = (0..32).collect();

    let code = CardCode::make(&secret, "6000000000000007", 58_888_888);

    assert_eq!(code.to_string(), "HK1.6000000000000007.58888888.042442361496");
}

#[tokio::test]
async fn a_phone_that_holds_the_secret_makes_the_same_code_as_the_server() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let token = shop.token_of(member.id).await;

    let card = shop.app.get("/v1/me/card").with_bearer(&token).await.expect(200);
    let shown = shop.app.get("/v1/me/card/code").with_bearer(&token).await.expect(200);

    assert_eq!(card["offline"]["algorithm"], "HK1");
    let secret = STANDARD.decode(card["offline"]["secret"].as_str().unwrap()).unwrap();
    let server_time: chrono::DateTime<chrono::Utc> =
        card["offline"]["server_time"].as_str().unwrap().parse().unwrap();
    let step = server_time.timestamp() / card["offline"]["step_seconds"].as_i64().unwrap();
    let made = CardCode::make(&secret, card["card_number"].as_str().unwrap(), step);
    assert_eq!(shown["code"], made.to_string());
}

proptest! {
    #[test]
    fn a_code_is_read_as_it_was_made(secret in any::<[u8; 32]>(), number in "[0-9]{16}", step in 0_i64..100_000_000) {
        let made = CardCode::make(&secret, &number, step);
        let read = CardCode::parse(&made.to_string()).unwrap();
        prop_assert_eq!(&read, &made);
        prop_assert!(read.is_made_with(&secret));
    }

    #[test]
    fn whatever_is_scanned_never_panics(text in ".{0,80}") {
        if let Err(refusal) = CardCode::parse(&text) {
            prop_assert_eq!(refusal, Refusal::CardCodeInvalid);
        }
    }
}
