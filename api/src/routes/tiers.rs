//! A member's tier with its progress, and the use of its rights at the till.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CouponTemplateId, MemberId, RightUseId, ScanId, StoreId, TierId};
use service::tier::rules::Sum;
use service::tier::{self, Counts, Need, Per, Progress, Right, RightLeft, RightUse, Tier, UseRight};
use utoipa::ToSchema;

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::Json;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct TierView {
    pub id: TierId,
    /// 0 is the lowest.
    pub rank: i32,
    pub name: String,
    /// What it asks for; null: nothing of the kind.
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
    /// Of the normal points.
    pub points_percent: i32,
    /// Of the normal points, in the month of the birthday.
    pub birthday_percent: i32,
    /// Given on reaching it.
    pub coupon_template_ids: Vec<CouponTemplateId>,
    pub rights: Vec<Right>,
}

impl From<Tier> for TierView {
    fn from(row: Tier) -> Self {
        Self {
            coupon_template_ids: tier::coupon_templates(&row).unwrap_or_default(),
            rights: tier::rights(&row).unwrap_or_default(),
            id: row.id,
            rank: row.rank,
            name: row.name,
            spend_fen: row.spend_fen,
            visits: row.visits,
            points_percent: row.points_percent,
            birthday_percent: row.birthday_percent,
        }
    }
}

/// Null throughout where the brand has no tiers.
#[derive(Serialize, ToSchema)]
pub struct MyTierView {
    pub tier: Option<TierView>,
    pub progress: Option<TierProgressView>,
    pub rights: Vec<RightLeftView>,
}

#[derive(Serialize, ToSchema)]
pub struct TierProgressView {
    /// Null: since the beginning.
    pub since: Option<DateTime<Utc>>,
    /// Given by hand and kept until then.
    pub frozen_until: Option<DateTime<Utc>>,
    /// Not earned any more: it ends then unless it is earned again.
    pub ends_at: Option<DateTime<Utc>>,
    /// Which of the three numbers counts.
    pub counts: Counts,
    /// Where a tier asks for spend and visits: whether either is enough.
    pub need: Need,
    pub lifetime: SumView,
    pub window: SumView,
    pub since_change: SumView,
    pub window_from: DateTime<Utc>,
    /// Null on the highest tier.
    pub rise: Option<RiseView>,
    /// Null on the lowest tier, and while it is kept by hand.
    pub stay: Option<StayView>,
}

/// Purchases whose return period is over, refunds netted.
#[derive(Serialize, ToSchema)]
pub struct SumView {
    pub spend_fen: i64,
    pub visits: i64,
}

impl From<Sum> for SumView {
    fn from(sum: Sum) -> Self {
        Self { spend_fen: sum.fen, visits: sum.visits }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RiseView {
    pub tier: TierView,
    pub missing_fen: Option<i64>,
    pub missing_visits: Option<i64>,
    /// Until then as much is missing; then the oldest purchase that counts leaves the window.
    pub by: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct StayView {
    pub missing_fen: Option<i64>,
    pub missing_visits: Option<i64>,
    /// What is bought until then is settled when the next check looks.
    pub by: DateTime<Utc>,
    pub check_at: DateTime<Utc>,
    /// Checks below after which the tier ends.
    pub misses_left: i32,
}

#[derive(Serialize, ToSchema)]
pub struct RightLeftView {
    pub code: String,
    pub name: String,
    pub per: Per,
    pub quota: Option<i32>,
    /// Null: without a limit.
    pub left: Option<i32>,
}

impl From<RightLeft> for RightLeftView {
    fn from(one: RightLeft) -> Self {
        let Right { code, name, quota, per } = one.right;
        Self { code, name, per, quota, left: one.left }
    }
}

impl MyTierView {
    pub async fn read(ctx: &Context, id: MemberId) -> Result<Self, Problem> {
        let db = ctx.db.read();
        let rights = tier::rights_of(ctx, db, id).await?;
        let progress = tier::progress_of(ctx, db, id).await?;
        Ok(Self {
            tier: progress.as_ref().map(|progress| progress.tier.clone().into()),
            progress: progress.map(TierProgressView::from),
            rights: rights.into_iter().map(RightLeftView::from).collect(),
        })
    }
}

impl From<Progress> for TierProgressView {
    fn from(progress: Progress) -> Self {
        let standing = progress.standing.as_ref();
        Self {
            since: standing.map(|row| row.since),
            frozen_until: standing.and_then(|row| row.frozen_until),
            ends_at: standing.and_then(|row| row.ends_at),
            counts: progress.policy.counts,
            need: progress.policy.need,
            lifetime: progress.numbers.lifetime.into(),
            window: progress.numbers.window.into(),
            since_change: progress.numbers.since_change.into(),
            window_from: progress.window_from,
            rise: progress.rise.map(|rise| RiseView {
                tier: rise.tier.into(),
                missing_fen: rise.missing_fen,
                missing_visits: rise.missing_visits,
                by: rise.by,
            }),
            stay: progress.stay.map(|stay| StayView {
                missing_fen: stay.missing_fen,
                missing_visits: stay.missing_visits,
                by: stay.by,
                check_at: stay.check_at,
                misses_left: stay.misses_left,
            }),
        }
    }
}

/// The member's tier: what it gives, what is missing to rise and to stay, and by when.
#[utoipa::path(tag = "member", responses((status = 200, body = MyTierView)), security(("member" = [])))]
#[get("/v1/me/tier")]
pub async fn get_my_tier(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<MyTierView>, Problem> {
    Ok(web::Json(MyTierView::read(&ctx, caller.0.member.id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RightUseBody {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    #[schema(min_length = 1, max_length = 40)]
    pub right_code: String,
    /// The till's own number of this request: with the same one a repeated request is answered and not done again.
    #[schema(min_length = 1, max_length = 64)]
    pub request_no: String,
}

#[derive(Serialize, ToSchema)]
pub struct RightUseView {
    pub id: RightUseId,
    pub member_id: MemberId,
    pub tier_id: TierId,
    pub right_code: String,
    pub period: String,
    /// Which use of the period it is.
    pub seq: i32,
    pub store_id: StoreId,
    pub used_at: DateTime<Utc>,
}

impl From<RightUse> for RightUseView {
    fn from(row: RightUse) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            tier_id: row.tier_id,
            right_code: row.right_code,
            period: row.period,
            seq: row.seq,
            store_id: row.store_id,
            used_at: row.used_at,
        }
    }
}

/// The scanned member uses a right of their tier.
#[utoipa::path(
    tag = "till",
    request_body = RightUseBody,
    responses((status = 201, body = RightUseView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/right-uses")]
pub async fn use_right(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<RightUseBody>,
) -> Result<HttpResponse, Problem> {
    let RightUseBody { store_id, scan_id, right_code, request_no } = body.0;
    let command = UseRight { store_id, scan_id, right_code, request_no };
    let used = tier::use_right(&ctx, &staff.0, command).await?;
    Ok(HttpResponse::Created().json(RightUseView::from(used)))
}
