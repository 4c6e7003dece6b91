//! `alipay.open.app.mini.templatemessage.send`: a keyword has at most 50 characters.

use serde_json::{Map, Value, json};

use crate::alipay::{Failure, Parameters, of};
use crate::pipeline::Desk;
use crate::world::message::{AlipayNotification, Content};

const KEYWORD_CHARACTERS: usize = 50;

pub(crate) fn send(desk: &Desk<'_>, parameters: &Parameters) -> Result<Value, Failure> {
    let order: Value = serde_json::from_str(of(parameters, "biz_content"))
        .map_err(|_| Failure::new("40002", "isv.invalid-biz-content", "biz_content不是合法的JSON"))?;
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    let receiver = if text("to_open_id").is_empty() { text("to_user_id") } else { text("to_open_id") };
    let person = desk.world.people.by_alipay(receiver);
    let person = person.ok_or_else(|| Failure::new("40004", "USER_NOT_EXIST", "用户不存在"))?;
    if text("user_template_id").is_empty() {
        return Err(Failure::new("40004", "TEMPLATE_NOT_EXIST", "模板不存在"));
    }
    let values: Map<String, Value> = serde_json::from_str(text("data"))
        .map_err(|_| Failure::new("40004", "TEMPLATE_DATA_ILLEGAL", "data不是合法的JSON"))?;
    let length = |value: &Value| value["value"].as_str().unwrap_or_default().chars().count();
    if values.values().any(|value| length(value) > KEYWORD_CHARACTERS) {
        return Err(Failure::new("40004", "USER_KEYWORD_LENGTH_ERROR", "关键词长度超过限制"));
    }
    let content = AlipayNotification {
        template: text("user_template_id").into(),
        values: Value::Object(values).to_string().into(),
        page: Some(text("page")).filter(|page| !page.is_empty()).map(Box::from),
    };
    desk.hub.deliver(desk.world, &person, Content::AlipayNotification(Box::new(content)));
    Ok(json!({ "code": "10000", "msg": "Success" }))
}
