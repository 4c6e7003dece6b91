//! What the brand wants to know of its members: defined in the console, filled in by members and staff.

use std::collections::BTreeMap;

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::attribute::{self, AttributeChange, AttributeDraft, AttributeRow, UsedAttribute, Values};
use service::ids::{AttributeId, MemberId};
use service::states::AttributeKind;
use service::{Context, Error};
use utoipa::ToSchema;

use crate::auth::{MemberSession, StaffSession, permission};
use crate::input::{Json, Query, Segments};
use crate::page::{PageQuery, PageView};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct AttributeView {
    id: AttributeId,
    key: String,
    label: String,
    kind: AttributeKind,
    /// Of a choice; empty otherwise.
    choices: Vec<String>,
    editable_by_member: bool,
    /// Asked for and shown no more; its values stay.
    archived: bool,
}

impl AttributeView {
    fn of(row: AttributeRow) -> Result<Self, Problem> {
        Ok(Self {
            id: row.id,
            key: row.key,
            label: row.label,
            kind: row.kind,
            choices: serde_json::from_value(row.choices).map_err(Error::internal)?,
            editable_by_member: row.editable_by_member,
            archived: row.archived_at.is_some(),
        })
    }
}

/// An attribute with how much it is used.
#[derive(Serialize, ToSchema)]
pub struct UsedAttributeView {
    #[serde(flatten)]
    attribute: AttributeView,
    /// How many members have a value of it.
    members: i64,
    /// The names of the segments that ask for it.
    segments: Vec<String>,
}

impl UsedAttributeView {
    fn of(used: UsedAttribute) -> Result<Self, Problem> {
        let UsedAttribute { attribute, members, segments } = used;
        Ok(Self { attribute: AttributeView::of(attribute)?, members, segments })
    }
}

/// An attribute with the member's value.
#[derive(Serialize, ToSchema)]
pub struct AttributeValueView {
    #[serde(flatten)]
    attribute: AttributeView,
    /// A text, a number, a date, true or false; null while there is none.
    value: Value,
}

#[derive(Serialize, ToSchema)]
pub struct AttributeValuesView {
    items: Vec<AttributeValueView>,
}

impl AttributeValuesView {
    fn of(values: Values) -> Result<web::Json<Self>, Problem> {
        let one = |(attribute, value)| {
            Ok::<_, Problem>(AttributeValueView { attribute: AttributeView::of(attribute)?, value })
        };
        Ok(web::Json(Self { items: values.into_iter().map(one).collect::<Result<_, _>>()? }))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttribute {
    /// Letters, digits and - _ . @; segments name it so.
    #[schema(max_length = 40)]
    key: String,
    #[schema(max_length = 40)]
    label: String,
    kind: AttributeKind,
    #[serde(default)]
    #[schema(max_items = 50)]
    choices: Vec<String>,
    #[serde(default)]
    editable_by_member: bool,
}

/// An absent field stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAttribute {
    label: Option<String>,
    /// May only grow.
    choices: Option<Vec<String>>,
    editable_by_member: Option<bool>,
    archived: Option<bool>,
}

/// By key; null clears.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeValues {
    values: BTreeMap<String, Value>,
}

/// The brand's attributes with how much each is used, oldest first.
#[utoipa::path(
    tag = "console",
    params(PageQuery),
    responses((status = 200, body = PageView<UsedAttributeView>)),
    security(("staff" = []))
)]
#[get("/v1/console/attributes")]
pub async fn list_attributes(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    page: Query<PageQuery>,
) -> Result<web::Json<PageView<UsedAttributeView>>, Problem> {
    let page = attribute::list_attributes(&ctx, &caller.0, &page.0.into()).await?;
    let items = page.items.into_iter().map(UsedAttributeView::of).collect::<Result<_, _>>()?;
    Ok(web::Json(PageView { items, next_cursor: page.next_cursor }))
}

/// Defines an attribute; its key and kind stay.
#[utoipa::path(
    tag = "console",
    request_body = NewAttribute,
    responses((status = 201, body = AttributeView)),
    security(("staff" = []))
)]
#[post("/v1/console/attributes")]
pub async fn create_attribute(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    body: Json<NewAttribute>,
) -> Result<HttpResponse, Problem> {
    let Json(NewAttribute { key, label, kind, choices, editable_by_member }) = body;
    let draft = AttributeDraft { key, label, kind, choices, editable_by_member };
    let row = attribute::create_attribute(&ctx, &caller.0, draft).await?;
    Ok(HttpResponse::Created().json(AttributeView::of(row)?))
}

/// Renames an attribute, adds choices, archives it or takes that back.
#[utoipa::path(
    tag = "console",
    request_body = ChangeAttribute,
    responses((status = 200, body = AttributeView)),
    security(("staff" = []))
)]
#[patch("/v1/console/attributes/{id}")]
pub async fn change_attribute(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<AttributeId>,
    body: Json<ChangeAttribute>,
) -> Result<web::Json<AttributeView>, Problem> {
    let Json(ChangeAttribute { label, choices, editable_by_member, archived }) = body;
    let change = AttributeChange { label, choices, editable_by_member, archived };
    let row = attribute::change_attribute(&ctx, &caller.0, id.0, change).await?;
    Ok(web::Json(AttributeView::of(row)?))
}

/// What the brand asks of the member, with the answers so far.
#[utoipa::path(tag = "member", responses((status = 200, body = AttributeValuesView)), security(("member" = [])))]
#[get("/v1/me/attributes")]
pub async fn list_my_attributes(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<AttributeValuesView>, Problem> {
    AttributeValuesView::of(attribute::my_attributes(&ctx, &caller.0).await?)
}

/// Answers, corrects or clears; all of it or nothing.
#[utoipa::path(
    tag = "member",
    request_body = AttributeValues,
    responses((status = 200, body = AttributeValuesView)),
    security(("member" = []))
)]
#[patch("/v1/me/attributes")]
pub async fn change_my_attributes(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<AttributeValues>,
) -> Result<web::Json<AttributeValuesView>, Problem> {
    AttributeValuesView::of(attribute::change_my_attributes(&ctx, &caller.0, body.0.values).await?)
}

/// The attributes with a member's values.
#[utoipa::path(
    tag = "console",
    responses((status = 200, body = AttributeValuesView)),
    security(("staff" = []))
)]
#[get("/v1/console/members/{id}/attributes")]
pub async fn list_member_attributes(
    ctx: Data<Context>,
    caller: StaffSession<permission::ReadMembers>,
    id: Segments<MemberId>,
) -> Result<web::Json<AttributeValuesView>, Problem> {
    AttributeValuesView::of(attribute::member_attributes(&ctx, &caller.0, id.0).await?)
}

/// Fills in a member's values; all of it or nothing.
#[utoipa::path(
    tag = "console",
    request_body = AttributeValues,
    responses((status = 200, body = AttributeValuesView)),
    security(("staff" = []))
)]
#[patch("/v1/console/members/{id}/attributes")]
pub async fn change_member_attributes(
    ctx: Data<Context>,
    caller: StaffSession<permission::WriteMembers>,
    id: Segments<MemberId>,
    body: Json<AttributeValues>,
) -> Result<web::Json<AttributeValuesView>, Problem> {
    let values = attribute::change_member_attributes(&ctx, &caller.0, id.0, body.0.values).await?;
    AttributeValuesView::of(values)
}
