//! Tags in the console, and on members.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use service::ids::{MemberId, TagId};
use service::{Context, member, tag};
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
