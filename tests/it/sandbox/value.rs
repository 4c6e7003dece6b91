//! What each parameter type of a template lets through.

use reqwest::Method;
use serde_json::{Value, json};

use super::stranger::{Stranger, errcode, reminder};

/// Type, value, and whether it passes.
const CASES: &[(&str, &str, bool)] = &[
    ("thing", "二十个字二十个字二十个字二十个字二十个字", true),
    ("thing", "二十一个字二十个字二十个字二十个字二十个字", false),
    ("thing", "换\n行", false),
    ("thing", "", false),
    ("number", "12.50", true),
    ("number", "1,000", false),
    ("number", "12345678901234567890123456789012", true),
    ("number", "123456789012345678901234567890123", false),
    ("letter", "ABC", true),
    ("letter", "A1", false),
    ("symbol", "*#", true),
    ("symbol", "******", false),
    ("symbol", "a", false),
    ("character_string", "A-1024", true),
    ("character_string", "编号1024", false),
    ("character_string", "123456789012345678901234567890123", false),
    ("time", "15:01", true),
    ("time", "15:01:59", true),
    ("time", "2019年10月1日 15:01", true),
    ("time", "09:00~21:00", true),
    ("time", "25:01", false),
    ("time", "2019年10月1日", false),
    ("date", "2018年1月1日", true),
    ("date", "2018年1月", true),
    ("date", "1月1日", true),
    ("date", "2018-01-01", true),
    ("date", "2018/01/01 15:01", true),
    ("date", "2018.01.01~2018.02.01", true),
    ("date", "01-01", true),
    ("date", "2018-13-01", false),
    ("date", "明天", false),
    ("amount", "¥100.00", true),
    ("amount", "8元", true),
    ("amount", "¥12345678901", false),
    ("amount", "一百元", false),
    ("phone_number", "+86-0766-66888866", true),
    ("phone_number", "+86-0766-668888666", false),
    ("car_number", "粤B12345挂", true),
    ("car_number", "粤B粤2345", false),
    ("car_number", "粤B1234567", false),
    ("name", "欧阳若溪", true),
    ("name", "一二三四五六七八九十一", false),
    ("name", "Anna Maria Smith", true),
    ("phrase", "金卡会员", true),
    ("phrase", "VIP", false),
    ("phrase", "六个字的词语", false),
    ("enum_string", "待取货", true),
    ("enum_string", "在路上", false),
];

/// Two keywords of the public library that make a template for each type: the type first, then a filler.
const TEMPLATES: &[(&str, &str, u32, u32)] = &[
    ("thing", "2101", 1, 2),
    ("number", "2103", 2, 4),
    ("letter", "2108", 3, 5),
    ("symbol", "2108", 4, 5),
    ("character_string", "2103", 1, 4),
    ("time", "2103", 3, 4),
    ("date", "2102", 3, 1),
    ("amount", "2101", 4, 1),
    ("phone_number", "2105", 4, 1),
    ("car_number", "2108", 1, 5),
    ("name", "2107", 1, 4),
    ("phrase", "2107", 2, 4),
    ("enum_string", "2105", 5, 1),
];

#[tokio::test]
async fn every_parameter_type_keeps_its_rule() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    for (rule, tid, kid, filler) in TEMPLATES {
        let wish = json!({ "tid": tid, "kidList": [kid, filler], "sceneDesc": "测试" });
        let path = format!("/wxaapi/newtmpl/addtemplate?access_token={token}");
        let made = stranger.post(&path, wish).await;
        let id = made["priTmplId"].as_str().unwrap().to_owned();
        let cases: Vec<_> = CASES.iter().filter(|(of, _, _)| of == rule).collect();
        let mass =
            json!({ "person_ids": [person.id], "template_id": id, "answer": "accept", "times": cases.len() });
        stranger.control(Method::POST, "/prompts/batch", mass).await;
        let fill = match *filler {
            2 => ("date2", "2025-01-01"),
            5 => ("time5", "09:30"),
            4 => ("thing4", "好"),
            _ => ("thing1", "好"),
        };
        for (_, value, passes) in cases {
            let key = format!("{rule}{kid}");
            let message = json!({
                "touser": person.openid, "template_id": id,
                "data": { key.clone(): { "value": value }, fill.0: { "value": fill.1 } },
            });
            let answer = stranger.send(&token, message).await;
            assert_eq!(errcode(&answer) == 0, *passes, "{rule} {value:?}: {answer}");
            if !passes {
                let text = answer["errmsg"].as_str().unwrap();
                assert!(text.starts_with(&format!("argument invalid! data.{key}.value invalid")), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_missing_key_is_refused_and_an_extra_one_let_through() {
    let stranger = Stranger::start().await;
    let person = stranger.person().await;
    let token = stranger.token().await;
    stranger.accept(&person, super::stranger::EXPIRY).await;
    let mut missing = reminder(&person.openid);
    missing["data"]["date2"] = Value::Null;
    assert_eq!(errcode(&stranger.send(&token, missing).await), 47003);
    let mut number = reminder(&person.openid);
    number["data"]["thing1"]["value"] = json!(20);
    assert_eq!(errcode(&stranger.send(&token, number).await), 47003);
    let mut extra = reminder(&person.openid);
    extra["data"]["thing9"] = json!({ "value": "多余" });
    assert_eq!(errcode(&stranger.send(&token, extra).await), 0);
}
