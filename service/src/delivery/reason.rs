//! Why a delivery is as it is: one closed list, with words for the console and for the member.

macro_rules! reasons {
    ($($name:ident = $code:literal, $zh:literal, $en:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($name,)+ }

        impl Reason {
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

reasons! {
    Holdout = "holdout", "对照组，不发送", "In the hold-out group.";
    Merged = "merged", "会员已合并，同一活动只发一条", "The member was merged; of one campaign one message is enough.";
    MemberInactive = "member_inactive", "会员已停用或注销", "The membership is disabled or closed.";
    OptedOut = "opted_out", "会员已退订", "The member opted out.";
    PausedByMember = "paused_by_member", "会员暂停接收消息", "The member paused messages.";
    NotPersonalised = "not_personalised", "会员关闭了个性化推荐", "The member turned personalised messages off.";
    NoMarketingConsent = "no_marketing_consent", "会员没有同意接收营销信息", "The member has not agreed to marketing.";
    NoAddress = "no_address", "没有可送达的地址", "There is no address on this channel.";
    NoConsent = "no_consent", "会员没有可用的订阅授权", "The member has no subscription left for this template.";
    OfferEnded = "offer_ended", "优惠已结束", "The offer has ended.";
    QuietHours = "quiet_hours", "免打扰时段", "Quiet hours.";
    FrequencyCap = "frequency_cap", "已达频控上限", "The member has had as many messages as allowed.";
    YieldsToPriority = "yields_to_priority", "让位于优先级更高的活动", "A campaign of higher priority takes the member's last message.";
    Budget = "budget", "已达预算上限", "The budget is used up.";
    ChannelNotConfigured = "channel_not_configured", "渠道未配置", "The channel is not set up.";
    CouponSoldOut = "coupon_sold_out", "随附的券已发完", "The coupon that goes with it is sold out.";
    CouponLimitReached = "coupon_limit_reached", "会员已领满随附的券", "The member holds as many of the coupon as allowed.";
    CouponNotClaimable = "coupon_not_claimable", "随附的券不可发放", "The coupon that goes with it can't be issued.";
    CampaignCancelled = "campaign_cancelled", "活动已取消", "The campaign was cancelled.";
    ContentInvalid = "content_invalid", "消息内容不符合模板规则", "The content breaks the template's rules.";
    PlatformRefused = "platform_refused", "平台拒绝发送", "The platform refused the message.";
    TriesExceeded = "tries_exceeded", "多次尝试后放弃", "Given up after several tries.";
    AnswerNeverHeard = "answer_never_heard", "未收到平台答复，不再重发", "The platform's answer was never heard; it is not sent again.";
    PlatformBusy = "platform_busy", "平台繁忙，稍后再试", "The platform is busy; it will be tried later.";
    PlatformThrottled = "platform_throttled", "平台限流，稍后再试", "The platform throttles; it will be tried later.";
    DeliveryFailed = "delivery_failed", "平台未能送达", "The platform could not deliver it.";
}

impl Reason {
    /// Held back because the member's slots are few.
    pub fn is_about_slots(self) -> bool {
        matches!(self, Self::FrequencyCap | Self::YieldsToPriority)
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}
