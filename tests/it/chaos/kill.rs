//! Proof 1: whoever is killed, and whenever: each member ends in one final state, and nobody gets two.

use entity::states::DeliveryState;
use tests::cluster::{Cluster, ClusterPlan};
use tests::seed::Seed;

use super::{BOUND, to_everybody, turn};

const MEMBERS: usize = 20_000;
const KILLS: usize = 10;
const RATE: u32 = 1_500;
/// Batches in one worker's hands, and how many of each it claims at once: a tenth of a second's rate, and no more than
/// the batch.
const WINDOW: u64 = 16 * 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_killed_at_ten_random_points_loses_nobody_and_sends_nobody_two() {
    let _turn = turn().await;
    let plan = ClusterPlan::of(MEMBERS).workers(3).set("HUIKE_RATES_WECHAT_PER_SECOND", RATE);
    let Some(mut cluster) = plan.start().await else { return };
    let mut seed = Seed::of_this_run("kill");
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    let mut in_flight = 0;
    for point in seed.points(KILLS, MEMBERS * 9 / 10) {
        cluster.wait_for_received(point, BOUND).await;
        let which = seed.below(cluster.workers());
        cluster.kill_worker(which);
        in_flight += cluster.count(campaign, DeliveryState::Sending).await.min(WINDOW);
        cluster.start_worker(which);
        wait_if_alone(&cluster).await;
    }
    cluster.wait_until_completed(campaign, BOUND).await;

    let verdict = cluster.judge(campaign).await;
    eprintln!("kill: {verdict:?}, at most {in_flight} were in flight");
    assert!(verdict.unknown <= in_flight, "{} unknown of {in_flight} in flight", verdict.unknown);
}

/// The only process is up before it is killed again; one of several may be killed while it starts.
async fn wait_if_alone(cluster: &Cluster) {
    if cluster.workers() == 1 {
        cluster.wait_until_ready().await;
    }
}
