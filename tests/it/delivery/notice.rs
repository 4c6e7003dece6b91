//! Notices: told once, in the inbox in any case, by the platform where the member agreed, whatever else is going on.

use chrono::Duration;
use entity::states::{Channel, DeliveryState, MemberState, StaffRole};
use entity::{inbox_message, member, notice, outbox as outbox_row};
use futures_util::future::join_all;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use service::delivery::notices::{recover_notices, send_notices};
use service::ids::{MemberId, NoticeId};
use service::notice::{self as notices, Kind, NewNotice, NoticeRow, Step};
use service::outbox;
use service::platforms::Platforms;
use tests::TestApp;
use tests::builders::message;
use tests::platforms::COUPON_EXPIRY;
use tokio_util::sync::CancellationToken;

const SEND: &str = "/cgi-bin/message/subscribe/send";

fn receipt(member_id: MemberId, kind: Kind, key: &str) -> NewNotice {
    let message = message(Channel::WechatSubscribe);
    let wechat = Step {
        channel: Channel::WechatSubscribe,
        template_id: message.template_id,
        page: message.page,
        parameters: message.parameters,
        title: String::new(),
        body: String::new(),
    };
    let inbox = Step::inbox("优惠券核销成功".to_owned(), "满100减20券".to_owned(), None);
    NewNotice { member_id, kind, business_key: key.to_owned(), steps: vec![wechat, inbox], expires_at: None }
}

async fn tell(app: &TestApp, new: NewNotice) -> bool {
    let txn = app.ctx.db.begin().await.unwrap();
    let written = notices::send(&app.ctx, &txn, new).await.unwrap();
    txn.commit().await.unwrap();
    written
}

async fn rows(app: &TestApp) -> Vec<NoticeRow> {
    notice::Entity::find().order_by_asc(notice::Column::Id).all(app.ctx.db.read()).await.unwrap()
}

async fn in_inbox(app: &TestApp, member: MemberId) -> u64 {
    let of_member = inbox_message::Entity::find().filter(inbox_message::Column::MemberId.eq(member));
    of_member.count(app.ctx.db.read()).await.unwrap()
}

/// Without its job: somebody else's business.
async fn told_aside(app: &TestApp, member: MemberId, kind: Kind) -> NoticeId {
    tell(app, receipt(member, kind, "R1")).await;
    outbox_row::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    rows(app).await[0].id
}

async fn work(app: &TestApp, id: NoticeId) {
    send_notices(&app.ctx, &[id], &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn a_notice_reaches_the_phone_and_the_inbox_and_its_receipt_comes_back() {
    let app = TestApp::with_platforms_and_own_broker().await;
    let one = app.reachable(1, 1).await.remove(0);
    assert!(tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await);
    app.drain().await;

    let row = rows(&app).await.remove(0);
    assert_eq!((row.state, row.channel), (DeliveryState::Delivered, Channel::WechatSubscribe));
    assert_eq!(app.messages_received(), 1);
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    let token = app.member_session(one.member).await;
    let inbox = app.get("/v1/me/inbox").with_bearer(&token).await.expect(200);
    assert_eq!(inbox["items"][0]["title"], "优惠券核销成功");
}

/// As a merge of its member holds it.
#[tokio::test]
async fn a_notice_that_somebody_holds_when_it_is_claimed_waits_for_no_lease() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 1).await.remove(0);
    let id = told_aside(&app, one.member, Kind::RedemptionReceipt).await;
    let held = app.ctx.db.begin().await.unwrap();
    let row = notice::Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    row.one(&held).await.unwrap().unwrap();

    let let_go = async {
        app.somebody_waits().await;
        held.rollback().await.unwrap();
    };
    tokio::join!(work(&app, id), let_go);
    app.drain().await;

    assert_eq!(rows(&app).await.remove(0).state, DeliveryState::Delivered);
}

#[tokio::test]
async fn without_an_accept_the_inbox_alone_has_it() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await;
    app.drain().await;

    let row = rows(&app).await.remove(0);
    assert_eq!((row.state, row.channel), (DeliveryState::Sent, Channel::Inbox));
    assert_eq!((app.messages_received(), in_inbox(&app, one.member).await), (0, 1));
}

#[tokio::test]
async fn what_is_told_twice_or_by_many_at_once_is_written_once() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 3).await.remove(0);
    let at_once = (0..6).map(|_| tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")));
    let written = join_all(at_once).await.into_iter().filter(|written| *written).count();
    assert_eq!(written, 1);
    assert!(!tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await);
    app.drain().await;
    assert_eq!((app.messages_received(), in_inbox(&app, one.member).await), (1, 1));
}

#[tokio::test]
async fn a_job_that_comes_twice_and_to_two_workers_at_once_tells_once() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 3).await.remove(0);
    let id = told_aside(&app, one.member, Kind::ReversalReceipt).await;
    join_all((0..4).map(|_| work(&app, id))).await;
    work(&app, id).await;
    app.callbacks_settled().await;
    assert_eq!((app.messages_received(), in_inbox(&app, one.member).await), (1, 1));
}

