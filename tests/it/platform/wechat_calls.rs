use super::support::*;
use platform::wechat::{ContentCheck, ContentScene, SubscribeMessage, Suggestion, UnlimitedCode};
use platform::{Class, Error};
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::Duration;

fn data() -> BTreeMap<String, String> {
    BTreeMap::from([("thing1".to_owned(), "会员日".to_owned())])
}

fn message(data: &BTreeMap<String, String>) -> SubscribeMessage<'_> {
    SubscribeMessage { touser: "openid-1", template_id: "T1", page: Some("pages/card/index?from=push"), data }
}

async fn refusal(errcode: i64, errmsg: &'static str) -> Error {
    let outside =
        wechat_answering(move |_| answer(format!(r#"{{"errcode":{errcode},"errmsg":"{errmsg}"}}"#)));
    wechat(&outside.url).send_subscribe(message(&data())).await.unwrap_err()
}

#[tokio::test]
async fn a_login_code_is_redeemed_though_the_answer_is_labelled_text() {
    let outside = Outside::start(|_| answer(r#"{"openid":"o1","session_key":"a2V5","unionid":"u1"}"#));
    let session = wechat(&outside.url).code_to_session("c 1").await.unwrap();
    assert_eq!((session.openid.as_str(), session.unionid.as_deref()), ("o1", Some("u1")));
    let seen = &outside.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/sns/jscode2session"));
    assert_eq!(seen.query["js_code"], "c 1");
    assert_eq!(seen.query["secret"], "app-secret");
    assert_eq!(seen.query["grant_type"], "authorization_code");
}

#[tokio::test]
async fn a_used_login_code_is_refused_for_good_and_a_wrong_secret_is_ours_to_mend() {
    let outside = Outside::start(|seen| match seen.query["js_code"].as_str() {
        "used" => answer(r#"{"errcode":40163,"errmsg":"code been used, rid: 11111111-22222222-33333333"}"#),
        _ => answer(r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#),
    });
    let wechat = wechat(&outside.url);
    let used = wechat.code_to_session("used").await.unwrap_err();
    assert_eq!((used.class, used.code.as_str()), (Class::Permanent, "40163"));
    assert_eq!(used.rid.as_deref(), Some("11111111-22222222-33333333"));
    assert_eq!(wechat.code_to_session("fresh").await.unwrap_err().class, Class::Token);
}

#[tokio::test]
async fn a_country_code_may_be_text_or_number() {
    let outside = wechat_answering(|seen| {
        let country = if seen.json()["code"] == "text" { r#""86""# } else { "86" };
        answer(format!(
            r#"{{"errcode":0,"errmsg":"ok","phone_info":{{"phoneNumber":"13800138000",
            "purePhoneNumber":"13800138000","countryCode":{country},"watermark":{{"timestamp":1,"appid":"wx1"}}}}}}"#
        ))
    });
    let wechat = wechat(&outside.url);
    for code in ["text", "number"] {
        let phone = wechat.phone_number(code, Some("o1")).await.unwrap();
        assert_eq!((phone.country_code.as_str(), phone.pure_number.as_str()), ("86", "13800138000"));
    }
    assert_eq!(outside.seen().last().unwrap().json()["openid"], "o1");
    wechat.phone_number("text", None).await.unwrap();
    assert!(outside.seen().last().unwrap().json().get("openid").is_none());
}

#[tokio::test]
async fn a_message_is_sent_with_its_page_state_and_wrapped_values() {
    let outside = wechat_answering(|_| answer(r#"{"errcode":0,"errmsg":"ok","msgid":1864323726461255680}"#));
    wechat(&outside.url).send_subscribe(message(&data())).await.unwrap();
    let seen = outside.seen().pop().unwrap();
    assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.token()), ("POST", SEND_PATH, "T1"));
    assert_eq!(
        seen.json(),
        serde_json::json!({
            "touser": "openid-1", "template_id": "T1", "page": "pages/card/index?from=push",
            "data": {"thing1": {"value": "会员日"}}, "miniprogram_state": "formal", "lang": "zh_CN",
        })
    );
}

#[tokio::test]
async fn a_message_id_keeps_every_digit_whether_number_text_or_absent() {
    let cases = [
        (r#","msgid":9007199254740993"#, Some("9007199254740993")),
        (r#","msgid":18446744073709551615"#, Some("18446744073709551615")),
        (r#","msgid":"1864323726461255681""#, Some("1864323726461255681")),
        ("", None),
    ];
    for (part, expected) in cases {
        let outside = wechat_answering(move |_| answer(format!(r#"{{"errcode":0,"errmsg":"ok"{part}}}"#)));
        let sent = wechat(&outside.url).send_subscribe(message(&data())).await.unwrap();
        assert_eq!(sent.msgid.as_deref(), expected);
    }
}

#[tokio::test]
async fn every_documented_refusal_of_a_send_has_its_class() {
    let cases = [
        (-1, Class::Busy),
        (40003, Class::Permanent),
        (40037, Class::Permanent),
        (41030, Class::Permanent),
        (43101, Class::Permanent),
        (43107, Class::Permanent),
        (43108, Class::Busy),
        (43116, Class::Permanent),
        (45009, Class::Throttled),
        (45011, Class::Throttled),
        (45168, Class::Permanent),
        (47003, Class::Permanent),
        (40001, Class::Token),
        (48001, Class::Permanent),
    ];
    for (errcode, class) in cases {
        let error = refusal(errcode, "anything").await;
        assert_eq!((error.class, error.code), (class, errcode.to_string()));
    }
}

#[tokio::test]
async fn a_throttled_send_says_how_long_the_lane_rests() {
    // The clock stands at 12:00:10 in Beijing.
    assert_eq!(refusal(45011, "").await.retry_after, Some(Duration::from_secs(50)));
    assert_eq!(refusal(45009, "").await.retry_after, Some(Duration::from_secs(12 * 3600 - 10)));
}

#[tokio::test]
async fn a_refusal_names_the_parameter_and_the_request_but_repeats_nothing_else() {
    let error =
        refusal(47003, "argument invalid! data.thing3.value invalid openid-1 rid: 65a0-1f-2e hint").await;
    assert_eq!(error.message, "the value of thing3 breaks its rule");
    assert_eq!(error.rid.as_deref(), Some("65a0-1f-2e"));
    let error = refusal(43101, "user openid-1 refuse to accept the msg hints: [ req_id: aBc-9 ]").await;
    assert!(!format!("{error:?} {error}").contains("openid-1"));
    assert_eq!(error.rid.as_deref(), Some("aBc-9"));
}

#[tokio::test]
async fn a_send_whose_answer_is_not_heard_is_unknown() {
    let outside = wechat_answering(|_| Reply::Silence);
    let wechat = wechat_with(&outside.url, BRIEF, noon());
    let error = wechat.send_subscribe(message(&data())).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Unknown, "timeout"));
    assert_eq!(outside.count(SEND_PATH), 1);
    assert!(!format!("{error:?}").contains("T1"));
}

#[tokio::test]
async fn a_send_with_a_broken_or_senseless_answer_is_unknown() {
    let replies = [
        Reply::Cut,
        status(502, "<html>bad gateway</html>"),
        status(500, r#"{"error":"x"}"#),
        answer("<html>"),
        answer("{}"),
        answer("[1]"),
    ];
    for reply in replies {
        let given = reply.clone();
        let outside = wechat_answering(move |_| given.clone());
        let error = wechat(&outside.url).send_subscribe(message(&data())).await.unwrap_err();
        assert_eq!(error.class, Class::Unknown, "{reply:?}");
    }
}

#[tokio::test]
async fn a_read_with_a_broken_answer_may_simply_be_tried_again() {
    for reply in [Reply::Silence, Reply::Cut, status(502, "bad gateway"), answer("<html>")] {
        let given = reply.clone();
        let outside = wechat_answering(move |_| given.clone());
        let error = wechat_with(&outside.url, BRIEF, noon()).templates().await.unwrap_err();
        assert_eq!(error.class, Class::Busy, "{reply:?}");
    }
}

#[tokio::test]
async fn a_message_is_not_sent_when_the_token_does_not_come() {
    let outside = Outside::start(|_| Reply::Silence);
    let wechat = wechat_with(&outside.url, BRIEF, noon());
    assert_eq!(wechat.send_subscribe(message(&data())).await.unwrap_err().class, Class::Busy);
    assert_eq!(outside.count(SEND_PATH), 0);
}

#[tokio::test]
async fn a_refused_connection_surely_had_no_effect() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = wechat(&format!("http://{closed}")).code_to_session("c1").await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Busy, "connect"));
    assert!(!format!("{error:?}").contains("app-secret"));
}

#[tokio::test]
async fn a_refusal_without_wechats_envelope_is_a_gateways_and_had_no_effect() {
    let outside = wechat_answering(|_| status(403, "<html>forbidden</html>"));
    let error = wechat(&outside.url).send_subscribe(message(&data())).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Busy, "http_403"));
}

#[tokio::test]
async fn calls_in_a_row_reuse_connections() {
    let outside = wechat_answering(|_| answer(r#"{"errcode":0,"errmsg":"ok","data":[]}"#));
    let wechat = wechat(&outside.url);
    for _ in 0..20 {
        wechat.templates().await.unwrap();
    }
    let peers: BTreeSet<String> = outside.seen().into_iter().map(|seen| seen.peer).collect();
    // A connection may come back to the pool just after the next call looked for one.
    assert!(peers.len() <= 3, "{peers:?}");
}

#[tokio::test]
async fn a_gateway_that_asks_to_slow_down_is_obeyed() {
    for (code, value, seconds) in [(429, "7", 7), (503, "3", 3), (429, "Mon, 02 Mar 2026 04:01:00 GMT", 50)] {
        let outside = wechat_answering(move |_| with_header(status(code, "slow"), "Retry-After", value));
        let error = wechat(&outside.url).send_subscribe(message(&data())).await.unwrap_err();
        assert_eq!((error.class, error.retry_after), (Class::Throttled, Some(Duration::from_secs(seconds))));
    }
}

#[tokio::test]
async fn the_accounts_templates_are_read_with_their_keys_and_enumerations() {
    let outside = wechat_answering(|_| {
        answer(
            r#"{"errcode":0,"errmsg":"ok","data":[{"priTmplId":"P1","title":"优惠券到期提醒",
            "content":"券名:{{thing1.DATA}}\n状态:{{enum_string2.DATA}}\n","example":"券名:九折券","type":2,
            "keywordEnumValueList":[{"keywordCode":"enum_string2","enumValueList":["即将到期","已到期"]}]},
            {"priTmplId":"P2","title":"t","content":"{{date1.DATA}}","example":"","type":3}]}"#,
        )
    });
    let templates = wechat(&outside.url).templates().await.unwrap();
    assert_eq!(templates.len(), 2);
    assert_eq!((templates[0].id.as_str(), templates[0].kind), ("P1", 2));
    assert_eq!(templates[0].keys(), ["thing1", "enum_string2"]);
    let data = BTreeMap::from([("enum_string2".to_owned(), "丢失".to_owned())]);
    let errors = templates[0].data_errors(&data);
    assert_eq!(errors["thing1"], "is missing");
    assert_eq!(errors["enum_string2"], "is not one of the template's values");
    let good = BTreeMap::from([
        ("thing1".to_owned(), "九折券".to_owned()),
        ("enum_string2".to_owned(), "已到期".to_owned()),
    ]);
    assert!(templates[0].data_errors(&good).is_empty());
}

#[tokio::test]
async fn a_code_is_image_bytes_and_its_refusal_is_json() {
    let outside = wechat_answering(|seen| match seen.json()["scene"].as_str() {
        Some("good") => answer(b"\xff\xd8\xff\xe0 image".to_vec()),
        _ => answer(r#"{"errcode":41030,"errmsg":"invalid page"}"#),
    });
    let wechat = wechat(&outside.url);
    let image = wechat.unlimited_code(&UnlimitedCode::new("good")).await.unwrap();
    assert_eq!(&image[..2], b"\xff\xd8");
    let error = wechat.unlimited_code(&UnlimitedCode::new("bad")).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Permanent, "41030"));
}

#[tokio::test]
async fn a_text_is_judged_by_the_rows_that_worked() {
    let outside = wechat_answering(|_| {
        answer(
            r#"{"errcode":0,"errmsg":"ok","trace_id":"t1","result":{"suggest":"risky","label":20003},
            "detail":[{"strategy":"keyword","errcode":0,"suggest":"risky","label":20003,"keyword":"x"},
            {"strategy":"content_model","errcode":-1}]}"#,
        )
    });
    let check = ContentCheck {
        openid: "o1".to_owned(),
        scene: ContentScene::Comment,
        content: "text".to_owned(),
        title: None,
        nickname: None,
        signature: None,
    };
    let verdict = wechat(&outside.url).check_content(&check).await.unwrap();
    assert_eq!((verdict.suggestion, verdict.label, verdict.details.len()), (Suggestion::Risky, 20003, 1));
    let body = outside.seen().pop().unwrap().json();
    assert_eq!(body, serde_json::json!({"version": 2, "openid": "o1", "scene": 2, "content": "text"}));
}

#[test]
fn nothing_personal_or_secret_is_shown_by_debug() {
    let shown = format!("{:?} {:?}", message(&data()), settings("http://h", PATIENT));
    assert!(!shown.contains("openid-1") && !shown.contains("app-secret"), "{shown}");
}
