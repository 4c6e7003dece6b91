use platform::wechat::template::{parameter_error, parameter_keys};

#[test]
fn values_that_keep_their_rule_pass() {
    let cases: [(&str, &[&str]); 14] = [
        ("thing1", &["会员日全场九折", "a b，c!", "一二三四五六七八九十一二三四五六七八九十"]),
        ("number2", &["0", "12.50", "12345678901234567890123456789012"]),
        ("letter3", &["abcXYZ"]),
        ("symbol4", &["!", "，。！"]),
        ("character_string5", &["NO-2026/03 #1", "a,b"]),
        (
            "time6",
            &["15:01", "9:05:59", "2019年10月1日 15:01", "2019-10-01 15:01~2019-10-01 16:00", "08:00~22:00"],
        ),
        (
            "date7",
            &[
                "2018年1月1日",
                "2018年1月",
                "1月1日",
                "2018-01-01",
                "2018/1/1",
                "2018.01",
                "01-01",
                "2018年1月1日 15:01",
            ],
        ),
        ("date8", &["2018-01-01~2018-02-01", "2月29日", "2月1日 ~ 2月3日"]),
        ("amount9", &["￥100", "¥100.5元", "$9999999999", "12.30元", "8"]),
        ("phone_number10", &["+86-0766-66888866", "13800138000"]),
        ("car_number11", &["粤A8Z888挂", "京A12345"]),
        ("name12", &["欧阳娜娜", "John O'Neil", "一二三四五六七八九十"]),
        ("phrase13", &["已到期", "一二三四五"]),
        ("enum_string14", &["anything"]),
    ];
    for (key, values) in cases {
        for value in values {
            assert_eq!(parameter_error(key, value), None, "{key}={value}");
        }
    }
}

#[test]
fn values_that_break_their_rule_are_named() {
    let cases: [(&str, &[&str]); 15] = [
        ("thing1", &["", "  ", "一二三四五六七八九十一二三四五六七八九十一", "a\nb", "a\u{7}"]),
        ("number2", &["1,000", "-1", "1.", ".5", "一", "123456789012345678901234567890123"]),
        ("letter3", &["abc1", "字", "abcdefghijklmnopqrstuvwxyzabcdefg"]),
        ("symbol4", &["!!!!!!", "a", "字", "1"]),
        ("character_string5", &["编号1", "123456789012345678901234567890123"]),
        ("time6", &["24:00", "15", "15:1", "15:60", "2019年13月1日 15:01", "明天 15:01", "15:01~"]),
        (
            "date7",
            &[
                "2018",
                "2018年",
                "2018-13-01",
                "2018-02-30",
                "2019年2月29日",
                "13月1日",
                "1月32日",
                "1月",
                "今天",
            ],
        ),
        ("date8", &["2018-01-01~", "2018年1-1", "2018-01-01 25:00"]),
        ("amount9", &["12345678901", "$", "￥￥1", "1元2", "一百元", "-5"]),
        ("phone_number10", &["+86-0766-668888661", "电话123", "12a"]),
        ("car_number11", &["粤A8Z8888挂", "A粤12345", "A 1"]),
        ("name12", &["一二三四五六七八九十一", "abcdefghijklmnopqrstu", "张3"]),
        ("phrase13", &["一二三四五六", "abc", "到期!"]),
        ("enum14", &["", "a\nb"]),
        ("unheard_of15", &["", "a\u{2028}b"]),
    ];
    for (key, values) in cases {
        for value in values {
            assert!(parameter_error(key, value).is_some(), "{key}={value}");
        }
    }
}

#[test]
fn keys_are_read_from_the_content_in_order_and_once() {
    let content =
        "门店:{{thing1.DATA}}\n时间: {{ date2.DATA }}\n{{thing1.DATA}} {{odd}} {{.DATA}} {{open.DATA";
    assert_eq!(parameter_keys(content), ["thing1", "date2"]);
}
