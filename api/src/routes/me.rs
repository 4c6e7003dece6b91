//! A member's own record: read, correct, take along, delete.

use actix_web::web::{self, Data};
use actix_web::{HttpResponse, delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::identity::{self, PhoneProof};
use service::ids::{MemberId, StoreId};
use service::member::{self, ChangeProfile, MemberRow};
use service::states::{AgeBand, Gender};
use service::{Context, Error};
use utoipa::ToSchema;

use crate::auth::{Client, MemberSession};
use crate::input::{Json, given};
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct MeView {
    id: MemberId,
    card_number: String,
    name: Option<String>,
    gender: Option<Gender>,
    birthday: Option<NaiveDate>,
    /// Masked, e.g. `138****5678`; null while no phone is proven.
    phone: Option<String>,
    /// An IANA zone; null for the shop's.
    zone: Option<String>,
    home_store_id: Option<StoreId>,
    /// Below 35, from 35, from 60 years of age; null without a birthday.
    age_band: Option<AgeBand>,
    occupation: Option<String>,
    marketing_consent: bool,
    /// To keeping what the member does in the mini-program.
    behaviour_consent: bool,
    purchase_count: i64,
    purchase_total_fen: i64,
    last_purchase_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl MeView {
    pub fn of(ctx: &Context, member: &MemberRow) -> Result<Self, Problem> {
        Ok(Self {
            id: member.id,
            card_number: member.card_number.clone(),
            name: member.name.clone(),
            gender: member.gender,
            birthday: member.birthday,
            phone: member::masked_phone(ctx, member)?,
            zone: member.zone.clone(),
            home_store_id: member.home_store_id,
            age_band: member::age_band(ctx, member),
            occupation: member.occupation.clone(),
            marketing_consent: member.marketing_consent,
            behaviour_consent: member.behaviour_consent,
            purchase_count: member.purchase_count,
            purchase_total_fen: member.purchase_total_fen,
            last_purchase_at: member.last_purchase_at,
            created_at: member.created_at,
        })
    }
}

/// An absent field stays as it is, null clears it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Gender>)]
    gender: Option<Option<Gender>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    birthday: Option<Option<NaiveDate>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<StoreId>)]
    home_store_id: Option<Option<StoreId>>,
    /// An IANA zone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    occupation: Option<Option<String>>,
    /// A yes to advertising, or its withdrawal; not null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    marketing_consent: Option<Option<bool>>,
    /// A yes to keeping what the member does in the mini-program, or its withdrawal, which deletes it; not null.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    behaviour_consent: Option<Option<bool>>,
}

impl ChangeMe {
    fn into_change(self) -> Result<ChangeProfile, Problem> {
        let said = |field: &str, given: Option<Option<bool>>| match given {
            Some(None) => Err(Error::invalid(field, "is true or false")),
            given => Ok(given.flatten()),
        };
        let marketing_consent = said("marketing_consent", self.marketing_consent)?;
        let behaviour_consent = said("behaviour_consent", self.behaviour_consent)?;
        Ok(ChangeProfile {
            name: self.name,
            gender: self.gender,
            birthday: self.birthday,
            home_store_id: self.home_store_id,
            zone: self.zone,
            occupation: self.occupation,
            marketing_consent,
            behaviour_consent,
        })
    }
}

/// One of three ways: `phone` with the `code` of an SMS, `phone_code` of WeChat's phone-number button, or `encrypted_phone` of Alipay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvePhone {
    phone: Option<String>,
    code: Option<String>,
    phone_code: Option<String>,
    encrypted_phone: Option<String>,
}

impl ProvePhone {
    fn into_proof(self) -> Result<PhoneProof, Error> {
        match (self.phone, self.code, self.phone_code, self.encrypted_phone) {
            (Some(phone), Some(code), None, None) => Ok(PhoneProof::Sms { phone, code }),
            (None, None, Some(phone_code), None) => Ok(PhoneProof::Wechat { phone_code }),
            (None, None, None, Some(encrypted_phone)) => Ok(PhoneProof::Alipay { encrypted_phone }),
            (Some(_), None, None, None) => Err(Error::invalid("code", "goes with a phone")),
            _ => Err(Error::invalid("phone", "give phone and code, phone_code, or encrypted_phone")),
        }
    }
}

/// The signed-in member.
#[utoipa::path(tag = "member", responses((status = 200, body = MeView)), security(("member" = [])))]
#[get("/v1/me")]
pub async fn get_me(ctx: Data<Context>, caller: MemberSession) -> Result<web::Json<MeView>, Problem> {
    Ok(web::Json(MeView::of(&ctx, &caller.0.member)?))
}

/// Corrects the profile, gives or withdraws the consent to advertising.
#[utoipa::path(
    tag = "member",
    request_body = ChangeMe,
    responses((status = 200, body = MeView)),
    security(("member" = []))
)]
#[patch("/v1/me")]
pub async fn change_me(
    ctx: Data<Context>,
    caller: MemberSession,
    body: Json<ChangeMe>,
) -> Result<web::Json<MeView>, Problem> {
    let member = member::change_profile(&ctx, &caller.0, body.0.into_change()?).await?;
    Ok(web::Json(MeView::of(&ctx, &member)?))
}

/// Proves a phone, which becomes the member's number. A record that holds it already is merged with the member, whose id may be another
/// one afterwards; the old one and its sessions go on answering.
#[utoipa::path(
    tag = "member",
    request_body = ProvePhone,
    responses((status = 200, body = MeView)),
    security(("member" = []))
)]
#[post("/v1/me/phones")]
pub async fn prove_phone(
    ctx: Data<Context>,
    caller: MemberSession,
    client: Client,
    body: Json<ProvePhone>,
) -> Result<web::Json<MeView>, Problem> {
    let proof = body.0.into_proof()?;
    let member = identity::prove_phone(&ctx, &caller.0, proof, client.0).await?;
    Ok(web::Json(MeView::of(&ctx, &member)?))
}

/// Leaves the programme: personal data goes, messages stop, purchases stay under a pseudonym. Can't be taken back.
#[utoipa::path(
    tag = "member",
    responses((status = 204, description = "The membership is deleted.")),
    security(("member" = []))
)]
#[delete("/v1/me")]
pub async fn delete_me(ctx: Data<Context>, caller: MemberSession) -> Result<HttpResponse, Problem> {
    member::delete_me(&ctx, &caller.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A copy of everything that is held on the member.
#[utoipa::path(tag = "member", responses((status = 200, body = Object)), security(("member" = [])))]
#[get("/v1/me/export")]
pub async fn export_me(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<serde_json::Value>, Problem> {
    Ok(web::Json(member::export_me(&ctx, &caller.0).await?))
}
