//! What the member's own phone is given: the card, what it needs to show codes without network, the current code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use entity::member;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::code::{CardCode, SHAPE};
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::crypto;
use crate::error::Result;

const SEAL: &str = "member.card_secret";

#[derive(Debug, Clone)]
pub struct Card {
    pub card_number: String,
    pub name: Option<String>,
    pub offline: OfflineCard,
}

/// All that a phone needs to make codes itself.
#[derive(Clone)]
pub struct OfflineCard {
    /// Base64 of the card's secret.
    pub secret: String,
    pub algorithm: &'static str,
    pub step_seconds: i64,
    /// To correct a phone's clock by.
    pub server_time: DateTime<Utc>,
}

impl std::fmt::Debug for OfflineCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OfflineCard").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A code and the time for which it is on the screen; a till accepts it one step longer.
#[derive(Debug, Clone)]
pub struct ShownCode {
    pub code: String,
    pub valid_from: DateTime<Utc>,
    pub valid_until: DateTime<Utc>,
    pub step_seconds: i64,
}

pub fn show_card(ctx: &Context, member: &member::Model) -> Result<Card> {
    let secret = open_secret(ctx, member)?;
    Ok(card(ctx, member, &secret))
}

pub fn show_code(ctx: &Context, member: &member::Model) -> Result<ShownCode> {
    let secret = open_secret(ctx, member)?;
    let (step, step_seconds) = (current_step(ctx), ctx.settings.card.step_seconds);
    let at = |step: i64| DateTime::from_timestamp(step * step_seconds, 0).unwrap_or_default();
    Ok(ShownCode {
        code: CardCode::make(&secret, &member.card_number, step).to_string(),
        valid_from: at(step),
        valid_until: at(step + 1),
        step_seconds,
    })
}

/// A new secret, for a phone that was lost: codes made with the old one are refused from now on. Twice gives two new ones, of
/// which the last holds.
pub async fn renew_secret(ctx: &Context, member: &member::Model) -> Result<Card> {
    let secret = crypto::random_bytes::<32>();
    let txn = ctx.db.begin().await?;
    member::Entity::update_many()
        .col_expr(member::Column::CardSecret, Expr::value(ctx.keys.seal(SEAL, &secret)?))
        .col_expr(member::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(member::Column::Id.eq(member.id))
        .exec(&txn)
        .await?;
    let act = Act {
        actor: Actor::Member(member.id),
        action: "card.renew_secret",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(card(ctx, member, &secret))
}

fn card(ctx: &Context, member: &member::Model, secret: &[u8]) -> Card {
    Card {
        card_number: member.card_number.clone(),
        name: member.name.clone(),
        offline: OfflineCard {
            secret: STANDARD.encode(secret),
            algorithm: SHAPE,
            step_seconds: ctx.settings.card.step_seconds,
            server_time: ctx.now(),
        },
    }
}

pub(super) fn open_secret(ctx: &Context, member: &member::Model) -> Result<Vec<u8>> {
    ctx.keys.open(SEAL, &member.card_secret)
}

pub(super) fn current_step(ctx: &Context) -> i64 {
    ctx.now().timestamp().div_euclid(ctx.settings.card.step_seconds.max(1))
}
