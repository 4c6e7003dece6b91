//! Lanes and rates at work: the urgent find room, a campaign's rate can be changed under it, a later campaign is not starved.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use entity::states::{CampaignState, Channel, DeliveryState, Lane, StaffRole};
use entity::{delivery, delivery_batch, outbox};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use service::delivery::permits::{Route, limits_of, take};
use service::delivery::{Batch, dispatch, send};
use service::ids::{CampaignId, DeliveryId};
use service::notice::{self, Kind, NewNotice, Step};
use service::shared_state::{Limit, Permits, Result as Shared, SharedState};
use service::{Context, campaign};
use tests::builders::message;
use tests::cluster::ClusterPlan;
use tests::database::Way;
use tests::platforms::COUPON_EXPIRY;
use tests::{TestApp, level};
use tokio_util::sync::CancellationToken;

/// The urgent lane of a process.
const STARTED_WITHIN: Duration = Duration::from_secs(30);

async fn queued(app: &TestApp, id: CampaignId) -> Vec<DeliveryId> {
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    dispatch(&app.ctx).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    app.deliveries_of(id).await.into_iter().map(|row| row.id).collect()
}

/// How long the clock says that sending took, in milliseconds.
async fn took(app: &TestApp, ctx: &Context, id: CampaignId, ids: &[DeliveryId]) -> i64 {
    let began = app.ctx.now();
    let batch = Batch { id: None, campaign_id: id, deliveries: ids };
    send(ctx, batch, &CancellationToken::new()).await.unwrap();
    (app.ctx.now() - began).num_milliseconds()
}

#[tokio::test]
async fn an_urgent_message_goes_at_once_while_campaigns_use_all_of_the_rate() {
    let app = TestApp::with_platforms_and("rates.wechat_per_second = 100").await;
    let one = app.reachable(1, 1).await.remove(0);
    let route = Route { channel: Channel::WechatSubscribe, template_id: Some(COUPON_EXPIRY) };
    let campaigns = limits_of(&app.ctx.settings, route, Lane::Campaign);
    while take(&app.ctx, &campaigns, 1_000).await.granted > 0 {}
    let text = message(Channel::WechatSubscribe);
    let wechat = Step {
        channel: Channel::WechatSubscribe,
        template_id: text.template_id,
        page: text.page,
        parameters: text.parameters,
        title: String::new(),
        body: String::new(),
    };
    let new = NewNotice {
        member_id: one.member,
        kind: Kind::RedemptionReceipt,
        business_key: "R1".to_owned(),
        steps: vec![wechat],
        expires_at: None,
    };
    let (txn, began) = (app.ctx.db.begin().await.unwrap(), app.ctx.now());
    notice::send(&app.ctx, &txn, new).await.unwrap();
    txn.commit().await.unwrap();
    app.drain().await;

    assert_eq!(app.messages_received(), 1);
    assert_eq!(app.ctx.now(), began, "nobody had to wait");
    assert_eq!(take(&app.ctx, &campaigns, 1).await.granted, 0, "it was counted");
}

#[tokio::test]
async fn each_lane_has_its_queue() {
    let app = TestApp::with_platforms().await;
    app.members(1).await;
    let journey = app.scheduled(Channel::Inbox, |draft| draft.lane = Lane::Journey).await;
    let usual = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    for id in [journey, usual] {
        campaign::resolve(&app.ctx, id).await.unwrap();
    }
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    dispatch(&app.ctx).await.unwrap();

    let rows =
        outbox::Entity::find().order_by_asc(outbox::Column::Queue).all(app.ctx.db.read()).await.unwrap();
    let queues: Vec<_> = rows.iter().map(|row| row.queue.as_str()).collect();
    assert_eq!(queues, ["delivery.journey", "delivery.send"]);
    app.drain().await;
    for id in [journey, usual] {
        assert_eq!(app.campaign_row(id).await.state, CampaignState::Completed);
    }
}

#[tokio::test]
async fn a_template_can_have_a_rate_of_its_own() {
    let limits = format!("rates.wechat_per_second = 1000\nrates.templates = {{ {COUPON_EXPIRY} = 10 }}");
    let app = TestApp::with_platforms_and(&limits).await;
    app.reachable(40, 1).await;
    let id = app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    let ids = queued(&app, id).await;
    let took = took(&app, &app.ctx, id, &ids).await;
    assert_eq!(app.messages_received(), 40);
    assert!((3_500..6_000).contains(&took), "40 at 10 a second took {took} ms");
}