#[tokio::test]
async fn of_those_in_one_message_each_is_told_as_if_alone() {
    let app = TestApp::with_platforms().await;
    let members: Vec<MemberId> = app.reachable(4, 2).await.into_iter().map(|one| one.member).collect();
    let [often, once, gone, later] = members[..] else { panic!("four members") };
    let told = [(often, "A1"), (once, "B1"), (often, "A2"), (gone, "C1"), (often, "A3"), (later, "D1")];
    for (member, key) in told {
        tell(&app, receipt(member, Kind::RedemptionReceipt, key)).await;
    }
    let set = |column: notice::Column, value: Expr, key: &str| {
        let of_key = notice::Column::BusinessKey.eq(key);
        notice::Entity::update_many().col_expr(column, value).filter(of_key).exec(app.ctx.db.writer())
    };
    set(notice::Column::NotBefore, Expr::value(app.ctx.now() + Duration::hours(1)), "D1").await.unwrap();
    member::Entity::update_many()
        .col_expr(member::Column::State, Expr::value(MemberState::Disabled))
        .filter(member::Column::Id.eq(gone))
        .exec(app.ctx.db.writer())
        .await
        .unwrap();
    let ids: Vec<NoticeId> = rows(&app).await.iter().map(|row| row.id).collect();
    assert_eq!(outbox::pack(waiting(&app).await).len(), 1, "they go as one message");
    send_notices(&app.ctx, &ids, &CancellationToken::new()).await.unwrap();
    app.callbacks_settled().await;

    let ended: Vec<_> = rows(&app)
        .await
        .into_iter()
        .map(|row| (row.business_key, row.state, row.channel, row.attempts, row.reason))
        .collect();
    let wechat = Channel::WechatSubscribe;
    let expected = [
        ("A1", DeliveryState::Delivered, wechat, 1, None),
        ("B1", DeliveryState::Delivered, wechat, 1, None),
        ("A2", DeliveryState::Delivered, wechat, 1, None),
        ("C1", DeliveryState::Suppressed, wechat, 1, Some("member_inactive")),
        ("A3", DeliveryState::Sent, Channel::Inbox, 1, None),
        ("D1", DeliveryState::Queued, wechat, 0, None),
    ];
    let expected = expected.map(|(key, state, channel, tries, reason)| {
        (key.to_owned(), state, channel, tries, reason.map(str::to_owned))
    });
    assert_eq!(ended, expected);
    assert_eq!(app.messages_received(), 3);
    assert_eq!(app.consent_left(often, COUPON_EXPIRY).await, (0, 0));
    assert_eq!(app.consent_left(once, COUPON_EXPIRY).await, (1, 0));
    let inboxes = join_all(members.iter().map(|member| in_inbox(&app, *member))).await;
    assert_eq!(inboxes, [3, 1, 0, 0]);
}

#[tokio::test]
async fn one_that_cannot_be_read_keeps_none_of_its_message_waiting() {
    let app = TestApp::with_platforms().await;
    let members: Vec<MemberId> = app.reachable(3, 1).await.into_iter().map(|one| one.member).collect();
    for (member, key) in members.iter().zip(["A", "B", "C"]) {
        tell(&app, receipt(*member, Kind::RedemptionReceipt, key)).await;
    }
    notice::Entity::update_many()
        .col_expr(notice::Column::Message, Expr::value(json!({ "steps": 5 })))
        .filter(notice::Column::BusinessKey.eq("B"))
        .exec(app.ctx.db.writer())
        .await
        .unwrap();
    let ids: Vec<NoticeId> = rows(&app).await.iter().map(|row| row.id).collect();
    let ended = send_notices(&app.ctx, &ids, &CancellationToken::new()).await;
    assert!(ended.is_err_and(|error| error.is_passing()), "it is tried again");
    app.callbacks_settled().await;
    let states: Vec<DeliveryState> = rows(&app).await.into_iter().map(|row| row.state).collect();
    assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Queued, DeliveryState::Delivered]);
    assert_eq!(app.messages_received(), 2);
}

async fn waiting(app: &TestApp) -> Vec<outbox::Row> {
    outbox_row::Entity::find().all(app.ctx.db.read()).await.unwrap()
}

