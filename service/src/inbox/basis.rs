//! What a message to a member rests on, in words for the member. Pure.

use entity::states::{Channel, MessageClass};

macro_rules! bases {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Basis { $($name,)+ }

        impl Basis {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }
        }
    };
}

bases! {
    Service = "service", "这是会员服务通知，与您的会员权益有关", "It is a service message about your membership.";
    Subscription = "subscription", "您在微信里订阅了这类通知", "You subscribed to such messages in WeChat.";
    MarketingConsent = "marketing_consent", "您同意过接收我们的营销短信", "You agreed to our marketing by SMS.";
    Membership = "membership", "您是会员，且没有退订站内的这类消息", "You are a member and have not opted out of such messages.";
    Test = "test", "这是商家的试发消息", "The shop tried a message out.";
}

impl Basis {
    pub fn of(channel: Channel, class: MessageClass) -> Self {
        match (class, channel) {
            (MessageClass::Transactional, _) => Self::Service,
            (_, Channel::WechatSubscribe) => Self::Subscription,
            (_, Channel::Sms) => Self::MarketingConsent,
            (_, Channel::Inbox) => Self::Membership,
        }
    }
}
