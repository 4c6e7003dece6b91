//! The page behind the link of a message: what is stopped, and a button that confirms it. It needs no session, no script and
//! nothing from elsewhere.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use service::consent::StopOffer;
use service::states::Channel;

use crate::problem::Language;

const STYLE: &str = include_str!("style.css");
/// Nothing but the style above is let in; a test holds that the hash is the style's.
const POLICY: &str = "default-src 'none'; style-src 'sha256-0OVDjvPBpQ/ttZee7AucUQUIdOiQhH1+49hc2a2Knvg='; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// What the page says in one language. `{}` stands for the channel or the topic.
struct Words {
    lang: &'static str,
    title: &'static str,
    question: &'static str,
    confirm: &'static str,
    confirm_all: &'static str,
    done: &'static str,
    done_all: &'static str,
    unaffected: &'static str,
    way_back: &'static str,
    unknown: &'static str,
    unknown_why: &'static str,
}

const CHINESE: Words = Words {
    lang: "zh-CN",
    title: "停止接收消息",
    question: "要停止接收「{topic}」{channel}吗？",
    confirm: "停止「{topic}」{channel}",
    confirm_all: "停止全部营销{channel}",
    done: "已停止。您不会再收到「{topic}」{channel}。",
    done_all: "已停止。您不会再收到我们的营销{channel}。",
    unaffected: "验证码和消费通知等服务消息不受影响，会员权益也不变。",
    way_back: "想重新接收时，可在小程序的消息设置里打开。",
    unknown: "这个链接无效",
    unknown_why: "链接可能不完整。请从消息里重新打开，或在小程序的消息设置里停止接收。",
};

const ENGLISH: Words = Words {
    lang: "en",
    title: "Stop messages",
    question: "Stop {channel} about “{topic}”?",
    confirm: "Stop “{topic}” {channel}",
    confirm_all: "Stop all marketing {channel}",
    done: "Stopped. You will get no more {channel} about “{topic}”.",
    done_all: "Stopped. You will get no more marketing {channel} from us.",
    unaffected: "Codes, receipts and other service messages still come, and your membership stays as it is.",
    way_back: "To get them again, turn them on under messages in the mini-program.",
    unknown: "This link is not valid",
    unknown_why: "It may be incomplete. Open it from the message again, or stop messages in the mini-program.",
};

fn words(language: Language) -> &'static Words {
    match language {
        Language::Chinese => &CHINESE,
        Language::English => &ENGLISH,
    }
}

fn channel_name(channel: Channel, language: Language) -> &'static str {
    match (channel, language) {
        (Channel::WechatSubscribe, Language::Chinese) => "微信消息",
        (Channel::Sms, Language::Chinese) => "短信",
        (Channel::Inbox, Language::Chinese) => "站内信",
        (Channel::WechatSubscribe, Language::English) => "WeChat messages",
        (Channel::Sms, Language::English) => "text messages",
        (Channel::Inbox, Language::English) => "in-app messages",
    }
}

/// The one topic that is there from the start has a name; others are shown as the shop wrote them.
fn topic_name(topic: &str, language: Language) -> &str {
    match (topic, language) {
        ("offers", Language::Chinese) => "优惠活动",
        ("offers", Language::English) => "offers",
        (other, _) => other,
    }
}

/// What is asked, or what holds already.
pub fn show(brand: &str, offer: &StopOffer, language: Language) -> HttpResponse {
    let words = words(language);
    let filled = |text: &str| {
        let topic = escape(topic_name(&offer.topic, language));
        text.replace("{channel}", channel_name(offer.channel, language)).replace("{topic}", &topic)
    };
    let mut inner = String::new();
    if offer.channel_stopped {
        inner += &done(&filled(words.done_all));
    } else if offer.topic_stopped {
        inner += &done(&filled(words.done));
    } else {
        inner += &format!("<h1>{}</h1>", filled(words.question));
    }
    inner += &format!("<p class=\"small\">{}</p>", words.unaffected);
    if !offer.channel_stopped {
        inner += "<form method=\"post\">";
        if !offer.topic_stopped {
            inner += &button("topic", "first", &filled(words.confirm));
        }
        inner += &button("channel", "second", &filled(words.confirm_all));
        inner += "</form>";
    }
    inner += &format!("<p class=\"small\">{}</p>", words.way_back);
    page(StatusCode::OK, brand, words, &inner)
}

/// No such message, or nobody's link.
pub fn unknown(brand: &str, language: Language) -> HttpResponse {
    let words = words(language);
    let inner = format!("<h1>{}</h1><p class=\"small\">{}</p>", words.unknown, words.unknown_why);
    page(StatusCode::NOT_FOUND, brand, words, &inner)
}

fn done(text: &str) -> String {
    format!("<h1 role=\"status\"><span class=\"done\" aria-hidden=\"true\">✓ </span>{text}</h1>")
}

fn button(scope: &str, class: &str, text: &str) -> String {
    format!("<button class=\"{class}\" name=\"scope\" value=\"{scope}\">{text}</button>")
}

fn page(status: StatusCode, brand: &str, words: &Words, inner: &str) -> HttpResponse {
    let Words { lang, title, .. } = words;
    let brand = escape(brand);
    let html = format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} · {brand}</title><style>{STYLE}</style></head>\
         <body><main><p class=\"brand\">{brand}</p><section>{inner}</section></main></body></html>"
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", POLICY))
        .insert_header(("content-language", *lang))
        .insert_header(("vary", "accept-language"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("cache-control", "no-store"))
        .body(html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
