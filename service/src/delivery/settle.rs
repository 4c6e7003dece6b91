//! What a batch's answers do to the rows: one transaction for attempts, states, and what the claim had held.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{attempt, campaign, delivery, inbox_message};
use platform::Class;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{
    ActiveEnum, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    QueryFilter,
};

use super::reason::Reason;
use super::receipt;
use super::send::{Claimed, Envelope};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CampaignId, CouponId, DeliveryId, MemberId};
use crate::{consent, coupon};

/// Waits before the next try of a delivery whose last one surely had no effect.
const BACK_OFF: [Duration; 5] = [
    Duration::seconds(5),
    Duration::seconds(30),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
];
/// How long a channel rests when the platform throttles without saying for how long: 45011 is counted by the minute.
const THROTTLED: Duration = Duration::seconds(60);

#[derive(Debug, Clone)]
pub enum Outcome {
    Sent {
        message_id: Option<String>,
        started_at: DateTime<Utc>,
    },
    /// A final no for this member.
    Refused {
        reason: Reason,
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// A no that every member of the campaign would get: template, page or ability.
    CampaignBroken {
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// Surely without effect; may be tried again.
    Again {
        reason: Reason,
        code: String,
        message: String,
        retry_after: Option<Duration>,
        started_at: DateTime<Utc>,
    },
    Unknown {
        code: String,
        message: String,
        started_at: DateTime<Utc>,
    },
    /// Never called.
    HandedBack,
}

impl Outcome {
    pub fn of_error(error: platform::Error, started_at: DateTime<Utc>) -> Self {
        let platform::Error { class, code, message, retry_after, .. } = error;
        let retry_after = retry_after.and_then(|wait| Duration::from_std(wait).ok());
        match class {
            Class::Unknown => Self::Unknown { code, message, started_at },
            Class::Throttled => {
                Self::Again { reason: Reason::PlatformThrottled, code, message, retry_after, started_at }
            }
            Class::Busy | Class::Token => {
                Self::Again { reason: Reason::PlatformBusy, code, message, retry_after, started_at }
            }
            Class::Permanent => match code.as_str() {
                "40037" | "41030" | "43107" => Self::CampaignBroken { code, message, started_at },
                "43101" => Self::Refused { reason: Reason::NoConsent, code, message, started_at },
                "40003" => Self::Refused { reason: Reason::NoAddress, code, message, started_at },
                "47003" | "45168" => {
                    Self::Refused { reason: Reason::ContentInvalid, code, message, started_at }
                }
                _ => Self::Refused { reason: Reason::PlatformRefused, code, message, started_at },
            },
        }
    }

    /// What the attempt's row says; None when the platform was never called.
    fn attempt(&self) -> Option<Tried<'_>> {
        let told = |outcome, code, message, started_at: &DateTime<Utc>| {
            Some(Tried { outcome, code: Some(code), message: Some(message), started_at: *started_at })
        };
        match self {
            Self::Sent { started_at, .. } => {
                Some(Tried { outcome: "sent", code: None, message: None, started_at: *started_at })
            }
            Self::Refused { code, message, started_at, .. } => told("refused", code, message, started_at),
            Self::CampaignBroken { code, message, started_at } => {
                told("campaign_broken", code, message, started_at)
            }
            Self::Again { code, message, started_at, .. } => told("again", code, message, started_at),
            Self::Unknown { code, message, started_at } => told("unknown", code, message, started_at),
            Self::HandedBack => None,
        }
    }
}

struct Tried<'a> {
    outcome: &'static str,
    code: Option<&'a str>,
    message: Option<&'a str>,
    started_at: DateTime<Utc>,
}

/// How a delivery goes on, so that rows with the same fate are updated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Failed(Reason),
    Unknown,
    Pending { not_before: DateTime<Utc>, reason: Option<Reason>, called: bool },
}

/// What the claim had held for the members and what becomes of it.
#[derive(Default)]
struct Holdings {
    consent_spent: Vec<MemberId>,
    consent_back: Vec<MemberId>,
    consent_gone: Vec<MemberId>,
    coupons_back: Vec<CouponId>,
}

pub async fn settle(ctx: &Context, claimed: &Claimed, outcomes: Vec<(DeliveryId, Outcome)>) -> Result<()> {
    let now = ctx.now();
    let envelopes: BTreeMap<DeliveryId, &Envelope> =
        claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, envelope)).collect();
    let mut sent = Vec::new();
    let mut fates: BTreeMap<Fate, Vec<DeliveryId>> = BTreeMap::new();
    let mut holdings = Holdings::default();
    let mut broken = None;
    for (id, outcome) in &outcomes {
        let Some(envelope) = envelopes.get(id) else { continue };
        match fate(ctx, envelope, outcome, now, &mut holdings) {
            None => sent.push((*envelope, outcome)),
            Some(fate) => fates.entry(fate).or_default().push(*id),
        }
        if let Outcome::CampaignBroken { code, .. } = outcome {
            broken = Some(code.clone());
        }
    }
    let txn = ctx.db.begin().await?;
    record_attempts(ctx, &txn, &envelopes, &outcomes).await?;
    mark_sent(&txn, &sent, now).await?;
    for (fate, ids) in fates {
        mark(&txn, fate, ids, now).await?;
    }
    if claimed.campaign.channel == Channel::Inbox {
        put_in_inbox(ctx, &txn, claimed, &sent).await?;
    }
    settle_holdings(ctx, &txn, claimed, holdings).await?;
    if let Some(code) = broken {
        pause_broken(&txn, claimed.campaign.id, &code, now).await?;
    }
    receipt::apply_waiting(&txn, &message_ids(&sent), now).await?;
    txn.commit().await?;
    rest_channel_if_throttled(ctx, &claimed.campaign, &outcomes).await;
    Ok(())
}

