use super::support::*;
use platform::sms::{AliyunSettings, Sms, SmsMessage, SmsSettings, TencentSettings, acs3, connect, tc3};
use platform::{Class, Error};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn tencent(url: &str, timeout: Duration) -> Arc<dyn Sms> {
    let settings = TencentSettings {
        base_url: url.to_owned(),
        secret_id: "id".to_owned(),
        secret_key: "secret-key".to_owned(),
        sdk_app_id: "1400000000".to_owned(),
        sign_id: 0,
        sign_name: "示例".to_owned(),
        region: "ap-guangzhou".to_owned(),
        timeout,
    };
    connect(SmsSettings::Tencent(settings), noon()).unwrap()
}

fn aliyun(url: &str, timeout: Duration) -> Arc<dyn Sms> {
    let settings = AliyunSettings {
        base_url: url.to_owned(),
        access_key_id: "id".to_owned(),
        access_key_secret: "secret-key".to_owned(),
        sign_name: "示例".to_owned(),
        timeout,
    };
    connect(SmsSettings::Aliyun(settings), noon()).unwrap()
}

fn message() -> SmsMessage {
    SmsMessage {
        phone: "13800138000".to_owned(),
        template: "100".to_owned(),
        sign_name: None,
        params: vec![("code".to_owned(), "1234".to_owned()), ("a".to_owned(), "x y".to_owned())],
        out_id: Some("d-1".to_owned()),
    }
}

fn tencent_status(code: &str) -> Reply {
    answer(
        json!({"Response": {"RequestId": "r-1", "SendStatusSet": [{"SerialNo": "s-1", "PhoneNumber":
            "+8613800138000", "Fee": 1, "SessionContext": "d-1", "Code": code, "Message": "13800138000",
            "IsoCode": "CN"}]}})
        .to_string(),
    )
}

fn tencent_error(code: &str) -> Reply {
    answer(
        json!({"Response": {"Error": {"Code": code, "Message": "13800138000"}, "RequestId": "r-1"}})
            .to_string(),
    )
}

async fn tencent_refusal(reply: Reply) -> Error {
    let outside = Outside::start(move |_| reply.clone());
    tencent(&outside.url, PATIENT).send(&message()).await.unwrap_err()
}

async fn aliyun_refusal(code: &str, words: &str) -> Error {
    let body = json!({"Code": code, "Message": words, "RequestId": "r-1"}).to_string();
    let outside = Outside::start(move |_| answer(body.clone()));
    aliyun(&outside.url, PATIENT).send(&message()).await.unwrap_err()
}

#[test]
fn a_tc3_signature_equals_the_one_computed_by_hand() {
    let body = r#"{"PhoneNumberSet":["+8613800138000"],"SmsSdkAppId":"1400000000","TemplateId":"100","SignName":"示例","TemplateParamSet":["1234"]}"#;
    let cases = [
        (
            "2026-03-02T04:00:10Z",
            "2026-03-02",
            "02b68db4a2ebb92a64287b52a76bbc2ce140c2f4a2d1d7a4ed9ee600d8bd75ee",
        ),
        (
            "2026-03-01T23:59:59Z",
            "2026-03-01",
            "fc03c494f3f9b06fa232001763f791ed01a7fa99060711d639897bfd5d8faeff",
        ),
    ];
    for (moment, date, signature) in cases {
        let signing = tc3::Signing {
            secret_id: "id",
            secret_key: "secret-key",
            host: "sms.tencentcloudapi.com",
            body: body.as_bytes(),
            at: moment.parse().unwrap(),
        };
        assert_eq!(
            tc3::authorization(&signing),
            format!(
                "TC3-HMAC-SHA256 Credential=id/{date}/sms/tc3_request, SignedHeaders=content-type;host, \
                 Signature={signature}"
            )
        );
    }
}

#[test]
fn an_acs3_signature_equals_the_published_example() {
    let headers = BTreeMap::from([
        ("host", "ecs.cn-shanghai.aliyuncs.com".to_owned()),
        ("x-acs-action", "RunInstances".to_owned()),
        (
            "x-acs-content-sha256",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
        ),
        ("x-acs-date", "2023-10-26T10:22:32Z".to_owned()),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d".to_owned()),
        ("x-acs-version", "2014-05-26".to_owned()),
    ]);
    let query = acs3::canonical_query(&BTreeMap::from([
        ("RegionId", "cn-shanghai".to_owned()),
        ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned()),
    ]));
    let signing = acs3::Signing {
        key_id: "YourAccessKeyId",
        key_secret: "YourAccessKeySecret",
        query: &query,
        headers: &headers,
        body: b"",
    };
    assert_eq!(
        acs3::authorization(&signing),
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;\
         x-acs-date;x-acs-signature-nonce;x-acs-version,\
         Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    );
}

