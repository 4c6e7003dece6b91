//! What a batch's answers do to the rows: one transaction for attempts, states, and what the claim had held.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, Channel, DeliveryState};
use entity::{attempt, campaign, delivery, inbox_message};
use sea_orm::sea_query::{CaseStatement, Expr, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::claim::{Claimed, Envelope, lock_members};
use super::outcome::Outcome;
use super::reason::Reason;
use super::standing::RUNNING;
use super::trouble::{self, Verdict};
use super::{receipt, rest, retry};
use crate::audit::{self, Act, Actor};
use crate::budget::{self, Account};
use crate::consent::Emptied;
use crate::context::Context;
use crate::db::{self, is_also_any, is_any, plan_afresh};
use crate::error::Result;
use crate::ids::{CouponId, DeliveryId, MemberId};
use crate::{consent, coupon};

/// What the platform has answered must not be lost to a database that is away: as long as the claim's lease lasts, nobody
/// else decides what became of it.
const FIRST_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);
const LONGEST_PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// How a delivery goes on, so that rows with the same fate are updated together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Failed(Reason),
    Unknown,
    Pending {
        not_before: DateTime<Utc>,
        reason: Option<Reason>,
        tried: bool,
    },
    /// The channel is closed for this member: the next one of the fall-back order is asked.
    NextStep {
        reason: Reason,
    },
}

/// What the claim had held for the members and what becomes of it.
#[derive(Default)]
struct Holdings {
    consent_spent: Vec<MemberId>,
    consent_back: Vec<MemberId>,
    consent_gone: Vec<Emptied>,
    coupons_back: Vec<CouponId>,
    money_back: i64,
}

impl Holdings {
    /// The message surely had no effect: what it held is free again, but the coupon stays with a delivery that goes on.
    fn give_back(&mut self, envelope: &Envelope) {
        self.money_back += envelope.delivery.cost_fen;
        if envelope.delivery.channel == Channel::WechatSubscribe {
            self.consent_back.push(envelope.delivery.member_id);
        }
    }

    fn spend(&mut self, envelope: &Envelope) {
        if envelope.delivery.channel == Channel::WechatSubscribe {
            self.consent_spent.push(envelope.delivery.member_id);
        }
    }

    /// The platform says that the consent is used up, whatever was held.
    fn exhaust(&mut self, envelope: &Envelope, asked_at: DateTime<Utc>) {
        self.money_back += envelope.delivery.cost_fen;
        self.consent_gone.push(Emptied {
            member_id: envelope.delivery.member_id,
            key: format!("delivery|{}|exhausted", envelope.delivery.id),
            asked_at,
        });
    }
}

/// Harmless to repeat: what was settled is no longer `sending`.
pub async fn settle(ctx: &Context, claimed: &Claimed, outcomes: &[(DeliveryId, Outcome)]) -> Result<()> {
    let verdict = trouble::weigh(ctx, claimed.campaign.id, outcomes).await;
    let give_up = ctx.now() + Duration::seconds(ctx.settings.delivery.claim_lease_seconds);
    let mut pause = FIRST_PAUSE;
    while let Err(error) = settle_once(ctx, claimed, outcomes, &verdict).await {
        if ctx.now() >= give_up || !error.is_passing() {
            return Err(error);
        }
        tracing::warn!(%error, campaign_id = %claimed.campaign.id, "a batch could not be settled; trying again");
        ctx.clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    rest_throttled(ctx, claimed, outcomes).await;
    let (message_ids, unheard) = waiting_for(claimed, outcomes);
    receipt::apply_waiting(ctx, &message_ids, &unheard).await
}

async fn rest_throttled(ctx: &Context, claimed: &Claimed, outcomes: &[(DeliveryId, Outcome)]) {
    let channels: HashMap<DeliveryId, Channel> =
        claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, envelope.delivery.channel)).collect();
    for channel in claimed.calls().into_keys() {
        let of_channel = outcomes.iter().filter(|(id, _)| channels.get(id) == Some(&channel));
        let of_channel: Vec<_> = of_channel.map(|(_, outcome)| outcome).collect();
        rest::rest_if_throttled(ctx, channel, &of_channel).await;
    }
}

