//! Deliveries and their reasons as the API shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use service::campaign::Explanation;
use service::delivery::{DeliveryRow, Reason, Saw, SawGate};
use service::ids::{CouponId, DeliveryId, MemberId};
use service::states::{Channel, DeliveryState};
use utoipa::ToSchema;

/// A reason with its words.
#[derive(Serialize, ToSchema)]
pub struct ReasonView {
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
}

impl From<Reason> for ReasonView {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code(), chinese: reason.chinese(), english: reason.english() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DeliveryView {
    id: DeliveryId,
    member_id: MemberId,
    channel: Channel,
    state: DeliveryState,
    reason: Option<ReasonView>,
    /// Not before then; for a deferred one, when it will be looked at again.
    not_before: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    attempts: i32,
    variant: Option<String>,
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: i32,
    /// The campaign's version that was sent.
    version: i32,
    supplier: Option<String>,
    cost_fen: i64,
    opened_at: Option<DateTime<Utc>>,
    coupon_id: Option<CouponId>,
    updated_at: DateTime<Utc>,
}

impl DeliveryView {
    pub fn of(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            member_id: row.member_id,
            channel: row.channel,
            state: row.state,
            reason: row.reason.as_deref().and_then(Reason::from_code).map(ReasonView::from),
            not_before: row.not_before,
            sent_at: row.sent_at,
            attempts: row.attempts,
            variant: row.variant,
            step: row.step,
            version: row.version,
            supplier: row.supplier,
            cost_fen: row.cost_fen,
            opened_at: row.opened_at,
            coupon_id: row.coupon_id,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ExplanationView {
    /// Null: the member is not in the campaign's audience.
    delivery: Option<DeliveryView>,
    reason: Option<ReasonView>,
    /// In the hold-out of the campaign or of its experiment.
    held_out: bool,
    /// The wording that the draw gives the member.
    variant: Option<String>,
    attempts: Vec<AttemptView>,
    /// What the gates saw when the message was held back last; null for one that went out, which all of them let pass.
    decided: Option<DecidedView>,
    /// What each gate would say now, in the order in which they are asked.
    gates: Vec<GateView>,
}

#[derive(Serialize, ToSchema)]
pub struct AttemptView {
    number: i32,
    /// `sent`, `refused`, `again`, `unknown` or `campaign_broken`.
    outcome: String,
    /// The platform's code.
    code: Option<String>,
    message: Option<String>,
    started_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct DecidedView {
    at: DateTime<Utc>,
    /// In the order in which they were asked; the last one decided.
    gates: Vec<SawGateView>,
}

#[derive(Serialize, ToSchema)]
pub struct SawGateView {
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: usize,
    name: String,
    passes: bool,
    saw: String,
}

impl From<Saw> for DecidedView {
    fn from(saw: Saw) -> Self {
        let gate = |SawGate(step, name, passes, saw)| SawGateView { step, name, passes, saw };
        Self { at: saw.at, gates: saw.gates.into_iter().map(gate).collect() }
    }
}

#[derive(Serialize, ToSchema)]
pub struct GateView {
    /// 0: the campaign's own channel; n: the n-th of its fall-back.
    step: usize,
    channel: Channel,
    name: &'static str,
    passes: bool,
    reason: Option<ReasonView>,
    saw: String,
}

impl ExplanationView {
    pub fn of(explanation: Explanation) -> Self {
        let attempts = explanation
            .attempts
            .into_iter()
            .map(|row| AttemptView {
                number: row.number,
                outcome: row.outcome,
                code: row.code,
                message: row.message,
                started_at: row.started_at,
                ended_at: row.ended_at,
            })
            .collect();
        let gates = explanation
            .gates
            .into_iter()
            .map(|gate| GateView {
                step: gate.step,
                channel: gate.channel,
                name: gate.name,
                passes: gate.passes,
                reason: gate.reason.map(ReasonView::from),
                saw: gate.saw,
            })
            .collect();
        Self {
            delivery: explanation.delivery.map(DeliveryView::of),
            reason: explanation.reason.map(ReasonView::from),
            held_out: explanation.held_out,
            variant: explanation.variant,
            attempts,
            decided: explanation.decided.map(DecidedView::from),
            gates,
        }
    }
}