#[test]
fn a_query_is_encoded_by_rfc_3986() {
    let parameters = BTreeMap::from([("b", "a b+c*~/中".to_owned()), ("a", "{\"k\":\"v\"}".to_owned())]);
    let encoded = "a=%7B%22k%22%3A%22v%22%7D&b=a%20b%2Bc%2A~%2F%E4%B8%AD";
    assert_eq!(acs3::canonical_query(&parameters), encoded);
}

#[tokio::test]
async fn tencent_is_asked_for_one_number_with_values_in_order() {
    let outside = Outside::start(|_| tencent_status("Ok"));
    let sms = tencent(&outside.url, PATIENT);
    let sent = sms.send(&message()).await.unwrap();
    assert_eq!((sms.provider(), sent.message_id.as_str(), sent.fee), ("tencent", "s-1", Some(1)));
    let seen = outside.seen().pop().unwrap();
    assert_eq!(
        seen.json(),
        json!({"PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400000000", "TemplateId": "100",
            "SignName": "示例", "TemplateParamSet": ["1234", "x y"], "SessionContext": "d-1"})
    );
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/"));
    assert_eq!(seen.headers["x-tc-action"], "SendSms");
    assert_eq!(seen.headers["x-tc-version"], "2021-01-11");
    assert_eq!(seen.headers["x-tc-region"], "ap-guangzhou");
    assert_eq!(seen.headers["x-tc-timestamp"], "1772424010");
    let signing = tc3::Signing {
        secret_id: "id",
        secret_key: "secret-key",
        host: &seen.headers["host"],
        body: seen.body.as_bytes(),
        at: noon()(),
    };
    assert_eq!(seen.headers["authorization"], tc3::authorization(&signing));
}

