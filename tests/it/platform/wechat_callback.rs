use platform::wechat::callback::{Callback, CallbackError, CallbackQuery, CallbackSettings};
use platform::wechat::{Event, SentItem, SubscriptionItem};
use serde_json::json;

const TOKEN: &str = "AAAAA";
const APPID: &str = "wxba5fad812f8e6fb9";
const ENCRYPTED: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

fn callback(key: Option<&str>, appid: &str) -> Callback {
    Callback::new(CallbackSettings {
        token: TOKEN.to_owned(),
        encoding_aes_key: key.map(str::to_owned),
        appid: appid.to_owned(),
    })
    .unwrap()
}

fn plain() -> Callback {
    callback(None, APPID)
}

fn safe() -> Callback {
    callback(Some(&"A".repeat(43)), APPID)
}

fn query(signature: &str, timestamp: &str, nonce: &str) -> CallbackQuery {
    CallbackQuery {
        signature: Some(signature.to_owned()),
        timestamp: Some(timestamp.to_owned()),
        nonce: Some(nonce.to_owned()),
        ..CallbackQuery::default()
    }
}

fn plain_query() -> CallbackQuery {
    query("899cf89e464efb63f54ddac96b0a0a235f53aa78", "1714037059", "486452656")
}

fn safe_query() -> CallbackQuery {
    CallbackQuery {
        encrypt_type: Some("aes".to_owned()),
        msg_signature: Some("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3".to_owned()),
        ..query("6c5c811b55cc85e0e1b54100749188c20beb3f5d", "1714112445", "415670741")
    }
}

fn open(body: &str) -> Result<Event, CallbackError> {
    plain().open(&plain_query(), body.as_bytes()).map(|mut events| events.remove(0))
}

fn item(template_id: &str, accepted: bool, scene: Option<&str>) -> SubscriptionItem {
    SubscriptionItem { template_id: template_id.to_owned(), accepted, scene: scene.map(str::to_owned) }
}

#[test]
fn the_check_of_our_url_is_answered_with_its_echo() {
    let mut query = query("f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036504", "1514711492");
    query.echostr = Some("echo".to_owned());
    assert_eq!(plain().verify_url(&query).as_deref(), Some("echo"));
    assert_eq!(safe().verify_url(&query).as_deref(), Some("echo"));
    query.nonce = Some("1514711493".to_owned());
    assert_eq!(plain().verify_url(&query), None);
}

#[test]
fn a_prompts_answers_are_read_from_an_array() {
    let body = r#"{"ToUserName":"gh_1","FromUserName":"o1","CreateTime":"1620973045","MsgType":"event",
        "Event":"subscribe_msg_popup_event","List":[
        {"TemplateId":"T1","SubscribeStatusString":"accept","PopupScene":"0"},
        {"TemplateId":"T2","SubscribeStatusString":"reject","PopupScene":2},
        {"TemplateId":"T3","SubscribeStatusString":"acceptWithAudio"}]}"#;
    let expected = Event::SubscribePopup {
        openid: "o1".to_owned(),
        created_at: 1620973045,
        items: vec![item("T1", true, Some("0")), item("T2", false, Some("2")), item("T3", true, None)],
    };
    assert_eq!(open(body), Ok(expected));
}

#[test]
fn a_single_item_comes_as_an_object() {
    let change = r#"{"FromUserName":"o1","CreateTime":1620973045,"MsgType":"event",
        "Event":"subscribe_msg_change_event","List":{"TemplateId":"T1","SubscribeStatusString":"reject"}}"#;
    let expected = Event::SubscribeChange {
        openid: "o1".to_owned(),
        created_at: 1620973045,
        items: vec![item("T1", false, None)],
    };
    assert_eq!(open(change), Ok(expected));
}

