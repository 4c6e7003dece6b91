//! What ticks when. A tick only makes work that is due into messages or moves rows by conditional updates, so any
//! number of processes may tick at once.

use std::time::Duration;

use service::delivery::notices;
use service::outbox::{self, Job};
use service::{Context, behaviour, campaign, delivery, idempotency, identity, tag};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Campaigns start this often.
const CAMPAIGNS: Duration = Duration::from_millis(200);
/// The queues are filled up this often while there is work, and looked at while there is none.
const DISPATCH: Duration = Duration::from_millis(20);
const DISPATCH_IDLE: Duration = Duration::from_millis(100);
const COMPLETION: Duration = Duration::from_secs(1);
const RECOVERY: Duration = Duration::from_secs(10);
const TAG_RULES: Duration = Duration::from_secs(10);
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

/// What is done once an hour. Purchases are settled before the points that hang on them and before the tiers that count them.
const HOURLY: &[Job] = &[
    Job::ExpireCoupons,
    Job::SettlePurchases,
    Job::ExpirePoints,
    Job::RemindOfPoints,
    Job::CheckTiers,
    Job::CheckPoints,
    Job::CountSegments,
    Job::ComputeRfm,
    Job::FindAssociations,
];

pub async fn run(ctx: Context, stop: CancellationToken) {
    let mut ticks = [CAMPAIGNS, COMPLETION, RECOVERY, TAG_RULES, HOUSEKEEPING].map(|period| {
        let mut tick = interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick
    });
    let [campaigns, completion, recovery, tag_rules, housekeeping] = &mut ticks;
    loop {
        let (name, ended) = tokio::select! {
            () = stop.cancelled() => return,
            _ = campaigns.tick() => ("campaigns", start_campaigns(&ctx).await),
            _ = completion.tick() => ("completion", close_campaigns(&ctx).await),
            _ = recovery.tick() => ("recovery", recover(&ctx).await),
            _ = tag_rules.tick() => ("tag rules", tag::apply_tag_rules(&ctx).await),
            _ = housekeeping.tick() => ("housekeeping", keep_house(&ctx).await),
        };
        warn_of(name, ended);
    }
}

fn warn_of(tick: &str, ended: service::Result<u64>) {
    if let Err(error) = ended {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::warn!(tick, %error, cause, "a tick failed; the next one tries again");
    }
}

/// Fills up the queues, by itself so that nothing else that ticks keeps the workers waiting.
pub async fn run_dispatch(ctx: Context, stop: CancellationToken) {
    loop {
        let ended = delivery::dispatch(&ctx).await;
        let wait = if matches!(ended, Ok(0) | Err(_)) { DISPATCH_IDLE } else { DISPATCH };
        warn_of("dispatch", ended);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// What ticks for the urgent lane.
pub async fn run_urgent(ctx: Context, stop: CancellationToken) {
    let (mut due, mut recovery) = (interval(CAMPAIGNS), interval(RECOVERY));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recovery.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (name, ended) = tokio::select! {
            () = stop.cancelled() => return,
            _ = due.tick() => ("notices", notices::dispatch_notices(&ctx).await),
            _ = recovery.tick() => ("recovery of notices", notices::recover_notices(&ctx).await),
        };
        warn_of(name, ended);
    }
}

/// Starts what is due and queues what may go; answers how much that was.
pub async fn run_campaigns(ctx: &Context) -> service::Result<u64> {
    let started = start_campaigns(ctx).await?;
    Ok(started + delivery::dispatch(ctx).await? + notices::dispatch_notices(ctx).await?)
}

/// Makes the occurrences of recurring campaigns that are due, and starts what is due.
async fn start_campaigns(ctx: &Context) -> service::Result<u64> {
    Ok(campaign::run_due_occurrences(ctx).await? + campaign::start_due(ctx).await?)
}

/// Ends what is over; answers how much that was.
pub async fn close_campaigns(ctx: &Context) -> service::Result<u64> {
    Ok(campaign::complete_finished(ctx).await? + campaign::end_cancelled(ctx).await?)
}

/// Mends what a lost message or a dead worker has left; answers how much that was.
pub async fn recover(ctx: &Context) -> service::Result<u64> {
    let recovered = campaign::ask_again(ctx).await? + delivery::recover(ctx).await?;
    Ok(recovered + notices::recover_notices(ctx).await?)
}

/// Once an hour for the whole installation.
async fn keep_house(ctx: &Context) -> service::Result<u64> {
    let hour = format!("housekeeping.{}", ctx.now().format("%Y%m%d%H"));
    if !ctx.shared.set_if_absent(&hour, "taken", 2 * HOUSEKEEPING).await? {
        return Ok(0);
    }
    let txn = ctx.db.begin().await?;
    outbox::push(&txn, ctx.now(), HOURLY).await?;
    txn.commit().await.map_err(service::Error::from)?;
    let forgotten = idempotency::forget_old(ctx).await? + identity::history::forget_old_sign_ins(ctx).await?;
    Ok(forgotten + behaviour::forget_old_events(ctx).await?)
}