#[tokio::test]
async fn aliyun_is_asked_for_one_number_with_named_values() {
    let outside = Outside::start(|_| {
        answer(r#"{"Code":"OK","Message":"OK","BizId":"9006197469364984400^0","RequestId":"r"}"#)
    });
    let sms = aliyun(&outside.url, PATIENT);
    let sent = sms.send(&message()).await.unwrap();
    assert_eq!(
        (sms.provider(), sent.message_id.as_str(), sent.fee),
        ("aliyun", "9006197469364984400^0", None)
    );
    let seen = outside.seen().pop().unwrap();
    assert_eq!((seen.method.as_str(), seen.path.as_str(), seen.body.as_str()), ("POST", "/", ""));
    assert_eq!(seen.query["PhoneNumbers"], "13800138000");
    assert_eq!(seen.query["SignName"], "示例");
    assert_eq!(seen.query["TemplateCode"], "100");
    assert_eq!(seen.query["OutId"], "d-1");
    let params: serde_json::Value = serde_json::from_str(&seen.query["TemplateParam"]).unwrap();
    assert_eq!(params, json!({"code": "1234", "a": "x y"}));
    let header = |name: &'static str| (name, seen.headers[name].clone());
    let headers = BTreeMap::from([
        header("host"),
        header("x-acs-action"),
        header("x-acs-content-sha256"),
        header("x-acs-date"),
        header("x-acs-signature-nonce"),
        header("x-acs-version"),
    ]);
    assert_eq!(headers["x-acs-date"], "2026-03-02T04:00:10Z");
    let signing = acs3::Signing {
        key_id: "id",
        key_secret: "secret-key",
        query: &seen.raw_query,
        headers: &headers,
        body: b"",
    };
    assert_eq!(seen.headers["authorization"], acs3::authorization(&signing));
}

#[tokio::test]
async fn a_foreign_number_keeps_its_country_and_a_senseless_one_is_not_sent() {
    let outside = Outside::start(|seen| match seen.headers.contains_key("x-tc-action") {
        true => tencent_status("Ok"),
        false => answer(r#"{"Code":"OK","BizId":"b"}"#),
    });
    let foreign =
        SmsMessage { phone: "+85291234567".to_owned(), sign_name: Some("别名".to_owned()), ..message() };
    tencent(&outside.url, PATIENT).send(&foreign).await.unwrap();
    aliyun(&outside.url, PATIENT).send(&foreign).await.unwrap();
    let seen = outside.seen();
    assert_eq!(seen[0].json()["PhoneNumberSet"], json!(["+85291234567"]));
    assert_eq!(seen[0].json()["SignName"], "别名");
    assert_eq!(
        (seen[1].query["PhoneNumbers"].as_str(), seen[1].query["SignName"].as_str()),
        ("85291234567", "别名")
    );
    for phone in ["", "1380013800", "23800138000", "+86 138", "+12", "13800138000,13800138001"] {
        let wrong = SmsMessage { phone: phone.to_owned(), ..message() };
        let error = aliyun(&outside.url, PATIENT).send(&wrong).await.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (Class::Permanent, "phone_number"));
    }
    assert_eq!(outside.seen().len(), 2);
}

#[tokio::test]
async fn tencents_codes_have_their_classes_whether_of_the_call_or_of_the_number() {
    let cases = [
        ("FailedOperation.PhoneNumberInBlacklist", Class::Permanent),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Class::Permanent),
        ("InvalidParameterValue.IncorrectPhoneNumber", Class::Permanent),
        ("LimitExceeded.PhoneNumberDailyLimit", Class::Permanent),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Class::Busy),
        ("LimitExceeded.AppDailyLimit", Class::Throttled),
        ("RequestLimitExceeded", Class::Throttled),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Class::Busy),
        ("AuthFailure.SignatureFailure", Class::Token),
        ("UnauthorizedOperation.SmsSdkAppIdVerifyFail", Class::Token),
        ("InternalError.OtherError", Class::Busy),
        ("InternalError.Timeout", Class::Unknown),
    ];
    for (code, class) in cases {
        for reply in [tencent_error(code), tencent_status(code)] {
            let error = tencent_refusal(reply).await;
            assert_eq!((error.class, error.code.as_str(), error.rid.as_deref()), (class, code, Some("r-1")));
            assert!(!format!("{error:?}").contains("13800138000"));
        }
    }
    let night = tencent_refusal(tencent_error("FailedOperation.MarketingSendTimeConstraint")).await;
    // From noon to the next eight o'clock.
    let until = Duration::from_secs(20 * 3600 - 10);
    assert_eq!((night.class, night.retry_after), (Class::Throttled, Some(until)));
}

#[tokio::test]
async fn aliyuns_codes_have_their_classes() {
    let cases = [
        ("isv.MOBILE_NUMBER_ILLEGAL", "", Class::Permanent),
        ("isv.SMS_TEMPLATE_ILLEGAL", "", Class::Permanent),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", Class::Busy),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", Class::Busy),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:10", Class::Permanent),
        ("isv.DAY_LIMIT_CONTROL", "", Class::Throttled),
        ("Throttling.User", "", Class::Throttled),
        ("isp.SYSTEM_ERROR", "", Class::Busy),
        ("isv.AMOUNT_NOT_ENOUGH", "", Class::Busy),
        ("SignatureDoesNotMatch", "", Class::Token),
        ("InvalidAccessKeyId.NotFound", "", Class::Token),
        ("SignatureNonceUsed", "", Class::Unknown),
    ];
    for (code, words, class) in cases {
        let error = aliyun_refusal(code, words).await;
        assert_eq!((error.class, error.code.as_str(), error.rid.as_deref()), (class, code, Some("r-1")));
    }
}

#[tokio::test]
async fn an_sms_whose_answer_is_not_heard_is_unknown() {
    for reply in
        [Reply::Silence, Reply::Cut, status(502, "bad gateway"), answer("{}"), answer(r#"{"Response":{}}"#)]
    {
        let given = reply.clone();
        let outside = Outside::start(move |_| given.clone());
        for sms in [tencent(&outside.url, BRIEF), aliyun(&outside.url, BRIEF)] {
            let error = sms.send(&message()).await.unwrap_err();
            assert_eq!(error.class, Class::Unknown, "{reply:?}");
        }
        assert_eq!(outside.seen().len(), 2);
    }
}

#[tokio::test]
async fn an_sms_that_found_no_connection_may_be_tried_again() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    for sms in [tencent(&url, PATIENT), aliyun(&url, PATIENT)] {
        assert_eq!(sms.send(&message()).await.unwrap_err().class, Class::Busy);
    }
}
