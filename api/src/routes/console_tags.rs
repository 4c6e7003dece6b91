//! Tags in the console, and on members.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, post, put};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::audience::Rule;
use service::ids::{MemberId, TagId};
use service::tag::{self, CarriedTag, SetTagRule, TagRuleRow};
use service::{Context, member};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct TagView {
    pub id: TagId,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub struct CountedTagView {
    id: TagId,
    name: String,
    /// How many members carry it.
    members: i64,
    /// By which members get it; null for one that is put on by hand alone.
    rule: Option<TagRuleView>,
}

/// A tag on a member.
#[derive(Serialize, ToSchema)]
pub struct CarriedTagView {
    id: TagId,
    name: String,
    /// `staff`, `rule`, `import`.
    source: String,
    reason: Option<String>,
    since: DateTime<Utc>,
}

impl CarriedTagView {
    pub fn of(one: CarriedTag) -> Self {
        Self {
            id: one.tag.id,
            name: one.tag.name,
            source: one.carried.source,
            reason: one.carried.reason,
            since: one.carried.created_at,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagRuleBody {
    rule: Rule,
    /// Why who fits carries the tag, e.g. 近 90 天消费 5 次以上.
    #[schema(max_length = 100)]
    reason: String,
}

/// Who fits gets the tag, who fits no longer loses it; looked at every hour.
#[derive(Serialize, ToSchema)]
pub struct TagRuleView {
    #[schema(value_type = Rule)]
    rule: serde_json::Value,
    reason: String,
    /// When the last pass over all members ended; null before the first one has.
    computed_at: Option<DateTime<Utc>>,
}

impl TagRuleView {
    fn of(row: TagRuleRow) -> Self {
        Self { rule: row.rule, reason: row.reason, computed_at: row.pass_ended_at }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTag {
    name: String,
}

/// Tags with the number of members that carry each, oldest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<CountedTagView>)),
    security(("staff" = []))
)]
#[get("/v1/console/tags")]
pub async fn list_tags(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<CountedTagView>>, Problem> {
    let page = tag::list_tags(&ctx, &caller.0, &page.0.into()).await?;
    Ok(web::Json(PageView::of(page, |counted| CountedTagView {
        id: counted.tag.id,
        name: counted.tag.name,
        members: counted.members,
        rule: counted.rule.map(TagRuleView::of),
    })))
}

/// Makes a tag.
#[utoipa::path(
    tag = "console",
    request_body = NewTag,
    responses((status = 201, body = TagView)),
    security(("staff" = []))
)]
#[post("/v1/console/tags")]
pub async fn create_tag(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    body: Json<NewTag>,
) -> Result<HttpResponse, Problem> {
    let tag = tag::create_tag(&ctx, &caller.0, &body.0.name).await?;
    Ok(HttpResponse::Created().json(TagView { id: tag.id, name: tag.name }))
}

/// Gives a tag a rule, or another one; members get and lose it from now on.
#[utoipa::path(
    tag = "console",
    request_body = TagRuleBody,
    responses((status = 200, body = TagRuleView)),
    security(("staff" = []))
)]
#[put("/v1/console/tags/{id}/rule")]
pub async fn set_tag_rule(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<TagId>,
    body: Json<TagRuleBody>,
) -> Result<web::Json<TagRuleView>, Problem> {
    let Json(TagRuleBody { rule, reason }) = body;
    let row = tag::set_tag_rule(&ctx, &caller.0, id.0, SetTagRule { rule, reason }).await?;
    Ok(web::Json(TagRuleView::of(row)))
}

/// Takes a tag's rule away, and the tag off those who carry it by the rule.
#[utoipa::path(
    tag = "console",
    responses((status = 204, description = "The tag has no rule.")),
    security(("staff" = []))
)]
#[delete("/v1/console/tags/{id}/rule")]
pub async fn clear_tag_rule(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<TagId>,
) -> Result<HttpResponse, Problem> {
    tag::clear_tag_rule(&ctx, &caller.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts a tag on a member.
#[utoipa::path(
    tag = "console",
    responses((status = 204, description = "The member carries the tag.")),
    security(("staff" = []))
)]
#[put("/v1/console/members/{id}/tags/{tag_id}")]
pub async fn tag_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    ids: Segments<(MemberId, TagId)>,
) -> Result<HttpResponse, Problem> {
    let (member_id, tag_id) = ids.0;
    member::tag_member(&ctx, &caller.0, member_id, tag_id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a tag off a member.
#[utoipa::path(
    tag = "console",
    responses((status = 204, description = "The member does not carry the tag.")),
    security(("staff" = []))
)]
#[delete("/v1/console/members/{id}/tags/{tag_id}")]
pub async fn untag_member(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    ids: Segments<(MemberId, TagId)>,
) -> Result<HttpResponse, Problem> {
    let (member_id, tag_id) = ids.0;
    member::untag_member(&ctx, &caller.0, member_id, tag_id).await?;
    Ok(HttpResponse::NoContent().finish())
}
