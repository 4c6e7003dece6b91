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
    /// waiting -> computing -> complete; one whose worker died is computed anew.
    RunState { Waiting = "waiting", Computing = "computing", Complete = "complete" }
    /// What a buyer is worth, by recency, frequency and money above or below the average; who bought once is apart.
    ValueClass { ImportantValue = "important_value", ImportantGrowth = "important_growth", ImportantKeep = "important_keep", ImportantWinBack = "important_win_back", GeneralValue = "general_value", GeneralGrowth = "general_growth", GeneralKeep = "general_keep", GeneralWinBack = "general_win_back", BoughtOnce = "bought_once" }
    /// How long ago a buyer came first and last.
    LifecycleStage { New = "new", Active = "active", Slowing = "slowing", Asleep = "asleep", Lost = "lost" }
    StoreState { Open = "open", Closed = "closed" }
    Gender { Female = "female", Male = "male", Other = "other" }
    MemberState { Active = "active", Disabled = "disabled", Deleted = "deleted", Merged = "merged" }
    IdentityProvider { Phone = "phone", WechatOpenid = "wechat_openid", WechatUnionid = "wechat_unionid", Alipay = "alipay", External = "external" }
    SubjectKind { Member = "member", Staff = "staff" }
    StaffRole { Owner = "owner", Marketer = "marketer", StoreManager = "store_manager", Cashier = "cashier" }
    StaffState { Active = "active", Disabled = "disabled" }
    CouponKind { MoneyOff = "money_off", Percentage = "percentage", Gift = "gift", Exchange = "exchange", FreeDelivery = "free_delivery", Service = "service" }
    /// Where an order is placed.
    SalesChannel { Store = "store", Online = "online" }
    /// What becomes of a used coupon when part of its order is refunded: it stays used; its share is paid out with the refund; or it
    /// stays used and a new copy is given.
    PartialRefund { Keep = "keep", GiveBackShare = "give_back_share", Reissue = "reissue" }
    TransferState { Open = "open", Accepted = "accepted", Cancelled = "cancelled" }
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
    /// What moved points. Each stands in the ledger with the id of what it was.
    PointsKind { Purchase = "purchase", Mature = "mature", Refund = "refund", Spend = "spend", Reversal = "reversal", Grace = "grace", Expiry = "expiry", Adjustment = "adjustment", CheckIn = "check_in", Invite = "invite", Survey = "survey", Sharing = "sharing", Stamp = "stamp", Import = "import", Merge = "merge" }
    /// pending -> open -> closed; a reversed spend opens a closed one again
    LotState { Pending = "pending", Open = "open", Closed = "closed" }
    AdjustmentState { Waiting = "waiting", Done = "done", Rejected = "rejected" }
    /// joined -> rewarded | void
    InvitationState { Joined = "joined", Rewarded = "rewarded", Void = "void" }
    /// draft -> published <-> withdrawn
    PublicationState { Draft = "draft", Published = "published", Withdrawn = "withdrawn" }
    TierMove { Upgrade = "upgrade", Downgrade = "downgrade", Manual = "manual", Import = "import", Merge = "merge" }
    MallKind { Coupon = "coupon", Gift = "gift", Service = "service" }
    /// waiting -> done | cancelled; a coupon is done at once
    ExchangeState { Waiting = "waiting", Done = "done", Cancelled = "cancelled" }
    FeedbackKind { Message = "message", Complaint = "complaint", Suggestion = "suggestion" }
    /// open -> answered -> closed; open -> closed
    FeedbackState { Open = "open", Answered = "answered", Closed = "closed" }
    /// What an attribute's value is.
    AttributeKind { Text = "text", Number = "number", Date = "date", Boolean = "boolean", Choice = "choice" }
    /// Below 35, from 35, from 60 years of age.
    AgeBand { Young = "young", MiddleAged = "middle_aged", Senior = "senior" }
    ConsentKind { OneTime = "one_time", LongTerm = "long_term" }
}
