//! The console's tiers: the ladder, how it counts, the planner, and one member's tier.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{CouponTemplateId, MemberId, TierChangeId, TierId};
use service::states::TierMove;
use service::tier::{self, HeldTier, Plan, PlannedTier, Right, SetTier, TierChange, TierForm, TierPolicy};
use utoipa::ToSchema;

use super::tiers::{MyTierView, RightUseView, TierView};
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct LadderView {
    /// From the lowest to the highest.
    pub items: Vec<HeldTierView>,
}

#[derive(Serialize, ToSchema)]
pub struct HeldTierView {
    pub tier: TierView,
    /// Who hold it; the lowest has everybody who holds no other.
    pub members: i64,
}

impl From<Vec<HeldTier>> for LadderView {
    fn from(ladder: Vec<HeldTier>) -> Self {
        let view = |one: HeldTier| HeldTierView { tier: one.tier.into(), members: one.members };
        Self { items: ladder.into_iter().map(view).collect() }
    }
}

/// From the lowest to the highest; the first asks for nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LadderBody {
    #[schema(min_items = 1, max_items = 20)]
    pub tiers: Vec<TierBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierBody {
    /// Absent: a new one.
    pub id: Option<TierId>,
    #[schema(min_length = 1, max_length = 20)]
    pub name: String,
    /// Settled spend that earns it.
    #[schema(minimum = 1)]
    pub spend_fen: Option<i64>,
    /// Settled purchases that earn it.
    #[schema(minimum = 1)]
    pub visits: Option<i64>,
    /// Of the normal points; 100 unless told.
    #[serde(default = "normal")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub points_percent: i32,
    /// Of the normal points, in the month of the birthday; 100 unless told.
    #[serde(default = "normal")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub birthday_percent: i32,
    /// Published templates, given on reaching it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub coupon_template_ids: Vec<CouponTemplateId>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub rights: Vec<Right>,
}

fn normal() -> i32 {
    100
}

impl From<TierBody> for TierForm {
    fn from(body: TierBody) -> Self {
        Self {
            id: body.id,
            name: body.name,
            spend_fen: body.spend_fen,
            visits: body.visits,
            points_percent: body.points_percent,
            birthday_percent: body.birthday_percent,
            coupon_template_ids: body.coupon_template_ids,
            rights: body.rights,
        }
    }
}

/// The ladder, with who holds what.
#[utoipa::path(tag = "tiers", responses((status = 200, body = LadderView)), security(("staff" = [])))]
#[get("/v1/console/tiers")]
pub async fn list_tiers(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
) -> Result<web::Json<LadderView>, Problem> {
    Ok(web::Json(tier::list_tiers(&ctx, &staff.0).await?.into()))
}

/// Replaces the ladder. A tier that is left out must be without members.
#[utoipa::path(
    tag = "tiers",
    request_body = LadderBody,
    responses((status = 200, body = LadderView)),
    security(("staff" = [])),
)]
#[put("/v1/console/tiers")]
pub async fn save_tiers(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteSettings>,
    body: Json<LadderBody>,
) -> Result<web::Json<LadderView>, Problem> {
    let forms = body.0.tiers.into_iter().map(TierForm::from).collect();
    Ok(web::Json(tier::save_tiers(&ctx, &staff.0, forms).await?.into()))
}

/// How tiers are counted and checked.
#[utoipa::path(tag = "tiers", responses((status = 200, body = TierPolicy)), security(("staff" = [])))]
#[get("/v1/console/tiers/policy")]
pub async fn get_tier_policy(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadSettings>,
) -> Result<web::Json<TierPolicy>, Problem> {
    Ok(web::Json(tier::read_policy(&ctx, &staff.0).await?))
}

