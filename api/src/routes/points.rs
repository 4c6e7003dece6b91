//! A member's points: the balance and the ledger, and what earns points without a purchase.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{PointsEntryId, PointsLotId};
use service::points::{self, Balance, CheckIn, Invitation, StatementLine};
use service::states::{InvitationState, PointsKind};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::input::{Json, Query};
use crate::page::PageQuery;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct PointsView {
    /// What can be spent now; below zero where a refund took back points that were spent already.
    pub balance: i64,
    /// Points of purchases that can still be returned.
    pub pending: i64,
    /// When pending points become available.
    pub pending_until: Vec<PointsAtView>,
    /// What will be gone when, the soonest first.
    pub expiring: Vec<PointsAtView>,
    /// What the balance is worth, in fen.
    pub worth_fen: i64,
    /// The ledger, the latest first.
    pub items: Vec<PointsEntryView>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct PointsAtView {
    pub at: DateTime<Utc>,
    pub points: i64,
}

#[derive(Serialize, ToSchema)]
pub struct PointsEntryView {
    pub id: PointsEntryId,
    pub kind: PointsKind,
    /// Its effect on the balance.
    pub points: i64,
    /// Its effect on the pending points.
    pub pending: i64,
    pub balance_after: i64,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
    /// The lots that it moved.
    pub lots: Vec<LotMoveView>,
}

#[derive(Serialize, ToSchema)]
pub struct LotMoveView {
    pub lot_id: PointsLotId,
    /// What the lot came from.
    pub kind: PointsKind,
    pub points: i64,
    pub expires_at: Option<DateTime<Utc>>,
}

impl PointsView {
    pub fn of(balance: Balance, statement: service::page::Page<StatementLine>) -> Self {
        let at = |(at, points)| PointsAtView { at, points };
        Self {
            balance: balance.balance,
            pending: balance.pending,
            pending_until: balance.pending_until.into_iter().map(at).collect(),
            expiring: balance.expiring.into_iter().map(at).collect(),
            worth_fen: balance.worth_fen,
            items: statement.items.into_iter().map(PointsEntryView::from).collect(),
            next_cursor: statement.next_cursor,
        }
    }
}

impl From<StatementLine> for PointsEntryView {
    fn from(line: StatementLine) -> Self {
        let lot = |one: points::LotMove| LotMoveView {
            lot_id: one.lot_id,
            kind: one.kind,
            points: one.points,
            expires_at: one.expires_at,
        };
        Self {
            id: line.entry.id,
            kind: line.entry.kind,
            points: line.entry.points,
            pending: line.entry.pending,
            balance_after: line.entry.balance_after,
            reason: line.entry.reason,
            at: line.entry.created_at,
            lots: line.moves.into_iter().map(lot).collect(),
        }
    }
}

/// The member's points: balance, pending, what expires when, and the ledger by lot.
#[utoipa::path(
    tag = "member",
    params(PageQuery),
    responses((status = 200, body = PointsView)),
    security(("member" = [])),
)]
#[get("/v1/me/points")]
pub async fn list_my_points(
    ctx: Data<Context>,
    caller: MemberSession,
    query: Query<PageQuery>,
) -> Result<web::Json<PointsView>, Problem> {
    let (db, id) = (ctx.db.read(), caller.0.member.id);
    let statement = points::statement_of(db, id, &query.0.into()).await?;
    Ok(web::Json(PointsView::of(points::balance_of(&ctx, db, id).await?, statement)))
}

#[derive(Serialize, ToSchema)]
pub struct CheckInView {
    /// The day in the brand's zone.
    pub day: NaiveDate,
    /// Days in a row.
    pub streak: i32,
    /// What it gave.
    pub points: i64,
}

impl From<CheckIn> for CheckInView {
    fn from(row: CheckIn) -> Self {
        Self { day: row.day, streak: row.streak, points: row.points }
    }
}

/// Checks in for today. A second tap of the day gets the same answer and nothing more.
#[utoipa::path(tag = "member", responses((status = 201, body = CheckInView)), security(("member" = [])))]
#[post("/v1/me/check-ins")]
pub async fn check_in(ctx: Data<Context>, caller: MemberSession) -> Result<HttpResponse, Problem> {
    let row = points::check_in(&ctx, caller.0.member.id).await?;
    Ok(HttpResponse::Created().json(CheckInView::from(row)))
}

#[derive(Serialize, ToSchema)]
pub struct LastCheckInView {
    /// Null: never.
    pub last: Option<CheckInView>,
}

/// The member's last check-in.
#[utoipa::path(tag = "member", responses((status = 200, body = LastCheckInView)), security(("member" = [])))]
#[get("/v1/me/check-ins")]
pub async fn get_check_in(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<LastCheckInView>, Problem> {
    let last = points::last_check_in(&ctx, caller.0.member.id).await?;
    Ok(web::Json(LastCheckInView { last: last.map(CheckInView::from) }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    /// Of the member who invited the caller.
    #[schema(min_length = 1, max_length = 32)]
    pub card_number: String,
}

#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    pub state: InvitationState,
    /// `void`: `limit` (the inviter has had as many rewards as allowed) or `inviter` (the inviter is no active member).
    pub reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub rewarded_at: Option<DateTime<Utc>>,
}

impl From<Invitation> for InvitationView {
    fn from(row: Invitation) -> Self {
        Self {
            state: row.state,
            reason: row.reason,
            created_at: row.created_at,
            rewarded_at: row.rewarded_at,
        }
    }
}

/// A new member names who invited them; the reward follows what they really do.
#[utoipa::path(
    tag = "member",
    request_body = InvitationBody,
    responses((status = 201, body = InvitationView)),
    security(("member" = [])),
)]
#[post("/v1/me/invitation")]
pub async fn accept_invitation(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<InvitationBody>,
) -> Result<HttpResponse, Problem> {
    let row = points::accept_invitation(&ctx, caller.0.member.id, &body.0.card_number).await?;
    Ok(HttpResponse::Created().json(InvitationView::from(row)))
}

#[derive(Serialize, ToSchema)]
pub struct InvitationsView {
    pub items: Vec<InvitationView>,
}

/// Those whom the member brought, the latest 100, without names.
#[utoipa::path(tag = "member", responses((status = 200, body = InvitationsView)), security(("member" = [])))]
#[get("/v1/me/invitations")]
pub async fn list_invitations(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<InvitationsView>, Problem> {
    let rows = points::list_invitations(&ctx, caller.0.member.id).await?;
    Ok(web::Json(InvitationsView { items: rows.into_iter().map(InvitationView::from).collect() }))
}

#[derive(Serialize, ToSchema)]
pub struct GivenPointsView {
    /// 0 where it gave nothing more.
    pub points: i64,
}

/// Reports a share. Off unless the brand has turned it on against the platform's rule.
#[utoipa::path(tag = "member", responses((status = 201, body = GivenPointsView)), security(("member" = [])))]
#[post("/v1/me/shares")]
pub async fn report_share(ctx: Data<Context>, caller: MemberSession) -> Result<HttpResponse, Problem> {
    let points = points::report_share(&ctx, caller.0.member.id).await?;
    Ok(HttpResponse::Created().json(GivenPointsView { points }))
}
