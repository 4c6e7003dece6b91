//! Typed ids, all UUIDv7: one type per table, so that a member's id cannot stand where a coupon's belongs.

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$(
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
            ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids!(
    AssociationRunId,
    AttemptId,
    AttributeId,
    AuditEntryId,
    BatchId,
    CallbackEventId,
    CampaignId,
    ConsentEventId,
    ConsentId,
    CouponEventId,
    CouponId,
    CouponPackClaimId,
    CouponPackId,
    CouponTemplateId,
    CouponTransferId,
    DeadLetterId,
    DeliveryId,
    ExchangeId,
    FeedbackId,
    FeedbackReplyId,
    IdentityId,
    InboxMessageId,
    MallItemId,
    MemberEventId,
    MemberId,
    NoticeId,
    OfflineGrantId,
    OfflineRedemptionId,
    OptOutEventId,
    OptOutId,
    OutboxId,
    PasskeyId,
    PointsAdjustmentId,
    PointsCheckId,
    PointsEarningId,
    PointsEntryId,
    PointsLotId,
    PurchaseId,
    PurchaseLineId,
    RedemptionId,
    RefundId,
    RefundLineId,
    RfmRunId,
    RightUseId,
    ScanId,
    SegmentId,
    SessionId,
    SignInEventId,
    StaffId,
    StampCardId,
    StampId,
    StampSheetId,
    StoreId,
    SurveyId,
    TagId,
    TierChangeId,
    TierId,
);