/// Replaces it; holds from the next purchase and the next check on. What is absent gets its default.
#[utoipa::path(
    tag = "tiers",
    request_body = TierPolicy,
    responses((status = 200, body = TierPolicy)),
    security(("staff" = [])),
)]
#[put("/v1/console/tiers/policy")]
pub async fn save_tier_policy(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteSettings>,
    body: Json<TierPolicy>,
) -> Result<web::Json<TierPolicy>, Problem> {
    Ok(web::Json(tier::save_policy(&ctx, &staff.0, body.0).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// From the lowest to the highest; absent: the ladder as it is.
    #[schema(min_items = 1, max_items = 20)]
    pub tiers: Option<Vec<PlannedTierBody>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedTierBody {
    pub name: String,
    #[schema(minimum = 1)]
    pub spend_fen: Option<i64>,
    #[schema(minimum = 1)]
    pub visits: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct PlanView {
    /// All active members.
    pub members: i64,
    pub tiers: Vec<PlannedTierView>,
    /// From the tier that members have now to the one that they would have; who would stay is among them.
    pub moves: Vec<PlannedMoveView>,
    /// The highest tier would hold more of the members than `top_quota_percent`.
    pub top_above_quota: bool,
    pub top_quota_percent: u32,
}

#[derive(Serialize, ToSchema)]
pub struct PlannedTierView {
    pub name: String,
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
    pub members: i64,
    /// Of all members, in hundredths of a percent.
    pub share_per_10000: i64,
}

#[derive(Serialize, ToSchema)]
pub struct PlannedMoveView {
    /// Null: there is no ladder yet.
    pub from: Option<String>,
    pub to: String,
    pub members: i64,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let share = |one: tier::PlannedShare| PlannedTierView {
            name: one.tier.name,
            spend_fen: one.tier.spend_fen,
            visits: one.tier.visits,
            members: one.members,
            share_per_10000: one.share_per_10000,
        };
        let one_move =
            |one: tier::PlannedMove| PlannedMoveView { from: one.from, to: one.to, members: one.members };
        Self {
            members: plan.members,
            tiers: plan.tiers.into_iter().map(share).collect(),
            moves: plan.moves.into_iter().map(one_move).collect(),
            top_above_quota: plan.top_above_quota,
            top_quota_percent: plan.top_quota_percent,
        }
    }
}

/// For a set of thresholds: how many members each tier would have now, and who would move. Changes nothing.
#[utoipa::path(
    tag = "tiers",
    request_body = PlanBody,
    responses((status = 200, body = PlanView)),
    security(("staff" = [])),
)]
#[post("/v1/console/tiers/plan")]
pub async fn plan_tiers(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    body: Json<PlanBody>,
) -> Result<web::Json<PlanView>, Problem> {
    let planned =
        |one: PlannedTierBody| PlannedTier { name: one.name, spend_fen: one.spend_fen, visits: one.visits };
    let tiers = body.0.tiers.map(|tiers| tiers.into_iter().map(planned).collect());
    Ok(web::Json(tier::plan_tiers(&ctx, &staff.0, tiers).await?.into()))
}

/// A member's tier with its progress, as the member sees it.
#[utoipa::path(tag = "tiers", responses((status = 200, body = MyTierView)), security(("staff" = [])))]
#[get("/v1/console/members/{id}/tier")]
pub async fn get_member_tier(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<MyTierView>, Problem> {
    service::member::get_member(&ctx, &staff.0, id.0).await?;
    Ok(web::Json(MyTierView::read(&ctx, id.0).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTierBody {
    pub tier_id: TierId,
    /// Until then no purchase and no check moves it; absent: they may at once.
    pub frozen_until: Option<DateTime<Utc>>,
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct TierChangeView {
    pub id: TierChangeId,
    pub from_tier_id: Option<TierId>,
    pub to_tier_id: TierId,
    pub kind: TierMove,
    pub note: Option<String>,
    pub actor_kind: String,
    pub at: DateTime<Utc>,
}

impl From<TierChange> for TierChangeView {
    fn from(row: TierChange) -> Self {
        Self {
            id: row.id,
            from_tier_id: row.from_tier_id,
            to_tier_id: row.to_tier_id,
            kind: row.kind,
            note: row.note,
            actor_kind: row.actor_kind,
            at: row.created_at,
        }
    }
}

/// Gives a member a tier by hand.
#[utoipa::path(
    tag = "tiers",
    request_body = SetTierBody,
    responses((status = 201, body = TierChangeView)),
    security(("staff" = [])),
)]
#[post("/v1/console/members/{id}/tier")]
pub async fn set_member_tier(
    ctx: Data<Context>,
    staff: StaffSession<permission::WriteMembers>,
    id: Segments<MemberId>,
    body: Json<SetTierBody>,
) -> Result<HttpResponse, Problem> {
    let SetTierBody { tier_id, frozen_until, reason } = body.0;
    let command = SetTier { member_id: id.0, tier_id, frozen_until, reason };
    let change = tier::set_tier(&ctx, &staff.0, command).await?;
    Ok(HttpResponse::Created().json(TierChangeView::from(change)))
}

/// A member's moves from tier to tier, the latest first.
#[utoipa::path(
    tag = "tiers",
    params(PageQuery),
    responses((status = 200, body = PageView<TierChangeView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/members/{id}/tier-changes")]
pub async fn list_tier_changes(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<TierChangeView>>, Problem> {
    let page = tier::list_changes(&ctx, &staff.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, TierChangeView::from)))
}

/// The rights that a member used, the latest first.
#[utoipa::path(
    tag = "tiers",
    params(PageQuery),
    responses((status = 200, body = PageView<RightUseView>)),
    security(("staff" = [])),
)]
#[get("/v1/console/members/{id}/right-uses")]
pub async fn list_right_uses(
    ctx: Data<Context>,
    staff: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    query: Query<PageQuery>,
) -> Result<web::Json<PageView<RightUseView>>, Problem> {
    let page = tier::list_right_uses(&ctx, &staff.0, id.0, &query.0.into()).await?;
    Ok(web::Json(PageView::of(page, RightUseView::from)))
}
