//! Coupons that members hold, as the console looks at them: a member's, and what a code stands for.

use actix_web::get;
use actix_web::web::{self, Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::coupon::{
    self, CodeKind, CouponFilter, FoundCode, FoundCopy, SingleCode, TracedCoupon, TracedMove,
    TracedRedemption,
};
use service::ids::{CouponTemplateId, MemberId, RedemptionId, StoreId};
use service::page::PageRequest;
use service::states::CouponState;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::coupon_view::CouponView;
use super::member_brief::MemberBriefView;
use crate::auth::{StaffSession, permission};
use crate::input::{Query, Segments};
use crate::page::PageView;
use crate::problem::Problem;

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldCouponFilter {
    /// Not used and not past, though perhaps not valid yet, or locked for an order.
    Usable,
    Used,
    /// Past its time, whether or not it is marked yet.
    Expired,
    Voided,
}

impl From<HeldCouponFilter> for CouponFilter {
    fn from(filter: HeldCouponFilter) -> Self {
        match filter {
            HeldCouponFilter::Usable => Self::Usable,
            HeldCouponFilter::Used => Self::Used,
            HeldCouponFilter::Expired => Self::Expired,
            HeldCouponFilter::Voided => Self::Voided,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeldCouponsQuery {
    #[param(inline)]
    state: Option<HeldCouponFilter>,
    /// `next_cursor` of the page before, of the same state; absent for the first page.
    cursor: Option<String>,
    /// Items per page, 50 unless told, at most 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// A copy with where it came from and where it was used.
#[derive(Serialize, ToSchema)]
pub struct HeldCouponView {
    #[serde(flatten)]
    coupon: CouponView,
    /// `claim`, `code`, `pack`, `campaign`, `exchange`, `stamp`, `tier`, `welcome`, `order_gift`, `transfer`.
    source: String,
    /// Of what gave it: the campaign, the pack's claim, the exchange.
    source_id: Option<Uuid>,
    /// The name of the campaign, the pack or the mall item that gave it.
    source_name: Option<String>,
    /// The latest first, those that were taken back too.
    redemptions: Vec<CouponRedemptionView>,
}

#[derive(Serialize, ToSchema)]
pub struct CouponRedemptionView {
    id: RedemptionId,
    store_id: StoreId,
    store: Option<String>,
    staff: Option<String>,
    order_no: Option<String>,
    amount_fen: i64,
    discount_fen: i64,
    redeemed_at: DateTime<Utc>,
    reversed_at: Option<DateTime<Utc>>,
    /// Null where no member of staff took it back, but a refund.
    reversed_by: Option<String>,
    reversal_reason: Option<String>,
}

impl From<TracedCoupon> for HeldCouponView {
    fn from(TracedCoupon { held, giver, redemptions }: TracedCoupon) -> Self {
        Self {
            coupon: CouponView::of(&held),
            source: held.coupon.source,
            source_id: held.coupon.source_id,
            source_name: giver,
            redemptions: redemptions.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<TracedRedemption> for CouponRedemptionView {
    fn from(TracedRedemption { redemption, store, staff, reversed_by }: TracedRedemption) -> Self {
        Self {
            id: redemption.id,
            store_id: redemption.store_id,
            store,
            staff,
            order_no: redemption.order_no,
            amount_fen: redemption.amount_fen,
            discount_fen: redemption.discount_fen,
            redeemed_at: redemption.redeemed_at,
            reversed_at: redemption.reversed_at,
            reversed_by,
            reversal_reason: redemption.reversal_reason,
        }
    }
}

/// A member's coupons, the latest first.
#[utoipa::path(
    tag = "console",
    params(HeldCouponsQuery),
    responses((status = 200, body = PageView<HeldCouponView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members/{id}/coupons")]
pub async fn list_member_coupons(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<HeldCouponsQuery>,
) -> Result<web::Json<PageView<HeldCouponView>>, Problem> {
    let Query(HeldCouponsQuery { state, cursor, limit }) = query;
    let shown = (id.0, state.map(Into::into));
    let page = coupon::list_of_member(&ctx, &caller.0, shown, &PageRequest { cursor, limit }).await?;
    Ok(web::Json(PageView::of(page, HeldCouponView::from)))
}

/// What a code stands for: one of `copy`, `single` and `public` is there.
#[derive(Serialize, ToSchema)]
pub struct FoundCodeView {
    template_id: CouponTemplateId,
    template: String,
    copy: Option<FoundCopyView>,
    single: Option<SingleCodeView>,
    public: Option<PublicCodeView>,
}

/// The code of a copy that somebody holds.
#[derive(Serialize, ToSchema)]
pub struct FoundCopyView {
    coupon: HeldCouponView,
    holder: Option<MemberBriefView>,
    /// Everything that it went through, in that order.
    moves: Vec<CouponMoveView>,
}

#[derive(Serialize, ToSchema)]
pub struct CouponMoveView {
    at: DateTime<Utc>,
    /// Null when it was made.
    from: Option<CouponState>,
    to: CouponState,
    /// A code, or somebody's words.
    reason: Option<String>,
    /// `member`, `staff` or `system`.
    actor: String,
    /// The name of who did it, when it was staff.
    staff: Option<String>,
}

/// A code that is good for one copy, once.
#[derive(Serialize, ToSchema)]
pub struct SingleCodeView {
    /// The name under which it was made with others.
    batch: String,
    created_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    /// Who typed it in.
    member: Option<MemberBriefView>,
    /// The code of the copy that it gave.
    coupon_code: Option<String>,
}

/// A code that every member may type in.
#[derive(Serialize, ToSchema)]
pub struct PublicCodeView {
    /// How many copies it gave.
    claims: u64,
}

impl FoundCodeView {
    fn of(ctx: &Context, FoundCode { offer, code }: FoundCode) -> Result<Self, Problem> {
        let about = Self {
            template_id: offer.template.id,
            template: offer.template.name.clone(),
            copy: None,
            single: None,
            public: None,
        };
        Ok(match code {
            CodeKind::Copy(found) => Self { copy: Some(FoundCopyView::of(ctx, *found)?), ..about },
            CodeKind::Single(single) => Self { single: Some(SingleCodeView::of(ctx, *single)?), ..about },
            CodeKind::Public { claims } => Self { public: Some(PublicCodeView { claims }), ..about },
        })
    }
}

impl SingleCodeView {
    fn of(ctx: &Context, SingleCode { row, member, copy }: SingleCode) -> Result<Self, Problem> {
        Ok(Self {
            batch: row.batch,
            created_at: row.created_at,
            used_at: row.used_at,
            member: member.map(|row| MemberBriefView::of(ctx, row)).transpose()?,
            coupon_code: copy,
        })
    }
}

impl FoundCopyView {
    fn of(ctx: &Context, FoundCopy { traced, holder, moves }: FoundCopy) -> Result<Self, Problem> {
        Ok(Self {
            coupon: traced.into(),
            holder: holder.map(|row| MemberBriefView::of(ctx, row)).transpose()?,
            moves: moves.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<TracedMove> for CouponMoveView {
    fn from(TracedMove { event, staff }: TracedMove) -> Self {
        Self {
            at: event.created_at,
            from: event.from_state,
            to: event.to_state,
            reason: event.reason,
            actor: event.actor_kind,
            staff,
        }
    }
}

/// What a code stands for; spaces, hyphens and case do not count.
#[utoipa::path(tag = "console", responses((status = 200, body = FoundCodeView)), security(("staff" = [])))]
#[get("/v1/console/coupon-codes/{code}")]
pub async fn find_coupon_code(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    code: Segments<String>,
) -> Result<web::Json<FoundCodeView>, Problem> {
    let found = coupon::find_code(&ctx, &caller.0, &code.0).await?;
    Ok(web::Json(FoundCodeView::of(&ctx, found)?))
}