/// None for what was sent.
fn fate(
    ctx: &Context,
    envelope: &Envelope,
    outcome: &Outcome,
    now: DateTime<Utc>,
    holdings: &mut Holdings,
) -> Option<Fate> {
    let member = envelope.delivery.member_id;
    match outcome {
        Outcome::Sent { .. } => {
            holdings.consent_spent.push(member);
            None
        }
        Outcome::Unknown { .. } => {
            holdings.consent_spent.push(member);
            Some(Fate::Unknown)
        }
        Outcome::Refused { reason, .. } => {
            if *reason == Reason::NoConsent {
                holdings.consent_gone.push(member);
            } else {
                holdings.consent_back.push(member);
            }
            holdings.coupons_back.extend(envelope.delivery.coupon_id);
            Some(Fate::Failed(*reason))
        }
        Outcome::Again { retry_after, reason, .. } => {
            holdings.consent_back.push(member);
            let tries = envelope.delivery.attempts;
            if tries >= ctx.settings.delivery.max_attempts {
                holdings.coupons_back.extend(envelope.delivery.coupon_id);
                return Some(Fate::Failed(Reason::TriesExceeded));
            }
            let wait = retry_after.unwrap_or_else(|| back_off(tries));
            Some(Fate::Pending { not_before: now + wait, reason: Some(*reason), called: true })
        }
        Outcome::CampaignBroken { .. } => {
            holdings.consent_back.push(member);
            Some(Fate::Pending { not_before: now, reason: None, called: true })
        }
        Outcome::HandedBack => {
            holdings.consent_back.push(member);
            Some(Fate::Pending { not_before: now, reason: None, called: false })
        }
    }
}

fn back_off(tries: i32) -> Duration {
    let rung = usize::try_from(tries - 1).unwrap_or_default().min(BACK_OFF.len() - 1);
    BACK_OFF[rung]
}

async fn record_attempts(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    envelopes: &BTreeMap<DeliveryId, &Envelope>,
    outcomes: &[(DeliveryId, Outcome)],
) -> Result<()> {
    let rows: Vec<_> = outcomes
        .iter()
        .filter_map(|(id, outcome)| {
            let tried = outcome.attempt()?;
            Some(attempt::ActiveModel {
                id: Set(ctx.new_id()),
                delivery_id: Set(*id),
                number: Set(envelopes.get(id)?.delivery.attempts),
                outcome: Set(tried.outcome.to_owned()),
                code: Set(tried.code.map(str::to_owned)),
                message: Set(tried.message.map(str::to_owned)),
                started_at: Set(tried.started_at),
                ended_at: Set(ctx.now()),
            })
        })
        .collect();
    if !rows.is_empty() {
        attempt::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

async fn mark_sent(
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
    now: DateTime<Utc>,
) -> Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    let mut update = delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(DeliveryState::Sent))
        .col_expr(delivery::Column::SentAt, Expr::value(now))
        .col_expr(delivery::Column::UpdatedAt, Expr::value(now));
    let ids = message_ids(sent);
    if !ids.is_empty() {
        let case = ids.iter().fold(CaseStatement::new(), |case, (id, message_id)| {
            case.case(delivery::Column::Id.eq(*id), Expr::value(message_id.as_str()))
        });
        update = update.col_expr(
            delivery::Column::PlatformMessageId,
            case.finally(Expr::col(delivery::Column::PlatformMessageId)).into(),
        );
    }
    update
        .filter(delivery::Column::Id.is_in(sent.iter().map(|(envelope, _)| envelope.delivery.id)))
        // A claim that outlived its lease is unknown by now; the answer that came after all settles it.
        .filter(delivery::Column::State.is_in([DeliveryState::Sending, DeliveryState::Unknown]))
        .exec(txn)
        .await?;
    Ok(())
}

fn message_ids(sent: &[(&Envelope, &Outcome)]) -> Vec<(DeliveryId, String)> {
    sent.iter()
        .filter_map(|(envelope, outcome)| match outcome {
            Outcome::Sent { message_id: Some(message_id), .. } => {
                Some((envelope.delivery.id, message_id.clone()))
            }
            _ => None,
        })
        .collect()
}

