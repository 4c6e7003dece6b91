//! Proof 4: PostgreSQL is restarted, in order and in the middle of everything: the same as when a worker is killed.

use entity::states::DeliveryState;
use tests::cluster::ClusterPlan;
use tests::private::{PrivatePostgres, Shutdown};

use super::{BOUND, distributed, to_everybody, turn};

const MEMBERS: usize = 6_000;
const RATE: u32 = 700;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgresql_loses_nobody_and_sends_nobody_two() {
    if !distributed() {
        return;
    }
    let _turn = turn().await;
    let Some(mut postgres) = PrivatePostgres::start().await else { return };
    let plan = ClusterPlan::of(MEMBERS)
        .workers(3)
        .database(postgres.url())
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        // No worker dies, so no answer is lost while a settle waits for the database within its lease.
        .set("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 25);
    let Some(cluster) = plan.start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    let mut in_doubt = 0;
    for (part, how) in [(1, Shutdown::Fast), (2, Shutdown::Immediate), (3, Shutdown::Fast)] {
        cluster.wait_for_received(MEMBERS * part / 4, BOUND).await;
        postgres.stop(how).await;
        postgres.start_again().await;
        in_doubt += cluster.count(campaign, DeliveryState::Sending).await;
    }
    cluster.wait_until_completed(campaign, BOUND).await;

    let verdict = cluster.judge(campaign).await;
    eprintln!("postgres: {verdict:?}, {in_doubt} were in doubt");
    assert!(verdict.unknown <= in_doubt, "{verdict:?}, {in_doubt} were in doubt");
}
