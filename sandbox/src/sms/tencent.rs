//! Tencent Cloud SMS: `SendSms`, `DescribeSmsTemplateList` and `DescribeSmsSignList`, version 2021-01-11.
//!
//! What is wrong with the whole call fails it; what is wrong for a number (template, signature and frequency included)
//! stands in that number's own status, and the call succeeds.

use std::sync::Arc;

use chrono::{Duration, Timelike};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::{beijing, beijing_text};
use crate::pipeline::{Call, Desk, Reply};
use crate::sms::desk::{FrequencyFault, Provider};
use crate::sms::{
    REFUSED_FOR, ReviewState, SIGN_REFUSED_FOR, SmsKind, SmsSign, SmsTemplate, UNSUBSCRIBE, billed_parts,
    normalized, tencent_signature,
};
use crate::world::fault::Parcel;
use crate::world::message::{Content, Sms};

const MOST_NUMBERS: usize = 200;
const LONGEST_CONTEXT: usize = 512;
const NEW_ACCOUNT_VARIABLE: usize = 6;
const OPENS: u32 = 8;
const CLOSES: u32 = 22;

pub(crate) struct Fault {
    code: &'static str,
    message: &'static str,
}

impl Fault {
    pub fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct SendSms {
    phone_number_set: Vec<String>,
    sms_sdk_app_id: String,
    template_id: String,
    sign_name: String,
    template_param_set: Vec<String>,
    session_context: String,
}

pub(crate) fn answer(desk: &Desk<'_>) -> Reply {
    let account = &desk.hub.settings.tencent_sms;
    let verified = tencent_signature::verify(desk.call, account, desk.now).and_then(|()| check_version(desk));
    let answer = verified.and_then(|()| match desk.call.header("x-tc-action") {
        "SendSms" => Ok(command(desk)?.run(desk)),
        "DescribeSmsTemplateList" => templates(desk),
        "DescribeSmsSignList" => signs(desk),
        _ => Err(Fault::new("InvalidAction", "The request Action is invalid.")),
    });
    match answer {
        Ok(reply) => reply,
        Err(fault) => refused(desk, fault.code, fault.message),
    }
}

/// What a send is about, for the fault knobs.
pub(crate) fn parcel(call: &Call) -> Parcel {
    let command: SendSms = serde_json::from_slice(&call.body).unwrap_or_default();
    let first = command.phone_number_set.first();
    Parcel {
        address: first.and_then(|number| normalized(number)).unwrap_or_default(),
        template: command.template_id,
    }
}

/// A whole call refused: HTTP 200 with an `Error` inside.
pub(crate) fn refused(desk: &Desk<'_>, code: &str, message: &str) -> Reply {
    desk.world.counters.refusal("/tencent", code);
    reply(desk, json!({ "Error": { "Code": code, "Message": message } }))
}

fn reply(desk: &Desk<'_>, mut response: Value) -> Reply {
    let dice = &desk.world.dice;
    let groups = [8, 4, 4, 4, 12].map(|length| dice.hex(length));
    response["RequestId"] = json!(groups.join("-"));
    Reply::new("application/json", json!({ "Response": response }).to_string())
}

fn check_version(desk: &Desk<'_>) -> Result<(), Fault> {
    if desk.call.header("x-tc-version") == "2021-01-11" {
        return Ok(());
    }
    Err(Fault::new("NoSuchVersion", "The API version does not exist."))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeSmsTemplateList {
    /// 0: of the mainland, which is all there is here.
    international: u8,
    #[serde(default)]
    template_id_set: Vec<u64>,
    limit: Option<usize>,
    offset: Option<usize>,
}

fn templates(desk: &Desk<'_>) -> Result<Reply, Fault> {
    const MOST: usize = 100;
    let wish: DescribeSmsTemplateList = serde_json::from_slice(&desk.call.body)
        .map_err(|_| Fault::new("InvalidParameter", "The request body is not valid."))?;
    let page = (wish.offset.unwrap_or(0), wish.limit.unwrap_or(MOST).min(MOST));
    let (listed, _) = desk.world.sms.templates(Provider::Tencent, page);
    let asked = |id: &str| {
        wish.template_id_set.is_empty() || wish.template_id_set.iter().any(|it| it.to_string() == id)
    };
    let rows: Vec<Value> = listed
        .iter()
        .filter(|template| wish.international == 0 && asked(&template.id))
        .map(|template| listed_row(template, desk))
        .collect();
    Ok(reply(desk, json!({ "DescribeTemplateStatusSet": rows })))
}

fn listed_row(template: &SmsTemplate, desk: &Desk<'_>) -> Value {
    let (status, reply) = match template.state {
        ReviewState::Approved => (0, ""),
        ReviewState::Pending => (1, ""),
        ReviewState::Refused => (-1, REFUSED_FOR),
    };
    json!({
        "TemplateId": template.id.parse::<u64>().unwrap_or_default(), "International": 0, "StatusCode": status,
        "ReviewReply": reply, "TemplateName": template.name(), "CreateTime": desk.now.timestamp(),
        "TemplateContent": template.text,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeSmsSignList {
    international: u8,
    sign_id_set: Vec<u64>,
}

fn signs(desk: &Desk<'_>) -> Result<Reply, Fault> {
    let wish: DescribeSmsSignList = serde_json::from_slice(&desk.call.body)
        .map_err(|_| Fault::new("InvalidParameter", "The request body is not valid."))?;
    let mut found = desk.world.sms.signs(Provider::Tencent);
    found.retain(|sign| wish.international == 0 && wish.sign_id_set.contains(&sign.id));
    if found.is_empty() {
        return Err(Fault::new("FailedOperation.MissingSignature", "没有获取到对应的签名"));
    }
    let row = |sign: SmsSign| {
        let (status, reply) = match sign.state {
            ReviewState::Approved => (0, ""),
            ReviewState::Pending => (1, ""),
            ReviewState::Refused => (-1, SIGN_REFUSED_FOR),
        };
        json!({
            "SignId": sign.id, "International": 0, "StatusCode": status, "ReviewReply": reply,
            "SignName": sign.name, "CreateTime": desk.now.timestamp(),
        })
    };
    let rows: Vec<Value> = found.into_iter().map(row).collect();
    Ok(reply(desk, json!({ "DescribeSignListStatusSet": rows })))
}

fn command(desk: &Desk<'_>) -> Result<SendSms, Fault> {
    let command: SendSms = serde_json::from_slice(&desk.call.body)
        .map_err(|_| Fault::new("InvalidParameter", "The request body is not valid."))?;
    command.check_numbers()?;
    Ok(command)
}

impl SendSms {
    fn check_numbers(&self) -> Result<(), Fault> {
        let numbers = &self.phone_number_set;
        if numbers.is_empty() {
            return Err(Fault::new("MissingParameter.EmptyPhoneNumberSet", "传入的号码列表为空"));
        }
        if numbers.len() > MOST_NUMBERS {
            return Err(Fault::new(
                "LimitExceeded.PhoneNumberCountLimit",
                "调用接口单次提交的手机号个数超过200个",
            ));
        }
        let abroad = numbers.iter().filter(|number| is_foreign(number)).count();
        if abroad != 0 && abroad != numbers.len() {
            return Err(Fault::new(
                "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
                "群发请求里既有国内手机号也有国际手机号",
            ));
        }
        if self.session_context.len() >= LONGEST_CONTEXT {
            return Err(Fault::new("InvalidParameterValue.ContentLengthLimit", "SessionContext过长"));
        }
        Ok(())
    }

    fn run(self, desk: &Desk<'_>) -> Reply {
        let text = self.text(desk);
        let mut receipts = Vec::new();
        let numbers = &self.phone_number_set;
        let statuses: Vec<Value> =
            numbers.iter().map(|number| self.send_one(desk, number, &text, &mut receipts)).collect();
        let pushes = desk.world.sms.receipts(Provider::Tencent, &receipts, &desk.world.dice, desk.now);
        Reply { pushes, ..reply(desk, json!({ "SendStatusSet": statuses })) }
    }

    fn send_one(
        &self,
        desk: &Desk<'_>,
        number: &str,
        text: &Result<String, Fault>,
        receipts: &mut Vec<Value>,
    ) -> Value {
        let sent = text.as_ref().map_err(|fault| (fault.code, fault.message)).and_then(|text| {
            self.accept(desk, number, text)
                .map_err(|fault| (fault.code, fault.message))
                .map(|phone| (phone, text))
        });
        let (serial, fee, code, message) = match sent {
            Ok((phone, text)) => {
                let serial = format!("2019:{}{}", desk.now.timestamp_micros(), desk.world.dice.digits(6));
                receipts.push(self.deliver(desk, &phone, text, &serial));
                (serial, billed_parts(text), "Ok", "send success")
            }
            Err((code, message)) => {
                desk.world.counters.refusal("/tencent/SendSms", code);
                (String::new(), 0, code, message)
            }
        };
        json!({
            "SerialNo": serial, "PhoneNumber": shown(number), "Fee": fee, "SessionContext": self.session_context,
            "Code": code, "Message": message, "IsoCode": if is_foreign(number) { "" } else { "CN" },
        })
    }

    /// The finished text with its signature, or what is wrong with it for every number alike.
    fn text(&self, desk: &Desk<'_>) -> Result<String, Fault> {
        let sms = &desk.world.sms;
        if self.sms_sdk_app_id != desk.hub.settings.tencent_sms.sdk_app_id {
            return Err(Fault::new("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId校验失败"));
        }
        if !sms.knows_sign(Provider::Tencent, &self.sign_name) {
            return Err(Fault::new("FailedOperation.SignatureIncorrectOrUnapproved", "签名未审批或格式错误"));
        }
        let template = sms.template(Provider::Tencent, &self.template_id);
        let unknown = || Fault::new("FailedOperation.TemplateUnapprovedOrNotExist", "模板未审批或不存在");
        let template = template.ok_or_else(unknown)?;
        self.check_template(desk, &template)?;
        let mut text = template.text.clone();
        for (place, value) in self.template_param_set.iter().enumerate() {
            text = text.replace(&format!("{{{}}}", place + 1), value);
        }
        Ok(format!("【{}】{text}", self.sign_name))
    }

    fn check_template(&self, desk: &Desk<'_>, template: &SmsTemplate) -> Result<(), Fault> {
        let rules = desk.world.sms.rules();
        let values = &self.template_param_set;
        let wanted = (1..).take_while(|place| template.text.contains(&format!("{{{place}}}"))).count();
        if wanted != values.len() {
            return Err(Fault::new(
                "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
                "请求内容与审核通过的模板内容不匹配",
            ));
        }
        if rules.new_account && wanted > 0 && template.kind != SmsKind::Code {
            return Err(Fault::new("InvalidParameterValue.UnsupportedTemplateVariable", "不支持模板变量"));
        }
        values.iter().try_for_each(|value| check_value(value, template.kind, rules.new_account))?;
        if template.kind == SmsKind::Marketing {
            let hour = beijing(desk.now).hour();
            if !template.text.contains(UNSUBSCRIBE) {
                return Err(Fault::new(
                    "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe",
                    "营销短信缺少退订方式",
                ));
            }
            if rules.marketing_hours && !(OPENS..CLOSES).contains(&hour) {
                return Err(Fault::new(
                    "FailedOperation.MarketingSendTimeConstraint",
                    "营销短信发送时间限制8点到22点",
                ));
            }
        }
        Ok(())
    }

    /// Who gets it, unless the number is wrong, black-listed or has had enough.
    fn accept(&self, desk: &Desk<'_>, number: &str, text: &str) -> Result<String, Fault> {
        let sms = &desk.world.sms;
        let wrong = || Fault::new("InvalidParameterValue.IncorrectPhoneNumber", "手机号格式错误");
        let phone = normalized(number).ok_or_else(wrong)?;
        if sms.is_blacklisted(Provider::Tencent, &phone) {
            return Err(Fault::new("FailedOperation.PhoneNumberInBlacklist", "手机号在免打扰名单库中"));
        }
        sms.take_turn(&phone, text, desk.now).map_err(|fault| match fault {
            FrequencyFault::ThirtySeconds => Fault::new(
                "LimitExceeded.PhoneNumberThirtySecondLimit",
                "单个手机号30秒内下发短信条数超过设定的上限",
            ),
            FrequencyFault::Hour => Fault::new(
                "LimitExceeded.PhoneNumberOneHourLimit",
                "单个手机号1小时内下发短信条数超过设定的上限",
            ),
            FrequencyFault::Day => {
                Fault::new("LimitExceeded.PhoneNumberDailyLimit", "单个手机号日下发短信条数超过设定的上限")
            }
            FrequencyFault::SameContent => Fault::new(
                "LimitExceeded.PhoneNumberSameContentDailyLimit",
                "单个手机号下发相同内容超过设定的上限",
            ),
        })?;
        Ok(phone)
    }

    /// Puts the text on the phone, unless the receipt says that it failed; answers the receipt.
    fn deliver(&self, desk: &Desk<'_>, phone: &str, text: &str, serial: &str) -> Value {
        let world = desk.world;
        let failed = world.dice.hits(world.sms.rules().receipt_failed_rate);
        if !failed {
            let person = world.people.holder_of(phone, &world.dice, desk.now);
            let content = Sms {
                provider: Provider::Tencent.name(),
                sign: Arc::from(self.sign_name.as_str()),
                template: Arc::from(self.template_id.as_str()),
                text: text.into(),
                serial: serial.into(),
            };
            desk.hub.deliver(world, &person, Content::Sms(Box::new(content)));
        }
        let (status, errmsg) = if failed { ("FAIL", "MK:0001") } else { ("SUCCESS", "DELIVRD") };
        let mut receipt = json!({
            "user_receive_time": beijing_text(desk.now + Duration::seconds(1)), "nationcode": "86", "mobile": phone,
            "report_status": status, "errmsg": errmsg,
            "description": if failed { "用户关机或停机" } else { "用户短信送达成功" }, "sid": serial,
        });
        if !self.session_context.is_empty() {
            receipt["ext"] = json!(self.session_context);
        }
        receipt
    }
}

fn check_value(value: &str, kind: SmsKind, new_account: bool) -> Result<(), Fault> {
    let length = value.chars().count();
    let link = value.contains("http://") || value.contains("https://") || value.contains("www.");
    if link {
        return Err(Fault::new(
            "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
            "禁止在模板变量中使用URL",
        ));
    }
    if kind == SmsKind::Code && (length > 6 || !value.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Fault::new(
            "InvalidParameterValue.TemplateParameterFormatError",
            "验证码模板参数格式错误",
        ));
    }
    if new_account && length > NEW_ACCOUNT_VARIABLE {
        return Err(Fault::new(
            "InvalidParameterValue.TemplateParameterLengthLimit",
            "单个模板变量字符数超过规定长度",
        ));
    }
    Ok(())
}

fn is_foreign(number: &str) -> bool {
    number.starts_with('+') && !number.starts_with("+86")
}

/// Answers always name the number in E.164.
fn shown(number: &str) -> String {
    match normalized(number) {
        Some(phone) if !phone.starts_with('+') => format!("+86{phone}"),
        _ => number.to_owned(),
    }
}
