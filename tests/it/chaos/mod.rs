//! What must hold while things break: real processes, real services, and the sandbox's inboxes as the truth.
//! docs/chaos.md tells what each proof does and how to run one.

mod broker;
mod claims;
mod clock;
mod faults;
mod kill;
mod no;
mod postgres;
mod race;
mod rate;
mod redis;

use std::time::Duration;

use entity::states::Channel;
use service::audience::{self, Rule, SegmentDraft};
use service::campaign::CampaignDraft;
use tests::builders::draft;
use tests::cluster::Cluster;
use tests::database::Way;
use tests::services;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A campaign that heals is through well within this.
const BOUND: Duration = Duration::from_secs(240);

/// Real processes are heavy: so many proofs run at once.
const AT_ONCE: u32 = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE as usize);

async fn turn() -> SemaphorePermit<'static> {
    TURNS.acquire().await.expect("it is never closed")
}

/// For proofs that measure time.
async fn alone() -> SemaphorePermit<'static> {
    TURNS.acquire_many(AT_ONCE).await.expect("it is never closed")
}

/// What has no embedded equivalent is left to the other way of running.
fn distributed() -> bool {
    Way::chosen() == Way::Distributed
}

/// A draft of a subscribe message to everybody.
async fn to_everybody(cluster: &Cluster) -> CampaignDraft {
    let segment = SegmentDraft { name: services::fresh_name(), rule: Rule::All(Vec::new()) };
    let segment =
        audience::create(&cluster.ctx, &cluster.owner(), segment).await.expect("the segment is made");
    draft(Channel::WechatSubscribe, segment.id)
}
