//! The states, as the database and the API spell them: one word list for both.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
            ToSchema,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[sea_orm(string_value = $text)] $variant,)+
        }

        impl $name {
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!("expected one of {}", [$($text),+].join(", "))),
                }
            }
        }
    )+};
}

states! {
    StoreState { Open = "open", Closed = "closed" }
    Gender { Female = "female", Male = "male", Other = "other" }
    MemberState { Active = "active", Disabled = "disabled", Deleted = "deleted", Merged = "merged" }
    IdentityProvider { Phone = "phone", WechatOpenid = "wechat_openid", WechatUnionid = "wechat_unionid", Alipay = "alipay", External = "external" }
    SubjectKind { Member = "member", Staff = "staff" }
    StaffRole { Owner = "owner", Marketer = "marketer", StoreManager = "store_manager", Cashier = "cashier" }
    StaffState { Active = "active", Disabled = "disabled" }
    CouponKind { MoneyOff = "money_off", Percentage = "percentage", Gift = "gift" }
    Validity { Fixed = "fixed", Relative = "relative" }
    CouponTemplateState { Draft = "draft", Published = "published", Withdrawn = "withdrawn" }
    /// issued -> locked -> used -> issued | expired; issued -> expired; issued -> voided
    CouponState { Issued = "issued", Locked = "locked", Used = "used", Expired = "expired", Voided = "voided" }
    Channel { WechatSubscribe = "wechat_subscribe", Sms = "sms", Inbox = "inbox" }
    MessageClass { Marketing = "marketing", Transactional = "transactional" }
    OnCap { Drop = "drop", Defer = "defer", NextChannel = "next_channel" }
    Lane { Urgent = "urgent", Journey = "journey", Campaign = "campaign" }
    DeadLetterState { Open = "open", Replayed = "replayed", Discarded = "discarded" }
    /// draft -> scheduled -> resolving -> sending <-> paused -> completed | cancelled; draft -> recurring <-> paused
    CampaignState { Draft = "draft", Scheduled = "scheduled", Recurring = "recurring", Resolving = "resolving", Sending = "sending", Paused = "paused", Completed = "completed", Cancelled = "cancelled" }
    /// pending -> queued -> sending -> sent -> (delivered | bounced); suppressed, deferred, failed, unknown
    DeliveryState { Pending = "pending", Queued = "queued", Sending = "sending", Sent = "sent", Delivered = "delivered", Bounced = "bounced", Suppressed = "suppressed", Deferred = "deferred", Failed = "failed", Unknown = "unknown" }
    /// What an attribute's value is.
    AttributeKind { Text = "text", Number = "number", Date = "date", Boolean = "boolean", Choice = "choice" }
    /// Below 35, from 35, from 60 years of age.
    AgeBand { Young = "young", MiddleAged = "middle_aged", Senior = "senior" }
    ConsentKind { OneTime = "one_time", LongTerm = "long_term" }
}
