//! Proof 2: RabbitMQ is restarted, its connection is cut in the middle of a publish and of an acknowledgement, its queue is
//! purged: nobody is lost, nobody gets two.

use entity::states::DeliveryState;
use tests::cluster::{Cluster, ClusterPlan};
use tests::level;
use tests::private::PrivateRabbitMq;
use tests::seed::Seed;
use tests::services;
use tests::wire::{AmqpWire, Lost};

use super::{BOUND, distributed, to_everybody, turn};

const MEMBERS: usize = 4_000;
const RATE: u32 = 600;
const CUTS: usize = 12;
/// So small that messages are published and acknowledged all the time.
const BATCH: usize = 20;
const SEND_QUEUE: &str = "delivery.send";

fn plan() -> ClusterPlan {
    ClusterPlan::of(MEMBERS)
        .workers(2)
        .set("HUIKE_RATES_WECHAT_PER_SECOND", RATE)
        // No worker dies, so no claim may end by its lease, however slow the machine is.
        .set("HUIKE_DELIVERY_CLAIM_LEASE_SECONDS", 300)
}

async fn nobody_lost_nobody_twice(cluster: &Cluster, campaign: service::ids::CampaignId) {
    cluster.wait_until_completed(campaign, BOUND).await;
    let verdict = cluster.judge(campaign).await;
    assert_eq!(verdict.unknown, 0, "no call was in doubt: {verdict:?}");
    assert_eq!(verdict.received, MEMBERS as u64, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_and_a_purge_of_rabbitmq_lose_nobody_and_send_nobody_two() {
    if !distributed() {
        return;
    }
    let _turn = turn().await;
    let Some(mut rabbitmq) = PrivateRabbitMq::start().await else { return };
    let Some(cluster) = plan().amqp(rabbitmq.url()).start().await else { return };
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    cluster.wait_for_received(MEMBERS / 8, BOUND).await;
    rabbitmq.stop().await;
    rabbitmq.start_again().await;
    cluster.wait_for_received(MEMBERS / 3, BOUND).await;
    level::reached("something is in the queue", BOUND, async || {
        cluster.count(campaign, DeliveryState::Queued).await > 0
    })
    .await;
    rabbitmq.purge(&cluster.queue(SEND_QUEUE)).await;
    cluster.wait_for_received(MEMBERS * 2 / 3, BOUND).await;
    rabbitmq.kill();
    rabbitmq.start_again().await;

    nobody_lost_nobody_twice(&cluster, campaign).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_in_the_middle_of_publishes_and_acks_loses_nobody_and_sends_nobody_two() {
    if !distributed() {
        return;
    }
    let Some(url) = services::amqp_url() else { return };
    let _turn = turn().await;
    let wire = AmqpWire::to(&url).await;
    let Some(cluster) = plan()
        .amqp(&wire.url)
        .set("HUIKE_DELIVERY_BATCH", BATCH)
        .set("HUIKE_DELIVERY_QUEUED_AHEAD", 10 * BATCH)
        .start()
        .await
    else {
        return;
    };
    let mut seed = Seed::of_this_run("cut");
    let campaign = cluster.schedule(to_everybody(&cluster).await).await;

    for (number, point) in seed.points(CUTS, MEMBERS * 9 / 10).into_iter().enumerate() {
        cluster.wait_for_received(point, BOUND).await;
        let lost = [Lost::Publish, Lost::Confirm, Lost::Ack][number % 3];
        wire.lose(lost);
        wire.wait_until_lost(BOUND).await;
    }

    nobody_lost_nobody_twice(&cluster, campaign).await;
}
