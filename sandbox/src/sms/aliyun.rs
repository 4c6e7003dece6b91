//! Aliyun SMS: `SendSms`, `SendBatchSms`, `QuerySendDetails`, `QuerySmsTemplateList` and `GetSmsSign`, version 2017-05-25, RPC style.
//!
//! Gateway faults (signature, key, time, nonce) have an HTTP error status; business faults are HTTP 200 with a `Code`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use chrono::Duration;
use serde_json::{Map, Value, json};

use crate::clock::{beijing, beijing_text};
use crate::pipeline::{Call, Desk, Reply};
use crate::sms::aliyun_signature::Check;
use crate::sms::desk::{Provider, SentSms};
use crate::sms::{
    REFUSED_FOR, ReviewState, SIGN_REFUSED_FOR, SmsKind, SmsTemplate, billed_parts, normalized,
};
use crate::world::fault::Parcel;
use crate::world::message::{Content, Sms};

const MOST_NUMBERS: usize = 1_000;
const MOST_IN_BATCH: usize = 100;

type Parameters = BTreeMap<String, String>;

pub(crate) struct Fault {
    status: u16,
    code: &'static str,
    message: &'static str,
}

impl Fault {
    pub fn gateway(status: u16, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    pub fn signature() -> Self {
        Self::gateway(
            400,
            "SignatureDoesNotMatch",
            "Specified signature is not matched with our calculation.",
        )
    }

    fn business(code: &'static str, message: &'static str) -> Self {
        Self { status: 200, code, message }
    }
}

/// One text to one number, checked.
struct Letter {
    phone: String,
    sign: String,
    template: Arc<SmsTemplate>,
    text: String,
}

pub(crate) fn action_of(call: &Call) -> String {
    match call.header("x-acs-action") {
        "" => parameters(call).remove("Action").unwrap_or_default(),
        action => action.to_owned(),
    }
}

/// Query and form body together: the newer SDKs use the first, others the second.
fn parameters(call: &Call) -> Parameters {
    let mut all: Parameters = call.query.clone().into_iter().collect();
    if call.header("content-type").starts_with("application/x-www-form-urlencoded") {
        all.extend(url::form_urlencoded::parse(&call.body).into_owned());
    }
    all
}

pub(crate) fn answer(desk: &Desk<'_>) -> Reply {
    let parameters = parameters(desk.call);
    let (account, sms) = (&desk.hub.settings.aliyun_sms, &desk.world.sms);
    let check = Check { call: desk.call, parameters: &parameters, account, desk: sms, now: desk.now };
    let outcome = check.verify().and_then(|()| match action_of(desk.call).as_str() {
        "SendSms" => send(desk, &parameters),
        "SendBatchSms" => send_batch(desk, &parameters),
        "QuerySendDetails" => Ok(details(desk, &parameters)),
        "QuerySmsTemplateList" => Ok(templates(desk, &parameters)),
        "GetSmsSign" => sign(desk, &parameters),
        _ => Err(Fault::gateway(404, "InvalidAction.NotFound", "Specified api is not found.")),
    });
    match outcome {
        Ok(reply) => reply,
        Err(fault) => {
            let mut reply = refused(desk, fault.code, fault.message);
            reply.status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
            reply
        }
    }
}

/// What a send is about, for the fault knobs.
pub(crate) fn parcel(call: &Call) -> Parcel {
    let parameters = parameters(call);
    let first = of(&parameters, "PhoneNumbers").split(',').next().unwrap_or_default();
    Parcel {
        template: of(&parameters, "TemplateCode").to_owned(),
        address: normalized(first).unwrap_or_default(),
    }
}

pub(crate) fn refused(desk: &Desk<'_>, code: &str, message: &str) -> Reply {
    desk.world.counters.refusal("/aliyun", code);
    reply(desk, json!({ "Code": code, "Message": message }))
}

fn reply(desk: &Desk<'_>, mut body: Value) -> Reply {
    let dice = &desk.world.dice;
    let groups = [8, 4, 4, 4, 12].map(|length| dice.hex(length).to_uppercase());
    body["RequestId"] = json!(groups.join("-"));
    Reply::new("application/json;charset=utf-8", body.to_string())
}

fn of<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.get(name).map(String::as_str).unwrap_or_default()
}

