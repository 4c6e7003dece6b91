//! Whatever the outside sends, an answer comes and nothing falls over.

use super::support::{MemoryStore, PATIENT, noon, settings, wechat_with};
use platform::alipay::Alipay;
use platform::sms::is_opt_out;
use platform::sms::receipt::{aliyun_receipts, aliyun_replies, tencent_receipts, tencent_reply};
use platform::wechat::WeChat;
use platform::wechat::callback::{Callback, CallbackQuery, CallbackSettings};
use platform::wechat::template::{parameter_error, parameter_keys};
use proptest::prelude::*;
use std::sync::Arc;

const KINDS: &[&str] = &[
    "thing",
    "number",
    "letter",
    "symbol",
    "character_string",
    "time",
    "date",
    "amount",
    "phone_number",
    "car_number",
    "name",
    "phrase",
    "enum",
];

fn plain_callback() -> Callback {
    let settings =
        CallbackSettings { token: "AAAAA".to_owned(), encoding_aes_key: None, appid: "wx1".to_owned() };
    Callback::new(settings).unwrap()
}

fn signed_query() -> CallbackQuery {
    CallbackQuery {
        signature: Some("899cf89e464efb63f54ddac96b0a0a235f53aa78".to_owned()),
        timestamp: Some("1714037059".to_owned()),
        nonce: Some("486452656".to_owned()),
        ..CallbackQuery::default()
    }
}

proptest! {
    #[test]
    fn a_value_is_judged_and_never_passes_too_long(kind in 0..KINDS.len(), value in "\\PC{0,60}|[0-9年月日:~ .元-]{0,30}") {
        let error = parameter_error(&format!("{}1", KINDS[kind]), &value);
        if KINDS[kind] == "thing" && value.chars().count() > 20 {
            prop_assert!(error.is_some());
        }
        parameter_keys(&value);
        is_opt_out(&value);
    }

    #[test]
    fn a_push_of_any_bytes_is_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = plain_callback().open(&signed_query(), &body);
        let _ = (tencent_receipts(&body), tencent_reply(&body), aliyun_receipts(&body), aliyun_replies(&body));
    }

    #[test]
    fn a_push_that_looks_like_xml_is_answered(body in "<xml>(<[a-zA-Z]{1,4}>|</[a-zA-Z]{1,4}>|&[a-z#0-9]{0,6};|<!\\[CDATA\\[|\\]\\]>|[a-z ]){0,30}(</xml>)?") {
        let _ = plain_callback().open(&signed_query(), body.as_bytes());
    }
}

#[test]
fn a_document_without_end_of_depth_is_refused() {
    let body = format!("<xml>{}", "<a>".repeat(100_000));
    assert!(plain_callback().open(&signed_query(), body.as_bytes()).is_err());
}

#[test]
fn clients_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<WeChat>();
    shared::<Alipay>();
    shared::<Callback>();
}

#[test]
fn a_base_url_must_be_one() {
    for url in ["", "api.weixin.qq.com", "ftp://host", "http://"] {
        assert!(WeChat::new(settings(url, PATIENT), Arc::new(MemoryStore::default()), noon()).is_err());
    }
    wechat_with("https://api.weixin.qq.com/", PATIENT, noon());
}