#[test]
fn a_sent_event_keeps_every_digit_of_its_message_id() {
    for (msgid, code) in [(r#""1864323726461255681""#, r#""0""#), ("1864323726461255681", "0")] {
        let body = format!(
            r#"{{"FromUserName":"o1","CreateTime":"1","MsgType":"event","Event":"subscribe_msg_sent_event",
            "List":{{"TemplateId":"T1","MsgID":{msgid},"ErrorCode":{code},"ErrorStatus":"success"}}}}"#
        );
        let items = vec![SentItem {
            template_id: "T1".to_owned(),
            msgid: "1864323726461255681".to_owned(),
            error_code: "0".to_owned(),
            error_status: "success".to_owned(),
        }];
        assert_eq!(open(&body), Ok(Event::SubscribeSent { openid: "o1".to_owned(), created_at: 1, items }));
    }
}

#[test]
fn xml_says_the_same_as_json() {
    let list = "<List><TemplateId><![CDATA[T1]]></TemplateId>\
        <SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>2</PopupScene></List>";
    let second = list.replace("T1", "T2").replace("accept", "reject");
    for (lists, count) in [(list.to_owned(), 1), (format!("{list}\n {second}"), 2)] {
        let body = format!(
            "<?xml version=\"1.0\"?>\n<xml>\n <FromUserName><![CDATA[o1]]></FromUserName>\n \
             <CreateTime>1610969440</CreateTime>\n <MsgType><![CDATA[event]]></MsgType>\n \
             <Event><![CDATA[subscribe_msg_popup_event]]></Event>\n \
             <SubscribeMsgPopupEvent>\n  {lists}\n </SubscribeMsgPopupEvent>\n</xml>"
        );
        let items = vec![item("T1", true, Some("2")), item("T2", false, Some("2"))][..count].to_vec();
        let expected = Event::SubscribePopup { openid: "o1".to_owned(), created_at: 1610969440, items };
        assert_eq!(open(&body), Ok(expected));
    }
}

#[test]
fn xml_entities_are_read_and_a_document_type_is_refused() {
    let body = "<xml><MsgType>event</MsgType><Event>\n a &amp; b&#33; </Event></xml>";
    assert_eq!(open(body), Ok(Event::Other { event: "a & b!".to_owned() }));
    let bomb = "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml><MsgType>event</MsgType><Event>&a;</Event></xml>";
    assert_eq!(open(bomb), Err(CallbackError::BadBody));
}

#[test]
fn a_withdrawn_authorisation_names_the_person_and_what_was_withdrawn() {
    let push = |event: &str, info: &str| {
        json!({"FromUserName": "platform", "CreateTime": 1626857200, "MsgType": "event", "Event": event,
            "OpenID": "o1", "AppID": APPID, "RevokeInfo": info})
        .to_string()
    };
    let (openid, created_at) = ("o1".to_owned(), 1626857200);
    assert_eq!(
        open(&push("user_authorization_revoke", "8,16")),
        Ok(Event::AuthorizationRevoked { openid: openid.clone(), revoke_info: vec![8, 16], created_at })
    );
    assert_eq!(
        open(&push("user_info_modified", "")),
        Ok(Event::UserInfoModified { openid: openid.clone(), revoke_info: vec![], created_at })
    );
    assert_eq!(
        open(&push("user_authorization_cancellation", "1")),
        Ok(Event::AuthorizationCancelled { openid, revoke_info: vec![1], created_at })
    );
}

#[test]
fn a_punishment_is_told_with_its_reason() {
    let body = json!({"CreateTime": "9", "MsgType": "event", "Event": "wxa_punish_event", "event_type": 2,
        "punish_id": 77, "punish_time": 1626857200, "illegal_reason": "滥用订阅消息", "rule_name": "5.21",
        "detail": "{}"});
    let Ok(Event::Punished(punishment)) = open(&body.to_string()) else { panic!("no punishment") };
    assert_eq!((punishment.kind, punishment.id.as_str(), punishment.created_at), (2, "77", 9));
    assert_eq!(punishment.reason, "滥用订阅消息");
}