async fn settle_once(
    ctx: &Context,
    claimed: &Claimed,
    outcomes: &[(DeliveryId, Outcome)],
    verdict: &Verdict,
) -> Result<()> {
    let now = ctx.now();
    let txn = ctx.db.begin().await?;
    plan_afresh(&txn).await?;
    let ours = still_ours(&txn, claimed).await?;
    let members: Vec<MemberId> =
        claimed.envelopes.iter().map(|envelope| envelope.delivery.member_id).collect();
    lock_members(&txn, &members).await?;
    let plan = Plan::of(ctx, claimed, outcomes, (&ours, verdict));
    record_attempts(ctx, &txn, &plan).await?;
    mark_sent(&txn, &plan.sent, now).await?;
    mark_suppliers(&txn, &plan.attempts).await?;
    for (fate, ids) in plan.fates {
        mark(&txn, fate, ids, now).await?;
    }
    put_in_inbox(ctx, &txn, &plan.sent).await?;
    settle_holdings(ctx, &txn, claimed, plan.holdings).await?;
    let stopped = match &verdict.stop {
        Some(code) => stop_campaign(ctx, &txn, &claimed.campaign, code).await?,
        None => false,
    };
    txn.commit().await?;
    if stopped {
        trouble::begin_anew(ctx, claimed.campaign.id).await;
    }
    Ok(())
}

/// The rows that are still under this claim, locked in the order in which claims lock them. One whose lease has ended is
/// `unknown` and what it held is spent.
async fn still_ours(txn: &impl ConnectionTrait, claimed: &Claimed) -> Result<BTreeSet<DeliveryId>> {
    let backend = txn.get_database_backend();
    let claimed = claimed.envelopes.iter().map(|envelope| envelope.delivery.id);
    let ids: Vec<DeliveryId> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(is_any(backend, delivery::Column::Id, claimed))
        .filter(is_also_any(backend, delivery::Column::State, &[DeliveryState::Sending.as_str()]))
        .order_by_asc(delivery::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(ids.into_iter().collect())
}

/// What is to be written for a batch.
#[derive(Default)]
struct Plan<'a> {
    attempts: Vec<(&'a Envelope, &'a Outcome)>,
    sent: Vec<(&'a Envelope, &'a Outcome)>,
    fates: BTreeMap<Fate, Vec<DeliveryId>>,
    holdings: Holdings,
}

impl<'a> Plan<'a> {
    fn of(
        ctx: &Context,
        claimed: &'a Claimed,
        outcomes: &'a [(DeliveryId, Outcome)],
        (ours, verdict): (&BTreeSet<DeliveryId>, &Verdict),
    ) -> Self {
        let mut plan = Self::default();
        let envelopes: BTreeMap<DeliveryId, &Envelope> =
            claimed.envelopes.iter().map(|envelope| (envelope.delivery.id, envelope)).collect();
        for (id, outcome) in outcomes {
            let Some(envelope) = envelopes.get(id).copied() else { continue };
            plan.attempts.push((envelope, outcome));
            if ours.contains(id) {
                let waits = verdict.content_is_template && matches!(outcome, Outcome::ContentRefused(_));
                let outcome_of_member = if waits { &Outcome::HandedBack } else { outcome };
                match fate(ctx, claimed, envelope, (outcome_of_member, &mut plan.holdings)) {
                    None => plan.sent.push((envelope, outcome)),
                    Some(fate) => plan.fates.entry(fate).or_default().push(*id),
                }
            } else if matches!(outcome, Outcome::Sent { .. }) {
                // The lease ended first: the answer that came after all settles the unknown.
                plan.sent.push((envelope, outcome));
            }
        }
        plan
    }
}