#[tokio::test]
async fn caps_quiet_hours_and_marketing_opt_outs_do_not_hold_a_receipt() {
    let app = TestApp::with_platforms_and("caps.per_24_hours = 1").await;
    let one = app.reachable(1, 2).await.remove(0);
    app.scheduled(Channel::WechatSubscribe, |_| {}).await;
    app.drain().await;
    app.advance(Duration::hours(13)).await;
    let txn = app.ctx.db.begin().await.unwrap();
    service::consent::opt_out(
        &app.ctx,
        &txn,
        one.member,
        ("all", "all"),
        service::consent::Said::by("member", serde_json::json!({})),
    )
    .await
    .unwrap();
    txn.commit().await.unwrap();

    tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await;
    app.drain().await;
    assert_eq!(app.messages_received(), 2);
    assert_eq!(rows(&app).await[0].state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_consent_that_the_platform_does_not_know_any_more_leaves_the_inbox() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 2).await.remove(0);
    app.set_callback_faults(json!({ "lost_rate": 1.0 })).await;
    app.cancel_subscription(&one.person, COUPON_EXPIRY).await;
    tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await;
    app.drain().await;

    let row = rows(&app).await.remove(0);
    assert_eq!((row.state, row.channel), (DeliveryState::Sent, Channel::Inbox));
    assert_eq!(row.reason.as_deref(), Some("no_consent"));
    assert_eq!(app.consent_left(one.member, COUPON_EXPIRY).await, (0, 0));
    assert_eq!(in_inbox(&app, one.member).await, 1);
}

#[tokio::test]
async fn a_busy_platform_is_tried_again() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 1).await.remove(0);
    app.set_fault(SEND, json!({ "error_rate": 1.0, "errcode": -1 })).await;
    tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await;
    app.drain().await;
    assert_eq!(rows(&app).await[0].state, DeliveryState::Pending);
    app.clear_faults().await;
    app.advance(Duration::minutes(1)).await;
    app.drain().await;
    assert_eq!(rows(&app).await[0].state, DeliveryState::Delivered);
    assert_eq!((app.messages_received(), in_inbox(&app, one.member).await), (1, 1));
}

/// As a worker leaves it that dies between claim and settle.
async fn claimed_and_left(app: &TestApp, kind: Kind) -> MemberId {
    let mut reachable = app.reachable(2, 3).await;
    // The platform's token is at hand: who dies while fetching it keeps the next one waiting.
    let other = reachable.remove(1);
    tell(app, receipt(other.member, Kind::RedemptionReceipt, "R0")).await;
    app.drain().await;
    notice::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    let one = reachable.remove(0);
    let id = told_aside(app, one.member, kind).await;
    // A platform that takes the connection and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut settings = (*app.ctx.settings).clone();
    settings.wechat.base_url = format!("http://{}", silent.local_addr().expect("the port is known"));
    let mut ctx = app.ctx.clone();
    ctx.platforms = Platforms::connect(&settings, ctx.shared.clone(), ctx.clock.clone()).unwrap();
    let dying = tokio::spawn(async move { send_notices(&ctx, &[id], &CancellationToken::new()).await });
    while rows(app).await[0].state != DeliveryState::Sending {
        tokio::task::yield_now().await;
    }
    dying.abort();
    app.advance(Duration::minutes(10)).await;
    recover_notices(&app.ctx).await.unwrap();
    one.member
}

#[tokio::test]
async fn a_receipt_whose_answer_was_never_heard_is_not_sent_again() {
    let app = TestApp::with_platforms().await;
    let member = claimed_and_left(&app, Kind::RedemptionReceipt).await;
    app.advance(Duration::minutes(10)).await;
    app.drain().await;
    assert_eq!(rows(&app).await[0].state, DeliveryState::Unknown);
    assert_eq!(app.consent_left(member, COUPON_EXPIRY).await, (2, 0), "it may have been used");
    assert_eq!(in_inbox(&app, member).await, 1);
}

#[tokio::test]
async fn that_a_coupon_is_back_may_be_told_twice() {
    let app = TestApp::with_platforms().await;
    let member = claimed_and_left(&app, Kind::ReversalReceipt).await;
    app.advance(Duration::minutes(10)).await;
    app.drain().await;
    let row = rows(&app).await.remove(0);
    assert_eq!(row.state, DeliveryState::Delivered, "{row:?}");
    assert_eq!(in_inbox(&app, member).await, 1);
}

#[tokio::test]
async fn a_notice_whose_message_got_lost_is_queued_again() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 1).await.remove(0);
    told_aside(&app, one.member, Kind::RedemptionReceipt).await;
    app.drain().await;
    assert_eq!(rows(&app).await[0].state, DeliveryState::Queued);
    app.advance(Duration::minutes(6)).await;
    recover_notices(&app.ctx).await.unwrap();
    app.drain().await;
    assert_eq!(rows(&app).await[0].state, DeliveryState::Delivered);
}

#[tokio::test]
async fn the_console_lists_notices_by_state() {
    let app = TestApp::with_platforms().await;
    let one = app.reachable(1, 0).await.remove(0);
    tell(&app, receipt(one.member, Kind::RedemptionReceipt, "R1")).await;
    let staff = app.staff_session(StaffRole::Marketer).await;
    let list = |state: &str| app.get(&format!("/v1/console/notices?state={state}")).with_bearer(&staff);
    let queued = list("queued").await.expect(200);
    assert_eq!(queued["items"][0]["kind"], "redemption_receipt");
    app.drain().await;
    assert_eq!(list("queued").await.expect(200)["items"], json!([]));
    assert_eq!(list("sent").await.expect(200)["items"][0]["channel"], "inbox");
}