#[test]
fn an_unknown_push_is_named_and_a_broken_one_refused() {
    assert_eq!(open(r#"{"MsgType":"text"}"#), Ok(Event::Other { event: "text".to_owned() }));
    for body in [
        "",
        "nonsense",
        "{",
        "<xml><a></xml>",
        "<xml>",
        r#"{"FromUserName":"o1"}"#,
        r#"{"MsgType":"event","Event":"subscribe_msg_sent_event","List":{"TemplateId":"T1"}}"#,
    ] {
        assert_eq!(open(body), Err(CallbackError::BadBody), "{body}");
    }
}

#[test]
fn a_plain_push_needs_its_signature() {
    let body = br#"{"MsgType":"event","Event":"x"}"#;
    let mut wrong = plain_query();
    wrong.signature = Some("0".repeat(40));
    assert_eq!(plain().open(&wrong, body), Err(CallbackError::BadSignature));
    assert_eq!(plain().open(&CallbackQuery::default(), body), Err(CallbackError::BadSignature));
}

#[test]
fn a_safe_mode_push_is_opened_in_both_formats() {
    let bodies = [
        json!({"ToUserName": "gh_97417a04a28d", "Encrypt": ENCRYPTED}).to_string(),
        format!("<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{ENCRYPTED}]]></Encrypt></xml>"),
    ];
    for body in bodies {
        let events = safe().open(&safe_query(), body.as_bytes()).unwrap();
        assert_eq!(events, [Event::Other { event: "debug_demo".to_owned() }]);
    }
}

#[test]
fn a_compatible_mode_push_is_read_from_its_cipher_not_its_plain_half() {
    let body = json!({"MsgType": "event", "Event": "forged", "Encrypt": ENCRYPTED}).to_string();
    let events = safe().open(&safe_query(), body.as_bytes()).unwrap();
    assert_eq!(events, [Event::Other { event: "debug_demo".to_owned() }]);
}

#[test]
fn a_safe_mode_push_is_refused_if_touched_plain_or_for_another() {
    let body = json!({"Encrypt": ENCRYPTED}).to_string();
    let mut wrong = safe_query();
    wrong.msg_signature = wrong.signature.clone();
    assert_eq!(safe().open(&wrong, body.as_bytes()), Err(CallbackError::BadSignature));
    let touched = body.replace("+qdx1", "+qdx2");
    assert_eq!(safe().open(&safe_query(), touched.as_bytes()), Err(CallbackError::BadSignature));
    let unsealed = br#"{"MsgType":"event","Event":"x"}"#;
    assert_eq!(safe().open(&plain_query(), unsealed), Err(CallbackError::BadSignature));
    let stranger = callback(Some(&"A".repeat(43)), "wx-other");
    assert_eq!(stranger.open(&safe_query(), body.as_bytes()), Err(CallbackError::WrongAppid));
    let other_key = callback(Some(&format!("B{}", "A".repeat(42))), APPID);
    assert_eq!(other_key.open(&safe_query(), body.as_bytes()), Err(CallbackError::BadBody));
}

#[test]
fn a_key_may_end_with_surplus_bits_but_not_be_short() {
    let settings = |key: &str| CallbackSettings {
        token: TOKEN.to_owned(),
        encoding_aes_key: Some(key.to_owned()),
        appid: APPID.to_owned(),
    };
    let body = json!({"Encrypt": ENCRYPTED}).to_string();
    let surplus = Callback::new(settings(&format!("{}B", "A".repeat(42)))).unwrap();
    assert!(surplus.open(&safe_query(), body.as_bytes()).is_ok());
    assert!(Callback::new(settings("short")).is_err());
}

#[test]
fn an_event_shows_its_kind_but_not_its_person() {
    let body = r#"{"FromUserName":"o1","MsgType":"event","Event":"subscribe_msg_change_event","List":[]}"#;
    let shown = format!("{:?}", open(body).unwrap());
    assert!(shown.contains("subscribe_msg_change_event") && !shown.contains("o1"));
}