/// What receipts may be waiting for: ids that are known now, and unheard messages by what their receipts would name.
fn waiting_for(claimed: &Claimed, outcomes: &[(DeliveryId, Outcome)]) -> (Vec<String>, Vec<String>) {
    let (mut message_ids, mut unheard) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Sent { taken, .. } => message_ids.extend(taken.message_id.clone()),
            Outcome::Unknown(_) => {
                unheard.push(id.to_string());
                let envelope = claimed.envelopes.iter().find(|envelope| envelope.delivery.id == *id);
                unheard.extend(envelope.and_then(|envelope| envelope.address.clone()));
            }
            _ => {}
        }
    }
    (message_ids, unheard)
}

/// None for what was sent.
fn fate(
    ctx: &Context,
    claimed: &Claimed,
    envelope: &Envelope,
    (outcome, holdings): (&Outcome, &mut Holdings),
) -> Option<Fate> {
    let now = ctx.now();
    match outcome {
        Outcome::Sent { .. } => {
            holdings.spend(envelope);
            None
        }
        Outcome::Unknown(_) => {
            holdings.spend(envelope);
            Some(Fate::Unknown)
        }
        Outcome::ContentRefused(_) => {
            let reason = Reason::ContentInvalid;
            holdings.give_back(envelope);
            if has_next_step(claimed, envelope) && is_personal(envelope.delivery.channel, reason) {
                return Some(Fate::NextStep { reason });
            }
            holdings.coupons_back.extend(envelope.delivery.coupon_id);
            Some(Fate::Failed(Reason::ContentInvalid))
        }
        Outcome::Refused { reason, told } => {
            if *reason == Reason::NoConsent {
                holdings.exhaust(envelope, told.started_at);
            } else {
                holdings.give_back(envelope);
            }
            if has_next_step(claimed, envelope) && is_personal(envelope.delivery.channel, *reason) {
                return Some(Fate::NextStep { reason: *reason });
            }
            holdings.coupons_back.extend(envelope.delivery.coupon_id);
            Some(Fate::Failed(*reason))
        }
        Outcome::Again { retry_after, reason, .. } => {
            holdings.give_back(envelope);
            // The lane was full: that is not this message's failure and does not count as a try of it.
            let throttled = *reason == Reason::PlatformThrottled;
            let fate = again(
                ctx,
                claimed,
                envelope,
                (*reason, if throttled { retry_after.or(Some(rest::THROTTLED)) } else { *retry_after }),
            );
            if matches!(fate, Fate::Failed(_)) {
                holdings.coupons_back.extend(envelope.delivery.coupon_id);
            }
            Some(fate)
        }
        Outcome::CampaignBroken(_) | Outcome::HandedBack => {
            holdings.give_back(envelope);
            Some(Fate::Pending { not_before: now, reason: None, tried: false })
        }
    }
}

/// Another try after `wait`, if there may be one and it comes before the offer's end.
fn again(
    ctx: &Context,
    claimed: &Claimed,
    envelope: &Envelope,
    (reason, wait): (Reason, Option<Duration>),
) -> Fate {
    let tries = envelope.delivery.attempts;
    let tried = reason != Reason::PlatformThrottled;
    if tried && tries >= ctx.settings.delivery.max_attempts {
        return Fate::Failed(Reason::TriesExceeded);
    }
    let ends_at = claimed.campaign.offer_ends_at;
    match retry::next_try((envelope.delivery.id, tries), wait, ctx.now(), ends_at) {
        Some(not_before) => Fate::Pending { not_before, reason: Some(reason), tried },
        None => Fate::Failed(Reason::OfferEnded),
    }
}

fn has_next_step(claimed: &Claimed, envelope: &Envelope) -> bool {
    usize::try_from(envelope.delivery.step).is_ok_and(|step| step + 1 < claimed.steps)
}

