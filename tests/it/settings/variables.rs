//! Each setting can be given by a variable of the environment.

use service::settings::{DEFAULTS, Settings, dotted};

#[test]
fn the_variable_of_every_setting_leads_back_to_it() {
    let mut section = String::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((field, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let setting = format!("{section}{field}");
            assert_eq!(dotted(&setting.replace('.', "_")), setting);
        }
    }
}

#[test]
fn a_variable_of_digits_alone_is_text_where_the_setting_is_text_and_a_number_where_it_is_one() {
    let digits = "2021005000000001";
    let variables = [
        ("alipay.app_id", digits),
        ("wechat.secret", "0012"),
        ("rates.sms_per_second", "7"),
        ("listen", "1"),
    ];
    let settings = Settings::from_variables(&variables).unwrap();
    assert_eq!(settings.alipay.app_id, digits);
    assert_eq!(settings.wechat.secret.expose(), "0012");
    assert_eq!((settings.rates.sms_per_second, settings.listen.as_str()), (7, "1"));
}

#[test]
fn sms_suppliers_are_one_or_several_with_weights() {
    let of = |text: &str| Settings::from_variables(&[("sms.provider", text)]);
    assert_eq!(of("").unwrap().sms_suppliers().unwrap(), []);
    assert_eq!(of("aliyun").unwrap().sms_suppliers().unwrap(), [("aliyun", 1)]);
    assert_eq!(
        of("tencent:70, aliyun:30").unwrap().sms_suppliers().unwrap(),
        [("tencent", 70), ("aliyun", 30)]
    );
    for wrong in ["twilio", "tencent:0", "tencent:x", "tencent:101", "tencent, tencent:3", "tencent aliyun"] {
        assert_eq!(of(wrong).unwrap_err().name, "sms.provider", "{wrong}");
    }
}

#[test]
fn the_public_address_is_a_web_address() {
    assert!(Settings::from_variables(&[("public_url", "https://m.example.cn")]).is_ok());
    assert_eq!(Settings::from_variables(&[("public_url", "m.example.cn")]).unwrap_err().name, "public_url");
}

#[test]
fn the_stages_of_buyers_follow_each_other_and_a_window_has_a_length() {
    let refused = |name: &str, text: &str| Settings::from_variables(&[(name, text)]).unwrap_err().name;
    assert_eq!(refused("rfm.window_months", "0"), "rfm.window_months");
    assert_eq!(refused("rfm.window_months", "61"), "rfm.window_months");
    assert_eq!(refused("rfm.new_days", "-1"), "rfm.new_days");
    assert_eq!(refused("rfm.active_days", "180"), "rfm.slowing_days");
    assert_eq!(refused("rfm.slowing_days", "365"), "rfm.asleep_days");
    let shop = Settings::from_variables(&[("rfm.active_days", "30"), ("rfm.asleep_days", "200")]).unwrap();
    assert_eq!((shop.rfm.active_days, shop.rfm.slowing_days, shop.rfm.asleep_days), (30, 180, 200));
}
