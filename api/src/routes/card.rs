//! The member's card: its number, what a phone needs to show codes without network, the current code.

use actix_web::web::Data;
use actix_web::{get, post, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use service::{Context, card};
use utoipa::ToSchema;

use crate::auth::MemberSession;
use crate::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct CardView {
    pub card_number: String,
    pub name: Option<String>,
    pub offline: OfflineCardView,
}

/// All that a phone needs to make codes itself. A code is `HK1.<card_number>.<step>.<mac>`: `step` is the Unix time in seconds
/// divided by `step_seconds`, rounded down; `mac` is HMAC-SHA-256 under the decoded `secret` over the text
/// `HK1.<card_number>.<step>`, its first 8 bytes read as a big-endian unsigned number modulo 10^12, in decimal with leading
/// zeros to 12 digits. A till accepts the current step and one either side, each once.
#[derive(Serialize, ToSchema)]
pub struct OfflineCardView {
    /// Base64. Keep it where only the app can read it.
    pub secret: String,
    /// `HK1`, the algorithm above.
    pub algorithm: &'static str,
    pub step_seconds: i64,
    /// To correct the phone's clock by.
    pub server_time: DateTime<Utc>,
}

impl From<card::Card> for CardView {
    fn from(card: card::Card) -> Self {
        let offline = card.offline;
        Self {
            card_number: card.card_number,
            name: card.name,
            offline: OfflineCardView {
                secret: offline.secret,
                algorithm: offline.algorithm,
                step_seconds: offline.step_seconds,
                server_time: offline.server_time,
            },
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CardCodeView {
    pub code: String,
    pub valid_from: DateTime<Utc>,
    /// When the next code is to be shown; a till accepts this one for one step longer.
    pub valid_until: DateTime<Utc>,
    pub step_seconds: i64,
}

/// The card, with what the phone needs to show codes off line.
#[utoipa::path(tag = "card", responses((status = 200, body = CardView)), security(("member" = [])))]
#[get("/v1/me/card")]
pub async fn show_card(ctx: Data<Context>, caller: MemberSession) -> Result<web::Json<CardView>, Problem> {
    Ok(web::Json(card::show_card(&ctx, &caller.0.member)?.into()))
}

/// The code of this moment.
#[utoipa::path(tag = "card", responses((status = 200, body = CardCodeView)), security(("member" = [])))]
#[get("/v1/me/card/code")]
pub async fn show_card_code(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<CardCodeView>, Problem> {
    let shown = card::show_code(&ctx, &caller.0.member)?;
    Ok(web::Json(CardCodeView {
        code: shown.code,
        valid_from: shown.valid_from,
        valid_until: shown.valid_until,
        step_seconds: shown.step_seconds,
    }))
}

/// A new secret, when a phone is lost; codes made with the old one are refused from now on.
#[utoipa::path(tag = "card", responses((status = 200, body = CardView)), security(("member" = [])))]
#[post("/v1/me/card/secret")]
pub async fn renew_card_secret(
    ctx: Data<Context>,
    caller: MemberSession,
) -> Result<web::Json<CardView>, Problem> {
    Ok(web::Json(card::renew_secret(&ctx, &caller.0.member).await?.into()))
}
