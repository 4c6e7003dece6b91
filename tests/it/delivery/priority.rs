//! Who takes a member's last slot.

use chrono::Duration;
use chrono_tz::Asia::Shanghai;
use entity::delivery;
use entity::states::{Channel, DeliveryState, OnCap};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use service::delivery::priority::{Rival, yields};
use service::delivery::{Slot, Terms};
use service::policy::Caps;
use tests::TestApp;
use tests::platforms::COUPON_EXPIRY;

use super::facts::{NO_CAPS, noon, recipient, slot, terms};
use super::guarantee::{queued, send_all};

fn capped(per_24_hours: u32) -> Terms {
    let mut terms = terms(Channel::WechatSubscribe);
    terms.caps = Caps { per_24_hours, ..NO_CAPS };
    terms
}

fn mine() -> Slot {
    slot(noon(), Channel::Inbox, "offers")
}

fn due_now() -> Rival {
    Rival { campaign: 0, due: noon(), step: 0 }
}

#[test]
fn a_delivery_waits_only_where_its_slot_would_leave_the_higher_one_none() {
    let to = recipient(Shanghai);
    let wait = |cap, rivals: &[Rival]| yields(&[capped(cap), capped(cap)], &to, (rivals, mine()), noon());
    assert_eq!(wait(1, &[due_now()]), Some(noon() + Duration::minutes(5)));
    assert_eq!(wait(2, &[due_now()]), None);
    assert_eq!(wait(0, &[due_now()]), None, "without a cap nobody waits");
    let two = [due_now(), Rival { campaign: 1, ..due_now() }];
    assert!(wait(2, &two).is_some(), "two higher ones take two");
    assert_eq!(wait(3, &two), None);
    let soon = Rival { due: noon() + Duration::minutes(30), ..due_now() };
    assert_eq!(wait(1, &[soon]), Some(noon() + Duration::minutes(35)));
}

#[test]
fn a_higher_one_that_is_closed_for_the_member_holds_nobody_up() {
    let mut to = recipient(Shanghai);
    let ask = |to: &service::delivery::Recipient, terms: Terms| {
        yields(&[terms], to, (&[due_now()], mine()), noon())
    };
    to.consents.clear();
    assert_eq!(ask(&to, capped(1)), None, "no consent for it");
    to.consents.insert("T".to_owned(), 1);
    let mut ended = capped(1);
    ended.offer_ends_at = Some(noon());
    assert_eq!(ask(&to, ended), None);
    to.slots = vec![slot(noon() - Duration::hours(2), Channel::Inbox, "offers")];
    assert_eq!(ask(&to, capped(1)), None, "its cap is reached already");
}

#[tokio::test]
async fn of_two_that_race_with_four_workers_the_higher_takes_every_last_slot_whoever_comes_first() {
    let app = TestApp::with_platforms_and(
        "caps.per_24_hours = 1\nrates.wechat_per_second = 5000\nrates.inbox_per_second = 5000",
    )
    .await;
    app.reachable(120, 1).await;
    let low = app.scheduled(Channel::Inbox, |draft| draft.priority = 3).await;
    let high = app.scheduled(Channel::WechatSubscribe, |draft| draft.priority = 8).await;
    let (first, second) = (queued(&app, low).await, queued(&app, high).await);
    let batches = first.chunks(30).map(|ids| (low, ids)).chain(second.chunks(30).map(|ids| (high, ids)));
    join_all(batches.map(|(id, ids)| send_all(&app, id, ids))).await;
    app.callbacks_settled().await;

    let slots = delivery::Entity::find().filter(delivery::Column::SlotAt.is_not_null());
    assert_eq!(slots.count(app.ctx.db.read()).await.unwrap(), 120, "never above the cap");
    assert_eq!(app.counts(high).await, [(DeliveryState::Delivered, 120)]);

    app.advance(Duration::minutes(6)).await;
    app.drain().await;
    assert_eq!(app.counts(low).await, [(DeliveryState::Suppressed, 120)]);
    assert_eq!(app.reasons(low).await, [("frequency_cap".to_owned(), 120)]);
}

#[tokio::test]
async fn the_lower_one_goes_on_when_the_higher_has_failed_or_cannot_reach_the_member() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    let reachable = app.reachable(3, 1).await;
    app.cancel_subscription(&reachable[0].person, COUPON_EXPIRY).await;
    let low = app.scheduled(Channel::Inbox, |draft| draft.on_cap = OnCap::Defer).await;
    let high = app.scheduled(Channel::WechatSubscribe, |draft| draft.priority = 9).await;
    let (first, second) = (queued(&app, low).await, queued(&app, high).await);
    send_all(&app, low, &first).await;
    let waits = app.counts(low).await;
    assert_eq!(waits, [(DeliveryState::Sent, 1), (DeliveryState::Deferred, 2)], "one the other cannot reach");
    assert_eq!(app.reasons(low).await, [("yields_to_priority".to_owned(), 2)]);

    let fault = serde_json::json!({ "error_rate": 1.0, "errcode": 47003 });
    app.set_fault("/cgi-bin/message/subscribe/send", fault).await;
    send_all(&app, high, &second).await;
    app.advance(Duration::minutes(6)).await;
    app.drain().await;
    assert_eq!(app.counts(low).await, [(DeliveryState::Sent, 3)]);
}

#[tokio::test]
async fn a_higher_one_that_stands_still_is_waited_for_an_hour_and_no_longer() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    app.reachable(2, 1).await;
    let low = app.scheduled(Channel::Inbox, |_| {}).await;
    let high = app.scheduled(Channel::WechatSubscribe, |draft| draft.priority = 9).await;
    let (first, _) = (queued(&app, low).await, queued(&app, high).await);
    send_all(&app, low, &first).await;
    assert_eq!(app.counts(low).await, [(DeliveryState::Deferred, 2)]);
    app.clock.advance(Duration::minutes(59));
    queued_again(&app, low).await;
    assert_eq!(app.counts(low).await, [(DeliveryState::Deferred, 2)]);
    app.clock.advance(Duration::minutes(6));
    queued_again(&app, low).await;
    assert_eq!(app.counts(low).await, [(DeliveryState::Sent, 2)]);
}

/// Claims what waits of one campaign, while the other's queue stands still.
async fn queued_again(app: &TestApp, id: service::ids::CampaignId) {
    service::delivery::dispatch(&app.ctx).await.unwrap();
    entity::outbox::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    let ids: Vec<_> = app.deliveries_of(id).await.into_iter().map(|row| row.id).collect();
    send_all(app, id, &ids).await;
}