/// A no that is about this member on this channel: no consent left, no such openid, a number that the supplier does not serve.
fn is_personal(channel: Channel, reason: Reason) -> bool {
    match reason {
        Reason::NoConsent | Reason::NoAddress => true,
        Reason::PlatformRefused | Reason::OptedOut => channel == Channel::Sms,
        _ => false,
    }
}

async fn record_attempts(ctx: &Context, txn: &impl ConnectionTrait, plan: &Plan<'_>) -> Result<()> {
    let rows: Vec<_> = plan
        .attempts
        .iter()
        // A message that went out at once says so by its own row.
        .filter(|(envelope, outcome)| {
            !(envelope.delivery.attempts == 1 && matches!(outcome, Outcome::Sent { .. }))
        })
        .filter_map(|(envelope, outcome)| {
            let tried = outcome.attempt()?;
            Some(attempt::ActiveModel {
                id: Set(ctx.new_id()),
                delivery_id: Set(envelope.delivery.id),
                number: Set(envelope.delivery.attempts),
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
    if txn.get_database_backend() == DbBackend::Postgres {
        return mark_sent_in_postgres(txn, sent, now).await;
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

/// $1 now, $2 deliveries, $3 the platform's ids, $4 the suppliers. A claim that outlived its lease is unknown by now; the answer that came after all settles
/// it.
const SENT: &str = "UPDATE delivery SET state = 'sent', sent_at = $1, updated_at = $1, \
     platform_message_id = coalesce(sent.message_id, delivery.platform_message_id), \
     supplier = coalesce(sent.supplier, delivery.supplier) \
     FROM unnest($2::text::uuid[], $3::text::text[], $4::text::text[]) AS sent(id, message_id, supplier) \
     WHERE delivery.id = sent.id AND delivery.state || '' IN ('sending', 'unknown')";

async fn mark_sent_in_postgres(
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids = db::array(sent.iter().map(|(envelope, _)| envelope.delivery.id));
    let message_ids = sent.iter().map(|(_, outcome)| outcome.message_id());
    let suppliers = sent.iter().map(|(_, outcome)| outcome.supplier());
    let texts = [message_ids.collect::<Vec<_>>(), suppliers.collect()].map(db::nullable_text_array);
    let [message_ids, suppliers] = texts;
    let values = [now.into(), ids.into(), message_ids.into(), suppliers.into()];
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, SENT, values)).await?;
    Ok(())
}

fn message_ids(sent: &[(&Envelope, &Outcome)]) -> Vec<(DeliveryId, String)> {
    sent.iter()
        .filter_map(|(envelope, outcome)| Some((envelope.delivery.id, outcome.message_id()?.to_owned())))
        .collect()
}

/// Which supplier has a message, or may have it: one statement for each, and none for channels without several.
async fn mark_suppliers(txn: &impl ConnectionTrait, attempts: &[(&Envelope, &Outcome)]) -> Result<()> {
    let mut by_supplier: BTreeMap<&str, Vec<DeliveryId>> = BTreeMap::new();
    for (envelope, outcome) in attempts {
        if let Some(supplier) = outcome.supplier() {
            by_supplier.entry(supplier).or_default().push(envelope.delivery.id);
        }
    }
    for (supplier, ids) in by_supplier {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::Supplier, Expr::value(supplier))
            .filter(delivery::Column::Id.is_in(ids))
            .exec(txn)
            .await?;
    }
    Ok(())
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
            .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
            .col_expr(delivery::Column::SlotAt, Expr::value(none)),
        Fate::Unknown => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Unknown))
            .col_expr(delivery::Column::Reason, Expr::value(Reason::AnswerNeverHeard.code())),
        Fate::Pending { not_before, reason, tried } => {
            let attempts = Expr::col(delivery::Column::Attempts).sub(i32::from(!tried));
            update
                .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
                .col_expr(delivery::Column::NotBefore, Expr::value(not_before))
                .col_expr(delivery::Column::Reason, Expr::value(reason.map(Reason::code)))
                .col_expr(delivery::Column::SlotAt, Expr::value(none))
                .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
                .col_expr(delivery::Column::ClaimedAt, Expr::value(none))
                .col_expr(delivery::Column::Attempts, attempts)
        }
        Fate::NextStep { reason } => update
            .col_expr(delivery::Column::State, Expr::value(DeliveryState::Pending))
            .col_expr(delivery::Column::NotBefore, Expr::value(now))
            .col_expr(delivery::Column::Reason, Expr::value(reason.code()))
            .col_expr(delivery::Column::Step, Expr::col(delivery::Column::Step).add(1))
            .col_expr(delivery::Column::SlotAt, Expr::value(none))
            .col_expr(delivery::Column::CostFen, Expr::value(0_i64))
            .col_expr(delivery::Column::ClaimedAt, Expr::value(none)),
    };
    update
        .filter(is_any(txn.get_database_backend(), delivery::Column::Id, ids))
        .filter(is_also_any(
            txn.get_database_backend(),
            delivery::Column::State,
            &[DeliveryState::Sending.as_str()],
        ))
        .exec(txn)
        .await?;
    Ok(())
}