#[tokio::test]
async fn a_resumed_campaign_climbs_to_its_rate() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 1000").await;
    app.members(60).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.rate_per_second = Some(100)).await;
    let ids = queued(&app, id).await;
    entity::campaign::Entity::update_many()
        .col_expr(entity::campaign::Column::ResumedAt, app.ctx.now().into())
        .exec(app.ctx.db.writer())
        .await
        .unwrap();
    let took = took(&app, &app.ctx, id, &ids).await;
    assert!((2_500..6_000).contains(&took), "60 at 10 a second and rising took {took} ms");
}

/// Does something to the campaign when permits are asked for the third time: in the middle of a batch.
struct Meanwhile<F> {
    shared: Arc<dyn SharedState>,
    asked: AtomicUsize,
    act: F,
}

#[async_trait]
impl<F, A> SharedState for Meanwhile<F>
where
    F: Fn() -> A + Send + Sync,
    A: Future<Output = ()> + Send,
{
    async fn get(&self, key: &str) -> Shared<Option<String>> {
        self.shared.get(key).await
    }
    async fn set(&self, key: &str, value: &str, ttl: std::time::Duration) -> Shared<()> {
        self.shared.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, key: &str, value: &str, ttl: std::time::Duration) -> Shared<bool> {
        self.shared.set_if_absent(key, value, ttl).await
    }
    async fn remove_if(&self, key: &str, expected: &str) -> Shared<bool> {
        self.shared.remove_if(key, expected).await
    }
    async fn replace_if(&self, key: &str, old: &str, new: &str, ttl: std::time::Duration) -> Shared<bool> {
        self.shared.replace_if(key, old, new, ttl).await
    }
    async fn increment(&self, key: &str, by: i64, ttl: std::time::Duration) -> Shared<i64> {
        self.shared.increment(key, by, ttl).await
    }
    async fn take_together(&self, limits: &[Limit<'_>], wanted: u32, now: DateTime<Utc>) -> Shared<Permits> {
        if self.asked.fetch_add(1, Ordering::SeqCst) == 2 {
            (self.act)().await;
        }
        self.shared.take_together(limits, wanted, now).await
    }
    async fn ping(&self) -> Shared<()> {
        self.shared.ping().await
    }
}

/// The application's context with something that happens in the middle of a batch.
fn with_meanwhile<F, A>(app: &TestApp, act: F) -> Context
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let shared = Arc::new(Meanwhile { shared: app.ctx.shared.clone(), asked: AtomicUsize::new(0), act });
    Context { shared, ..app.ctx.clone() }
}

#[tokio::test]
async fn a_throttle_takes_hold_within_two_seconds_in_a_batch_under_way() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 1000").await;
    app.members(100).await;
    for (before, after, expected) in [(2, Some(500), 0..4_000), (50, Some(5), 15_000..25_000)] {
        let id = app.scheduled(Channel::Inbox, |draft| draft.rate_per_second = Some(before)).await;
        queued(&app, id).await;
        let ids: Vec<_> = app.deliveries_of(id).await.iter().map(|row| row.id).collect();
        let (ctx, owner) = (app.ctx.clone(), app.caller(StaffRole::Owner));
        let faster = with_meanwhile(&app, move || {
            let (ctx, owner) = (ctx.clone(), owner.clone());
            async move {
                campaign::throttle(&ctx, &owner, id, after).await.unwrap();
            }
        });
        let took = took(&app, &faster, id, &ids).await;
        assert!(expected.contains(&took), "{before}, then {after:?}: {took} ms");
    }
}

#[tokio::test]
async fn a_pause_stops_a_batch_under_way_within_two_seconds() {
    let app = TestApp::with_platforms_and("rates.inbox_per_second = 1000").await;
    app.members(100).await;
    let id = app.scheduled(Channel::Inbox, |draft| draft.rate_per_second = Some(5)).await;
    let ids = queued(&app, id).await;
    let (ctx, owner) = (app.ctx.clone(), app.caller(StaffRole::Owner));
    let paused = with_meanwhile(&app, move || {
        let (ctx, owner) = (ctx.clone(), owner.clone());
        async move {
            campaign::pause(&ctx, &owner, id).await.unwrap();
        }
    });
    let took = took(&app, &paused, id, &ids).await;
    assert!(took < 2_000, "{took} ms");
    let counts = app.counts(id).await;
    let sent = counts.iter().find(|(state, _)| *state == DeliveryState::Sent).map_or(0, |(_, count)| *count);
    assert!(sent <= 10, "{counts:?}");
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 100);
    assert!(counts.iter().all(|(state, _)| matches!(state, DeliveryState::Sent | DeliveryState::Pending)));
}