async fn mark(
    txn: &impl ConnectionTrait,
    fate: Fate,
    ids: Vec<DeliveryId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let none = Option::<DateTime<Utc>>::None;
    let update = delivery::Entity::update_many().col_expr(delivery::Column::UpdatedAt, Expr::value(now));
    let update = match fate {
        Fate::Failed(reason) => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Failed))
            .col_expr(delivery::Column::Reason, Expr::value(reason.code()))
            .col_expr(delivery::Column::SlotAt, Expr::value(none)),
        Fate::Unknown => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
            .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code())),
        Fate::Pending { not_before, reason, called } => {
            let tried = Expr::col(delivery::Column::Attempts).sub(i32::from(!called));
            update
                .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
                .col_expr(delivery::Column::NotBefore, Expr::value(not_before))
                .col_expr(delivery::Column::Reason, Expr::value(reason.map(Reason::code)))
                .col_expr(delivery::Column::SlotAt, Expr::value(none))
                .col_expr(delivery::Column::ClaimedAt, Expr::value(none))
                .col_expr(delivery::Column::Attempts, tried)
        }
    };
    update
        .filter(delivery::Column::Id.is_in(ids))
        .filter(delivery::Column::State.eq(DeliveryState::Sending))
        .exec(txn)
        .await?;
    Ok(())
}

async fn put_in_inbox(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    claimed: &Claimed,
    sent: &[(&Envelope, &Outcome)],
) -> Result<()> {
    let rows: Vec<_> = sent
        .iter()
        .map(|(envelope, _)| inbox_message::ActiveModel {
            id: Set(ctx.new_id()),
            member_id: Set(envelope.delivery.member_id),
            delivery_id: Set(Some(envelope.delivery.id)),
            title: Set(envelope.rendered.title.clone()),
            body: Set(envelope.rendered.body.clone()),
            page: Set(claimed.message.page.clone()),
            created_at: Set(ctx.now()),
            read_at: Set(None),
        })
        .collect();
    if !rows.is_empty() {
        inbox_message::Entity::insert_many(rows)
            .on_conflict(OnConflict::column(inbox_message::Column::DeliveryId).do_nothing().to_owned())
            .exec_without_returning(txn)
            .await?;
    }
    Ok(())
}

async fn settle_holdings(
    ctx: &Context,
    txn: &DatabaseTransaction,
    claimed: &Claimed,
    holdings: Holdings,
) -> Result<()> {
    if let (Channel::WechatSubscribe, Some(template)) =
        (claimed.campaign.channel, &claimed.message.template_id)
    {
        consent::spend(ctx, txn, template, &holdings.consent_spent).await?;
        consent::give_back(ctx, txn, template, &holdings.consent_back).await?;
        consent::exhaust(ctx, txn, template, &holdings.consent_gone).await?;
    }
    if !holdings.coupons_back.is_empty() {
        coupon::void(ctx, txn, &holdings.coupons_back, "delivery_failed", true).await?;
    }
    Ok(())
}

/// The campaign stops with the platform's code as its reason; it can be resumed once that is mended.
async fn pause_broken(
    txn: &impl ConnectionTrait,
    id: CampaignId,
    code: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Paused))
        .col_expr(campaign::Column::StateReason, Expr::value(code))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(now))
        .filter(campaign::Column::Id.eq(id))
        .filter(campaign::Column::State.is_in([CampaignState::Resolving, CampaignState::Sending]))
        .exec(txn)
        .await?;
    tracing::warn!(campaign_id = %id, code, "campaign paused: the platform refuses its template, page or account");
    Ok(())
}

/// A throttled channel rests for everybody. Without shared state the deliveries' own waits do the same for these rows.
async fn rest_channel_if_throttled(
    ctx: &Context,
    campaign: &campaign::Model,
    outcomes: &[(DeliveryId, Outcome)],
) {
    let wait = outcomes
        .iter()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Again { reason: Reason::PlatformThrottled, retry_after, .. } => {
                Some(retry_after.unwrap_or(THROTTLED))
            }
            _ => None,
        })
        .max();
    let Some(wait) = wait else { return };
    let until = (ctx.now() + wait).to_rfc3339();
    let ttl = wait.to_std().unwrap_or_default();
    if let Err(error) = ctx.shared.set(&rest_key(campaign.channel), &until, ttl).await {
        tracing::warn!(%error, "could not tell the other workers that the channel rests");
    }
}

pub async fn channel_paused_until(ctx: &Context, campaign_id: CampaignId) -> Result<Option<DateTime<Utc>>> {
    let campaign = campaign::Entity::find_by_id(campaign_id)
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("campaign"))?;
    let until = ctx.shared.get(&rest_key(campaign.channel)).await.unwrap_or_default();
    Ok(until.and_then(|text| DateTime::parse_from_rfc3339(&text).ok()).map(|until| until.with_timezone(&Utc)))
}

fn rest_key(channel: Channel) -> String {
    format!("channel.rests.{}", channel.to_value())
}
