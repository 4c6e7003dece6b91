//! What is known of a supplier: its breaker, its rest after a throttle, the templates that it refuses. Shared by all processes; each
//! keeps its own while the shared state is away. Losing it costs a few calls that fail over.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::try_join3;

use super::rules::{Admission, Breaker};
use crate::context::Context;
use crate::shared_state::{self, SharedState};
use crate::tally::{self, Counts, Threshold};

/// A breaker that nobody touches for so long is forgotten.
const KEPT: Duration = Duration::from_secs(86_400);
/// How long a supplier is not asked for a template that it refused.
const TEMPLATE_REST: chrono::Duration = chrono::Duration::minutes(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Usable,
    Probe,
    LeftOut { until: DateTime<Utc> },
}

/// Asks how a supplier stands; taking the right to probe it belongs to the answer.
pub async fn standing(ctx: &Context, supplier: &str, template: &str) -> Standing {
    match standing_in(ctx, &*ctx.shared, supplier, template).await {
        Ok(standing) => standing,
        Err(error) => {
            tracing::debug!(%error, "nobody knows for all workers how a supplier stands");
            standing_in(ctx, &*ctx.local, supplier, template).await.unwrap_or(Standing::Usable)
        }
    }
}

async fn standing_in(
    ctx: &Context,
    state: &dyn SharedState,
    supplier: &str,
    template: &str,
) -> shared_state::Result<Standing> {
    let (breaker_key, rest_key, refused_key) =
        (breaker_key(supplier), rest_key(supplier), template_key(supplier, template));
    let (breaker, rest, refused) =
        try_join3(state.get(&breaker_key), state.get(&rest_key), state.get(&refused_key)).await?;
    let now = ctx.now();
    let resting = [rest, refused].into_iter().flatten().filter_map(|text| instant(&text)).max();
    if let Some(until) = resting.filter(|until| *until > now) {
        return Ok(Standing::LeftOut { until });
    }
    let Some(text) = breaker else { return Ok(Standing::Usable) };
    match Breaker::parse(&text).admits(now, probe_every(ctx)) {
        Admission::Use => Ok(Standing::Usable),
        Admission::LeaveOut { until } => Ok(Standing::LeftOut { until }),
        Admission::Probe(next) => {
            let ours = state.replace_if(&breaker_key, &text, &next.text(), KEPT).await?;
            let until = now + probe_every(ctx);
            Ok(if ours { Standing::Probe } else { Standing::LeftOut { until } })
        }
    }
}

/// What one call says of its supplier.
pub async fn note(ctx: &Context, supplier: &'static str, failed: bool, was_probe: bool) {
    if let Err(error) = note_in(ctx, &*ctx.shared, supplier, failed, was_probe).await {
        tracing::debug!(%error, "how a supplier stands is kept in this process alone");
        let _ = note_in(ctx, &*ctx.local, supplier, failed, was_probe).await;
    }
}

async fn note_in(
    ctx: &Context,
    state: &dyn SharedState,
    supplier: &'static str,
    failed: bool,
    was_probe: bool,
) -> shared_state::Result<()> {
    let key = breaker_key(supplier);
    let text = state.get(&key).await?;
    let breaker = text.as_deref().map_or(Breaker::NEW, Breaker::parse);
    if was_probe && !failed {
        tracing::info!(supplier, "an SMS supplier works again");
        return state.set(&key, &breaker.closed().text(), KEPT).await;
    }
    let settings = &ctx.settings.sms;
    let counted = Counts { total: 1, failed: i64::from(failed) };
    let window = Duration::from_secs(settings.error_window_seconds);
    let counts = tally::add(ctx, &format!("sms.{supplier}.{}", breaker.generation()), counted, window).await;
    let threshold = Threshold { percent: settings.error_percent, minimum: settings.error_minimum };
    if failed && matches!(breaker, Breaker::Closed { .. }) && tally::is_too_many(counts, threshold) {
        tracing::warn!(
            supplier,
            counts.total,
            counts.failed,
            "an SMS supplier fails too often and is left out"
        );
        return state.set(&key, &breaker.opened(ctx.now(), probe_every(ctx)).text(), KEPT).await;
    }
    Ok(())
}

/// The supplier throttles: it is not asked until then.
pub async fn rest(ctx: &Context, supplier: &str, until: DateTime<Utc>) {
    keep(ctx, &rest_key(supplier), until).await;
}

/// The supplier does not take this template.
pub async fn refuse_template(ctx: &Context, supplier: &str, template: &str) {
    keep(ctx, &template_key(supplier, template), ctx.now() + TEMPLATE_REST).await;
}

async fn keep(ctx: &Context, key: &str, until: DateTime<Utc>) {
    let ttl = (until - ctx.now()).to_std().unwrap_or_default();
    if ctx.shared.set(key, &until.to_rfc3339(), ttl).await.is_err() {
        let _ = ctx.local.set(key, &until.to_rfc3339(), ttl).await;
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc))
}

fn probe_every(ctx: &Context) -> chrono::Duration {
    chrono::Duration::seconds(ctx.settings.sms.probe_seconds)
}

fn breaker_key(supplier: &str) -> String {
    format!("sms.breaker.{supplier}")
}

fn rest_key(supplier: &str) -> String {
    format!("sms.rests.{supplier}")
}

fn template_key(supplier: &str, template: &str) -> String {
    format!("sms.refuses.{supplier}.{template}")
}