#[tokio::test]
async fn a_later_small_campaign_gets_the_next_room_in_the_queue() {
    let app = TestApp::with_platforms_and("delivery.queued_ahead = 100\ndelivery.batch = 10").await;
    app.members(300).await;
    let big = app.scheduled(Channel::Inbox, |_| {}).await;
    queued(&app, big).await;
    let small = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, small).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    assert_eq!(dispatch(&app.ctx).await.unwrap(), 0, "the queue is full");
    sent(&app, big, 40).await;
    assert_eq!(dispatch(&app.ctx).await.unwrap(), 40);
    assert_eq!((in_queue(&app, big).await, in_queue(&app, small).await), (60, 40));
    sent(&app, big, 60).await;
    assert_eq!(dispatch(&app.ctx).await.unwrap(), 60);
    assert_eq!((in_queue(&app, big).await, in_queue(&app, small).await), (50, 50));
}

async fn in_queue(app: &TestApp, id: CampaignId) -> u64 {
    let of = delivery::Entity::find().filter(delivery::Column::CampaignId.eq(id));
    of.filter(delivery::Column::State.eq(DeliveryState::Queued)).count(app.ctx.db.read()).await.unwrap()
}

/// So many of a campaign leave the queue, batch by batch.
async fn sent(app: &TestApp, id: CampaignId, count: usize) {
    let batches = delivery_batch::Entity::find()
        .filter(delivery_batch::Column::CampaignId.eq(id))
        .order_by_asc(delivery_batch::Column::Id)
        .all(app.ctx.db.read())
        .await
        .unwrap();
    let mut left = count;
    for row in batches {
        let deliveries: Vec<_> = serde_json::from_value(row.delivery_ids).unwrap();
        if left == 0 {
            return;
        }
        left = left.checked_sub(deliveries.len()).expect("whole batches");
        let batch = Batch { id: Some(row.id), campaign_id: id, deliveries: &deliveries };
        send(&app.ctx, batch, &CancellationToken::new()).await.unwrap();
    }
    assert_eq!(left, 0, "so many were queued");
}

#[tokio::test]
async fn many_that_dispatch_at_once_queue_each_delivery_once() {
    let app = TestApp::with_platforms().await;
    app.members(400).await;
    let id = app.scheduled(Channel::Inbox, |_| {}).await;
    campaign::start_due(&app.ctx).await.unwrap();
    campaign::resolve(&app.ctx, id).await.unwrap();
    outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    let rounds = futures_util::future::join_all((0..6).map(|_| dispatch(&app.ctx))).await;
    let counts: Vec<u64> = rounds.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts.iter().sum::<u64>(), 400, "{counts:?}");
    assert_eq!(in_queue(&app, id).await, 400);
}

/// Somebody waits for what is urgent, and for an answer over HTTP; embedded both would wait for the one writer in a thread that yields.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_yields_to_what_somebody_waits_for() {
    let Some(cluster) = ClusterPlan::of(1).start().await else { return };
    let below = if Way::chosen() == Way::Distributed { 5 } else { 0 };
    let of = |name: &str| {
        let threads = cluster.niceness(0).into_iter().filter(|(thread, _)| thread.starts_with(name));
        threads.map(|(_, niceness)| niceness).collect::<BTreeSet<_>>()
    };

    // The first thread has the priority that the process was started with; a thread lowers its own when it begins.
    let as_wanted = || {
        let own = of("huike");
        let yielding = own.iter().map(|niceness| niceness + below).collect();
        own.len() == 1 && of("urgent") == own && of("actix") == own && of("tokio-rt") == yielding
    };
    let reached = level::reached_or(STARTED_WITHIN, async || as_wanted()).await;

    assert!(reached, "{:?}; {}", cluster.niceness(0), cluster.logs());
}
