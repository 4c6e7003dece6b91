//! One person, one member: who may be the same person, merging them by hand, and how members were merged.

use std::collections::BTreeMap;

use actix_web::web::{self, Data};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::ids::MemberId;
use service::member::merge::{self, Duplicate, Likeness, MergeMembers, MergeRow};
use service::{Context, Error};
use utoipa::ToSchema;
use uuid::Uuid;

use super::console_members::MemberView;
use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

/// A member, and those who may be the same person.
#[derive(Serialize, ToSchema)]
pub struct DuplicateView {
    member: MemberView,
    others: Vec<LikenessView>,
}

#[derive(Serialize, ToSchema)]
pub struct LikenessView {
    member: MemberView,
    /// `same_name_and_birthday`; `phone_proven`: signed in as one of them, somebody proved the other's phone, and something spoke against it.
    evidence: Vec<String>,
}

impl DuplicateView {
    fn of(ctx: &Context, duplicate: &Duplicate) -> Result<Self, Problem> {
        let other = |other: &Likeness| {
            Ok(LikenessView { member: MemberView::of(ctx, &other.member)?, evidence: other.evidence.clone() })
        };
        Ok(Self {
            member: MemberView::of(ctx, &duplicate.member)?,
            others: duplicate.others.iter().map(other).collect::<Result<_, Problem>>()?,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// Who is the same person.
    #[schema(value_type = String, format = Uuid)]
    other_id: MemberId,
    /// How it is known; it is kept.
    reason: String,
}

/// One merge: whose record went into whose, why, by whom, and what moved.
#[derive(Serialize, ToSchema)]
pub struct MergeView {
    from_id: MemberId,
    into_id: MemberId,
    /// `phone_proven`, `account_proven` or `staff`.
    cause: String,
    /// `member`, `staff` or `system`.
    actor_kind: String,
    actor_id: Option<Uuid>,
    reason: Option<String>,
    /// Rows that went over, by table.
    moved: BTreeMap<String, u64>,
    created_at: DateTime<Utc>,
}

impl MergeView {
    fn of(row: MergeRow) -> Result<Self, Problem> {
        let moved = serde_json::from_value(row.moved).map_err(Error::internal)?;
        Ok(Self {
            from_id: row.from_id,
            into_id: row.into_id,
            cause: row.cause,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            reason: row.reason,
            moved,
            created_at: row.created_at,
        })
    }
}

/// Members who may be one person, with what speaks for it, oldest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<DuplicateView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members/duplicates")]
pub async fn list_duplicates(
    ctx: Data<Context>,
    caller: StaffSession<permission::MergeMembers>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<DuplicateView>>, Problem> {
    let page = merge::list_duplicates(&ctx, &caller.0, &page.0.into()).await?;
    let items = page.items.iter().map(|duplicate| DuplicateView::of(&ctx, duplicate));
    let items = items.collect::<Result<_, _>>()?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}

/// Makes two members one. The answer is the one who stays, which is who enrolled first; the other id goes on answering as that one.
/// It can't be taken back.
#[utoipa::path(
    tag = "console",
    request_body = MergeBody,
    responses((status = 200, body = MemberView)),
    security(("staff" = []))
)]
#[post("/v1/console/members/{id}/merges")]
pub async fn merge_members(
    ctx: Data<Context>,
    caller: StaffSession<permission::MergeMembers>,
    id: Segments<MemberId>,
    body: Json<MergeBody>,
) -> Result<web::Json<MemberView>, Problem> {
    let Json(MergeBody { other_id, reason }) = body;
    let command = MergeMembers { member_id: id.0, other_id, reason };
    let member = merge::merge_members(&ctx, &caller.0, command).await?;
    Ok(web::Json(MemberView::of(&ctx, &member)?))
}

/// How the member came to be of several records.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<MergeView>)),
    security(("staff" = []))
)]
#[get("/v1/console/members/{id}/merges")]
pub async fn list_merges(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<MergeView>>, Problem> {
    let page = merge::list_merges(&ctx, &caller.0, id.0, &page.0.into()).await?;
    let items = page.items.into_iter().map(MergeView::of).collect::<Result<_, _>>()?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}