fn send(desk: &Desk<'_>, parameters: &Parameters) -> Result<Reply, Fault> {
    let numbers: Vec<&str> =
        of(parameters, "PhoneNumbers").split(',').filter(|number| !number.is_empty()).collect();
    if numbers.is_empty() {
        return Err(Fault::business("isv.MOBILE_NUMBER_ILLEGAL", "手机号码为空"));
    }
    if numbers.len() > MOST_NUMBERS {
        return Err(Fault::business("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制"));
    }
    let letters = numbers
        .iter()
        .map(|number| {
            letter(desk, parameters, (number, of(parameters, "SignName"), of(parameters, "TemplateParam")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    dispatch(desk, parameters, letters)
}

fn send_batch(desk: &Desk<'_>, parameters: &Parameters) -> Result<Reply, Fault> {
    let wrong = || Fault::business("isv.INVALID_JSON_PARAM", "参数格式错误，请传入JSON数组");
    let list = |name: &str| serde_json::from_str::<Vec<Value>>(of(parameters, name)).map_err(|_| wrong());
    let (numbers, signs) = (list("PhoneNumberJson")?, list("SignNameJson")?);
    let values = match of(parameters, "TemplateParamJson") {
        "" => vec![Value::Null; numbers.len()],
        _ => list("TemplateParamJson")?,
    };
    if numbers.len() > MOST_IN_BATCH {
        return Err(Fault::business("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制"));
    }
    if numbers.is_empty() || numbers.len() != signs.len() || numbers.len() != values.len() {
        return Err(wrong());
    }
    let letters = numbers
        .iter()
        .zip(&signs)
        .zip(&values)
        .map(|((number, sign), value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            letter(
                desk,
                parameters,
                (number.as_str().unwrap_or_default(), sign.as_str().unwrap_or_default(), &value),
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    dispatch(desk, parameters, letters)
}

fn letter(
    desk: &Desk<'_>,
    parameters: &Parameters,
    (number, sign, values): (&str, &str, &str),
) -> Result<Letter, Fault> {
    let sms = &desk.world.sms;
    let phone =
        normalized(number).ok_or_else(|| Fault::business("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号"))?;
    if !sms.knows_sign(Provider::Aliyun, sign) {
        return Err(Fault::business("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法"));
    }
    let template = sms.template(Provider::Aliyun, of(parameters, "TemplateCode"));
    let template = template.ok_or_else(|| Fault::business("isv.SMS_TEMPLATE_ILLEGAL", "短信模板不合法"))?;
    let text = format!("【{sign}】{}", fill(&template.text, values)?);
    Ok(Letter { phone, sign: sign.to_owned(), template, text })
}

/// Every `${name}` of the template needs a value; extra values are ignored.
fn fill(template: &str, values: &str) -> Result<String, Fault> {
    let values: Map<String, Value> = match values {
        "" | "null" => Map::new(),
        text => serde_json::from_str(text)
            .map_err(|_| Fault::business("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值"))?,
    };
    let mut text = template.to_owned();
    for (name, value) in &values {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if value.contains("http://") || value.contains("https://") {
            return Err(Fault::business("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL"));
        }
        text = text.replace(&format!("${{{name}}}"), &value);
    }
    if text.contains("${") {
        return Err(Fault::business("isv.TEMPLATE_MISSING_PARAMETERS", "模板缺少变量"));
    }
    Ok(text)
}

/// A lone number over its limit fails the call; among many it only fails in its receipt.
fn dispatch(desk: &Desk<'_>, parameters: &Parameters, letters: Vec<Letter>) -> Result<Reply, Fault> {
    let world = desk.world;
    let biz_id = format!("{}^0", world.dice.digits(18));
    let alone = letters.len() == 1;
    let mut rows = Vec::new();
    for letter in letters {
        let turn = world.sms.take_turn(&letter.phone, &letter.text, desk.now);
        if turn.is_err() && alone {
            return Err(Fault::business("isv.BUSINESS_LIMIT_CONTROL", "触发流控"));
        }
        let fault = if turn.is_err() {
            Some("isv.BUSINESS_LIMIT_CONTROL")
        } else if world.sms.is_blacklisted(Provider::Aliyun, &letter.phone) {
            Some("MOBILE_IN_BLACK")
        } else {
            world.dice.hits(world.sms.rules().receipt_failed_rate).then_some("MOBILE_NOT_ON_SERVICE")
        };
        rows.push(settle(desk, &letter, (&biz_id, of(parameters, "OutId")), fault));
    }
    let pushes = world.sms.receipts(Provider::Aliyun, &rows, &world.dice, desk.now);
    let body = json!({ "Code": "OK", "Message": "OK", "BizId": biz_id });
    Ok(Reply { pushes, ..reply(desk, body) })
}

/// Delivers or fails one letter and answers its row of the `SmsReport`.
fn settle(desk: &Desk<'_>, letter: &Letter, (biz_id, out_id): (&str, &str), fault: Option<&str>) -> Value {
    let world = desk.world;
    if fault.is_none() {
        let person = world.people.holder_of(&letter.phone, &world.dice, desk.now);
        let content = Sms {
            provider: Provider::Aliyun.name(),
            sign: Arc::from(letter.sign.as_str()),
            template: Arc::from(letter.template.id.as_str()),
            text: letter.text.as_str().into(),
            serial: biz_id.into(),
        };
        desk.hub.deliver(world, &person, Content::Sms(Box::new(content)));
    }
    world.sms.note(
        &letter.phone,
        SentSms {
            at: desk.now,
            biz_id: biz_id.into(),
            template: letter.template.id.clone(),
            out_id: out_id.into(),
            content: letter.text.clone(),
            delivered: fault.is_none(),
        },
    );
    json!({
        "phone_number": letter.phone, "send_time": beijing_text(desk.now),
        "report_time": beijing_text(desk.now + Duration::seconds(1)), "success": fault.is_none(),
        "err_code": fault.unwrap_or("DELIVERED"), "err_msg": if fault.is_none() { "用户接收成功" } else { "发送失败" },
        "sms_size": billed_parts(&letter.text).to_string(), "biz_id": biz_id, "out_id": out_id,
    })
}

fn templates(desk: &Desk<'_>, parameters: &Parameters) -> Reply {
    let number = |name: &str, unless_told: usize| of(parameters, name).parse().unwrap_or(unless_told).max(1);
    let (page, size) = (number("PageIndex", 1), number("PageSize", 10).min(50));
    let (listed, total) = desk.world.sms.templates(Provider::Aliyun, ((page - 1) * size, size));
    let rows: Vec<Value> = listed.iter().map(|template| listed_row(template, desk)).collect();
    let body = json!({
        "Code": "OK", "Message": "OK", "CurrentPage": page, "PageSize": size, "TotalCount": total,
        "SmsTemplateList": rows,
    });
    reply(desk, body)
}

fn listed_row(template: &SmsTemplate, desk: &Desk<'_>) -> Value {
    let (status, reason) = match template.state {
        ReviewState::Approved => ("AUDIT_STATE_PASS", "无审批备注"),
        ReviewState::Pending => ("AUDIT_STATE_INIT", "无审批备注"),
        ReviewState::Refused => ("AUDIT_STATE_NOT_PASS", REFUSED_FOR),
    };
    // Each API of the provider counts the kinds in an order of its own; this one gives two.
    let (kind, outer_kind) = match template.kind {
        SmsKind::Code => (2, 0),
        SmsKind::Notice => (0, 1),
        SmsKind::Marketing => (1, 2),
    };
    json!({
        "TemplateCode": template.id, "TemplateName": template.name(), "TemplateContent": template.text,
        "AuditStatus": status, "TemplateType": kind, "OuterTemplateType": outer_kind,
        "CreateDate": beijing_text(desk.now), "OrderId": "", "SignatureName": "",
        "Reason": { "RejectInfo": reason, "RejectSubInfo": "", "RejectDate": "" },
    })
}

fn sign(desk: &Desk<'_>, parameters: &Parameters) -> Result<Reply, Fault> {
    let name = of(parameters, "SignName");
    let found = desk.world.sms.signs(Provider::Aliyun).into_iter().find(|sign| sign.name == name);
    let found = found.ok_or_else(|| Fault::business("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法"))?;
    let (status, reason) = match found.state {
        ReviewState::Pending => (0, ""),
        ReviewState::Approved => (1, ""),
        ReviewState::Refused => (2, SIGN_REFUSED_FOR),
    };
    let body = json!({
        "Code": "OK", "Message": "OK", "SignName": found.name, "SignStatus": status, "OrderId": found.id.to_string(),
        "CreateDate": beijing_text(desk.now), "AuditInfo": { "AuditDate": beijing_text(desk.now), "RejectInfo": reason },
    });
    Ok(reply(desk, body))
}

fn details(desk: &Desk<'_>, parameters: &Parameters) -> Reply {
    const DELIVERED: u8 = 3;
    const FAILED: u8 = 2;
    let day = of(parameters, "SendDate");
    let biz_id = of(parameters, "BizId");
    let size = of(parameters, "PageSize").parse().unwrap_or(10usize).clamp(1, 50);
    let page = of(parameters, "CurrentPage").parse().unwrap_or(1usize).max(1);
    let phone = of(parameters, "PhoneNumber");
    let matching: Vec<SentSms> = desk
        .world
        .sms
        .details(&normalized(phone).unwrap_or_default())
        .into_iter()
        .filter(|sent| beijing(sent.at).format("%Y%m%d").to_string() == day)
        .filter(|sent| biz_id.is_empty() || sent.biz_id == biz_id)
        .collect();
    let rows: Vec<Value> = matching
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|sent| {
            json!({
                "SendStatus": if sent.delivered { DELIVERED } else { FAILED },
                "ErrCode": if sent.delivered { "DELIVERED" } else { "FAILED" }, "SendDate": beijing_text(sent.at),
                "ReceiveDate": beijing_text(sent.at + Duration::seconds(1)), "TemplateCode": sent.template,
                "OutId": sent.out_id, "PhoneNum": phone, "Content": sent.content,
            })
        })
        .collect();
    reply(
        desk,
        json!({
            "Code": "OK", "Message": "OK", "TotalCount": matching.len().to_string(),
            "SmsSendDetailDTOs": { "SmsSendDetailDTO": rows },
        }),
    )
}