async fn put_in_inbox(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    sent: &[(&Envelope, &Outcome)],
) -> Result<()> {
    let rows: Vec<_> = sent
        .iter()
        .filter(|(envelope, _)| envelope.delivery.channel == Channel::Inbox)
        .map(|(envelope, _)| inbox_message::ActiveModel {
            id: Set(ctx.new_id()),
            member_id: Set(envelope.delivery.member_id),
            delivery_id: Set(Some(envelope.delivery.id)),
            title: Set(envelope.rendered.title.clone()),
            body: Set(envelope.rendered.body.clone()),
            page: Set(envelope.message.page.clone()),
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
    // Coupon template, budgets, consents: the order in which the claim locks them.
    if !holdings.coupons_back.is_empty() {
        coupon::void(ctx, txn, &holdings.coupons_back, "delivery_failed", true).await?;
    }
    let account = Account::of(ctx, claimed.campaign.id, claimed.at);
    budget::give_back(ctx, txn, &account, holdings.money_back).await?;
    let wechat = claimed.envelopes.iter().find(|one| one.delivery.channel == Channel::WechatSubscribe);
    if let Some(template) = wechat.and_then(|envelope| envelope.message.template_id.as_deref()) {
        consent::spend(ctx, txn, template, &holdings.consent_spent).await?;
        consent::give_back(ctx, txn, template, &holdings.consent_back).await?;
        consent::exhaust(ctx, txn, template, &holdings.consent_gone).await?;
    }
    Ok(())
}

/// The campaign stops with the code as its reason; it can be resumed once that is mended. True when it ran.
async fn stop_campaign(
    ctx: &Context,
    txn: &DatabaseTransaction,
    campaign: &campaign::Model,
    code: &str,
) -> Result<bool> {
    let stopped = campaign::Entity::update_many()
        .col_expr(campaign::Column::State, Expr::value(CampaignState::Paused))
        .col_expr(campaign::Column::StateReason, Expr::value(code))
        .col_expr(campaign::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(campaign::Column::Id.eq(campaign.id))
        .filter(campaign::Column::State.is_in(RUNNING))
        .exec(txn)
        .await?;
    if stopped.rows_affected == 0 {
        return Ok(false);
    }
    let act = Act {
        actor: Actor::System,
        action: "campaign.stop",
        subject: ("campaign", campaign.id.to_string()),
        detail: serde_json::json!({ "name": campaign.name, "code": code }),
    };
    audit::record(ctx, txn, act).await?;
    tracing::warn!(campaign_id = %campaign.id, code, "a campaign was paused: it needs mending");
    Ok(true)
}
