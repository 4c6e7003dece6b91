//! Staff enrol who stands at the till.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use service::Context;
use service::ids::{MemberId, StoreId};
use service::member::{self, EnrolWalkIn, WalkIn};
use utoipa::ToSchema;

use crate::auth::{StaffSession, permission};
use crate::input::Json;
use crate::problem::Problem;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentBody {
    /// Becomes the member's home store.
    pub store_id: StoreId,
    /// A mainland mobile number.
    #[schema(example = "13800138000")]
    pub phone: String,
    #[schema(min_length = 1, max_length = 40)]
    pub name: Option<String>,
    /// The person was shown the privacy notice and agreed: must be true.
    pub agreed: bool,
    /// The person asked for advertising; nothing hangs on it.
    #[serde(default)]
    pub marketing_consent: bool,
}

#[derive(Serialize, ToSchema)]
pub struct EnrolmentView {
    pub member_id: MemberId,
    /// For `POST /v1/staff/purchases`.
    pub card_number: String,
    /// The first character alone.
    pub masked_name: Option<String>,
    pub masked_phone: Option<String>,
    /// False: the phone was a member's already, who stays as they were.
    pub enrolled: bool,
}

/// Enrols a person by the phone number they tell; 200 when it was a member's already. Whoever signs in with that phone is this member.
#[utoipa::path(
    tag = "till",
    request_body = EnrolmentBody,
    responses((status = 201, body = EnrolmentView), (status = 200, body = EnrolmentView)),
    security(("staff" = [])),
)]
#[post("/v1/staff/enrolments")]
pub async fn enrol_walk_in(
    ctx: Data<Context>,
    staff: StaffSession<permission::ServeMembers>,
    body: Json<EnrolmentBody>,
) -> Result<HttpResponse, Problem> {
    let EnrolmentBody { store_id, phone, name, agreed, marketing_consent } = body.0;
    let command = EnrolWalkIn { store_id, phone, name, agreed, marketing_consent };
    let WalkIn { member, enrolled } = member::enrol_walk_in(&ctx, &staff.0, command).await?;
    let mut answer = if enrolled { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.json(EnrolmentView {
        member_id: member.id,
        masked_name: member::masked_name(&member),
        masked_phone: member::masked_phone(&ctx, &member)?,
        card_number: member.card_number,
        enrolled,
    }))
}
