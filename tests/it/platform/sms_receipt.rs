use platform::Class;
use platform::sms::is_opt_out;
use platform::sms::receipt::{aliyun_receipts, aliyun_replies, tencent_receipts, tencent_reply};

#[test]
fn tencents_receipts_tell_which_messages_arrived() {
    let body = r#"[{"user_receive_time":"2015-10-17 08:03:04","nationcode":"86","mobile":"13800138000",
        "report_status":"SUCCESS","errmsg":"DELIVRD","description":"用户短信送达成功","sid":"s-1","ext":"d-1"},
        {"nationcode":"852","mobile":"91234567","report_status":"FAIL","errmsg":"UNDELIV","sid":"s-2"}]"#;
    let receipts = tencent_receipts(body.as_bytes()).unwrap();
    let [first, second] = receipts.as_slice() else { panic!("two receipts are due") };
    assert_eq!((first.message_id.as_str(), first.delivered, first.code.as_str()), ("s-1", true, "DELIVRD"));
    assert_eq!((first.phone.as_str(), first.out_id.as_deref()), ("13800138000", Some("d-1")));
    assert_eq!(
        (second.delivered, second.phone.as_str(), second.out_id.as_deref()),
        (false, "+85291234567", None)
    );
}

#[test]
fn aliyuns_receipts_tell_which_messages_arrived() {
    let body = r#"[{"phone_number":"13800138000","send_time":"2017-01-01 11:12:13","report_time":
        "2017-02-02 22:23:24","success":true,"err_code":"DELIVERED","err_msg":"ok","sms_size":"1",
        "biz_id":"b-1","out_id":"d-1"},{"phone_number":"85291234567","success":false,"err_code":"MK:0001",
        "biz_id":"b-2","out_id":""}]"#;
    let receipts = aliyun_receipts(body.as_bytes()).unwrap();
    let [first, second] = receipts.as_slice() else { panic!("two receipts are due") };
    assert_eq!(
        (first.message_id.as_str(), first.delivered, first.out_id.as_deref()),
        ("b-1", true, Some("d-1"))
    );
    assert_eq!((second.code.as_str(), second.delivered, second.out_id.as_deref()), ("MK:0001", false, None));
    assert_eq!(second.phone, "+85291234567");
}

#[test]
fn replies_are_read_with_their_time_in_utc() {
    let tencent =
        br#"{"extend":"1","mobile":"13800138000","nationcode":"86","sign":"s","text":"R","time":1500026400}"#;
    let reply = tencent_reply(tencent).unwrap();
    assert_eq!((reply.phone.as_str(), reply.text.as_str()), ("13800138000", "R"));
    assert_eq!(reply.replied_at.unwrap().to_rfc3339(), "2017-07-14T10:00:00+00:00");
    let aliyun = r#"[{"phone_number":"13800138000","send_time":"2017-01-01 07:12:13","content":"退订",
        "sign_name":"s","dest_code":"1","sequence_id":1234567890}]"#;
    let replies = aliyun_replies(aliyun.as_bytes()).unwrap();
    assert_eq!((replies.len(), replies[0].text.as_str()), (1, "退订"));
    assert_eq!(replies[0].replied_at.unwrap().to_rfc3339(), "2016-12-31T23:12:13+00:00");
}

#[test]
fn a_push_that_makes_no_sense_is_refused_without_quoting_it() {
    let body = br#"[{"mobile":13800138000}]"#;
    let error = tencent_receipts(body).unwrap_err();
    assert_eq!(error.class, Class::Permanent);
    assert!(!format!("{error:?}").contains("138"));
    assert!(aliyun_receipts(b"").is_err() && aliyun_replies(b"{}").is_err() && tencent_reply(b"[]").is_err());
}

#[test]
fn a_no_is_understood_however_it_is_typed() {
    for text in [
        "R",
        "r",
        "Ｒ",
        "ｒ",
        "T",
        "t",
        "TD",
        "td",
        "退订",
        "拒收",
        "0000",
        "００００",
        " r \n",
        "退订。",
        "“TD”!",
    ] {
        assert!(is_opt_out(text), "{text}");
    }
    for text in ["", "  ", "RT", "好的", "000", "00000", "不要退订", "1"] {
        assert!(!is_opt_out(text), "{text}");
    }
}
