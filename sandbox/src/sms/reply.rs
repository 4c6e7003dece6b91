//! A person texts back. R and T (and their like) stop marketing at the provider, and the product hears of every reply.

use serde_json::json;

use crate::clock::beijing_text;
use crate::hub::Hub;
use crate::sms::desk::Provider;
use crate::world::World;
use crate::world::message::Content;
use crate::world::person::Person;

const OPT_OUT_WORDS: [&str; 5] = ["R", "T", "TD", "退订", "拒收"];

pub(crate) struct Answered {
    pub provider: &'static str,
    pub blacklisted: bool,
}

/// Answers whoever sent this phone its last text.
pub(crate) fn take(hub: &Hub, world: &World, person: &Person, text: &str) -> Result<Answered, &'static str> {
    let last = person.own().messages.iter().rev().find_map(|message| match &message.content {
        Content::Sms(sms) => Some((sms.provider, sms.sign.to_string())),
        _ => None,
    });
    let (name, sign) = last.ok_or("the person has no text message to answer")?;
    let provider = if name == Provider::Tencent.name() { Provider::Tencent } else { Provider::Aliyun };
    let word = text.trim().replace('Ｒ', "R").to_uppercase();
    let blacklisted = OPT_OUT_WORDS.contains(&word.as_str());
    if blacklisted {
        world.sms.blacklist(provider, &person.phone);
    }
    hub.deliver(world, person, Content::SmsReply(text.into()));
    let now = hub.now();
    let body = match provider {
        Provider::Tencent => json!({
            "extend": "", "mobile": *person.phone, "nationcode": "86", "sign": sign, "text": text,
            "time": now.timestamp(),
        }),
        Provider::Aliyun => json!([{
            "phone_number": *person.phone, "send_time": beijing_text(now), "content": text, "sign_name": sign,
            "dest_code": "10690000", "sequence_id": now.timestamp_micros(),
        }]),
    };
    if let Some(push) = world.sms.reply_push(provider, &body, now) {
        hub.pushes.push(push);
    }
    Ok(Answered { provider: name, blacklisted })
}
