//! When a campaign stops by itself. What a batch's answers say is decided here before they are settled; [`judge`] is pure.
//!
//! Three things stop a campaign, and only that one: a refusal that all its members would get; several refusals of the content in a
//! row without a success, which are then the template's data and not one member's; too large a share of failures. A lost consent,
//! an opt-out known to the supplier, a throttle and a busy platform are no failures: a storm of 43101 neither stops nor slows.

use std::time::Duration;

use super::outcome::Outcome;
use super::reason::Reason;
use crate::context::Context;
use crate::ids::{CampaignId, DeliveryId};
use crate::shared_state::SharedState;
use crate::tally::{self, Counts, Threshold};

/// `state_reason` of a campaign with too many failures of any kind.
pub const TOO_MANY_FAILURES: &str = "error_rate";
/// How long a row of refused contents is remembered.
const ROW_KEPT: Duration = Duration::from_secs(3600);
/// How long it is remembered that a campaign was stopped, so that what was counted before no longer counts.
const STOPS_KEPT: Duration = Duration::from_secs(86_400);

/// What a batch's answers hold, as far as it concerns the campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The first code that everybody would get.
    pub broken: Option<String>,
    /// The last code of a refused content.
    pub content: Option<String>,
    pub content_refused: i64,
    pub sent: i64,
    pub counts: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The code for which the campaign stops.
    pub stop: Option<String>,
    /// The refused contents of this batch are the template's: their members are not failed but wait.
    pub content_is_template: bool,
}

/// What the batch shows. `row` is how many contents were refused one after the other so far, these included; `window` what the
/// window holds with this batch.
pub fn judge(seen: &Seen, row: i64, most_in_row: i64, window: Counts, threshold: Threshold) -> Verdict {
    if let Some(code) = &seen.broken {
        return Verdict { stop: Some(code.clone()), content_is_template: false };
    }
    if seen.sent == 0 && seen.content_refused > 0 && row >= most_in_row {
        return Verdict { stop: seen.content.clone(), content_is_template: true };
    }
    if seen.counts.failed > 0 && tally::is_too_many(window, threshold) {
        return Verdict { stop: Some(TOO_MANY_FAILURES.to_owned()), content_is_template: false };
    }
    Verdict::default()
}

pub fn look_at<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Seen {
    let mut seen = Seen::default();
    for outcome in outcomes {
        let failed = match outcome {
            Outcome::Sent { .. } => {
                seen.sent += 1;
                false
            }
            Outcome::CampaignBroken(told) => {
                seen.broken.get_or_insert_with(|| told.code.clone());
                continue;
            }
            Outcome::ContentRefused(told) => {
                seen.content_refused += 1;
                seen.content = Some(told.code.clone());
                true
            }
            Outcome::Unknown(_) => true,
            Outcome::Refused { reason: Reason::NoConsent | Reason::OptedOut, .. }
            | Outcome::Again { .. }
            | Outcome::HandedBack => continue,
            Outcome::Refused { .. } => true,
        };
        seen.counts.total += 1;
        seen.counts.failed += i64::from(failed);
    }
    seen
}

/// Counts a claim's answers for its campaign and says whether it stops. `stops` is what [`stops_of`] said before the claim was made:
/// answers to what was called before the last stop no longer count.
pub async fn weigh(
    ctx: &Context,
    (campaign, stops): (CampaignId, &str),
    outcomes: &[(DeliveryId, Outcome)],
) -> Verdict {
    let seen = look_at(outcomes.iter().map(|(_, outcome)| outcome));
    if seen == Seen::default() {
        return Verdict::default();
    }
    let settings = &ctx.settings.delivery;
    let row = row_of(ctx, campaign, &seen).await;
    let window = if seen.counts.total == 0 {
        seen.counts
    } else if stops != stops_of(ctx, campaign).await {
        Counts::default()
    } else {
        let key = format!("campaign.{campaign}.{stops}");
        tally::add(ctx, &key, seen.counts, Duration::from_secs(settings.error_window_seconds)).await
    };
    let threshold = Threshold { percent: settings.error_percent, minimum: settings.error_minimum };
    judge(&seen, row, settings.content_failures, window, threshold)
}

/// How many contents were refused one after the other. A success ends the row.
async fn row_of(ctx: &Context, campaign: CampaignId, seen: &Seen) -> i64 {
    if seen.content_refused == 0 && seen.sent == 0 {
        return 0;
    }
    let key = format!("campaign.{campaign}.content_row");
    if seen.sent > 0 {
        // Only where there was a row; most batches never see a refusal.
        if let Ok(Some(_)) = ctx.shared.get(&key).await {
            let _ = ctx.shared.set(&key, "0", ROW_KEPT).await;
        }
        let _ = ctx.local.set(&key, "0", ROW_KEPT).await;
        return 0;
    }
    match ctx.shared.increment(&key, seen.content_refused, ROW_KEPT).await {
        Ok(row) => row,
        Err(_) => {
            ctx.local.increment(&key, seen.content_refused, ROW_KEPT).await.unwrap_or(seen.content_refused)
        }
    }
}

/// How often the campaign stopped by itself; what was counted before its last stop does not stop it again.
pub async fn stops_of(ctx: &Context, campaign: CampaignId) -> String {
    let stops = ctx.shared.get(&stops_key(campaign)).await.ok().flatten();
    stops.unwrap_or_default()
}

/// The campaign was stopped: what was seen of it begins anew.
pub async fn begin_anew(ctx: &Context, campaign: CampaignId) {
    let key = stops_key(campaign);
    if let Err(error) = ctx.shared.increment(&key, 1, STOPS_KEPT).await {
        tracing::debug!(%error, "a stopped campaign's counts were not ended");
    }
    let row = format!("campaign.{campaign}.content_row");
    let _ = ctx.shared.set(&row, "0", ROW_KEPT).await;
    let _ = ctx.local.set(&row, "0", ROW_KEPT).await;
}

fn stops_key(campaign: CampaignId) -> String {
    format!("campaign.{campaign}.stops")
}
