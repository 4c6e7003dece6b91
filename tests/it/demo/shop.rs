//! Seeding is harmless to repeat, and what it plans reaches the phones.

use std::sync::Arc;

use entity::states::DeliveryState;
use entity::{
    campaign, consent, consent_event, coupon_template, delivery, identity, member, member_tag, purchase,
    purchase_line, segment, segment_size, setting, staff, staff_store, store, tag,
};
use sandbox::{Newcomer, Sandbox, SandboxSettings};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::Value;
use service::Context;
use service::demo::{self, PASSWORD};
use service::states::CampaignState;
use tests::TestApp;
use tokio_util::sync::CancellationToken;
use worker::Worker;
use worker::broker::{MemoryBroker, MemorySettings};

const ARRIVAL: &str = "TMPL_COUPON_ARRIVAL_0000000000000000000000B";

async fn app_beside(sandbox: &Sandbox) -> TestApp {
    let account = SandboxSettings::default().wechat;
    let wechat = format!(
        "[wechat]\nbase_url = {:?}\nappid = {:?}\nsecret = {:?}",
        sandbox.base_url(),
        account.appid,
        account.secret
    );
    TestApp::with_settings(&wechat).await
}

async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxSettings::default()).await.unwrap()
}

async fn rows<E: EntityTrait>(ctx: &Context) -> u64
where
    E::Model: Sync,
{
    E::find().count(ctx.db.read()).await.unwrap()
}

async fn counts(ctx: &Context) -> [u64; 16] {
    [
        rows::<staff::Entity>(ctx).await,
        rows::<staff_store::Entity>(ctx).await,
        rows::<store::Entity>(ctx).await,
        rows::<tag::Entity>(ctx).await,
        rows::<member::Entity>(ctx).await,
        rows::<identity::Entity>(ctx).await,
        rows::<member_tag::Entity>(ctx).await,
        rows::<purchase::Entity>(ctx).await,
        rows::<purchase_line::Entity>(ctx).await,
        rows::<consent::Entity>(ctx).await,
        rows::<consent_event::Entity>(ctx).await,
        rows::<coupon_template::Entity>(ctx).await,
        rows::<segment::Entity>(ctx).await,
        rows::<segment_size::Entity>(ctx).await,
        rows::<campaign::Entity>(ctx).await,
        rows::<setting::Entity>(ctx).await,
    ]
}

#[tokio::test]
async fn a_shop_that_is_seeded_twice_is_there_once() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    let first = demo::seed(&app.ctx).await.unwrap();
    let once = counts(&app.ctx).await;
    assert_eq!(once[..5], [4, 2, 3, 3, 60]);
    // A segment has the size of the day of the start and of the 28 before it.
    assert_eq!(once[11..], [7, 3, 3 * 29, 5, 3]);
    assert_eq!(demo::seed(&app.ctx).await.unwrap(), first);
    assert_eq!(counts(&app.ctx).await, once);
}

#[tokio::test]
async fn seeding_that_was_cut_off_before_its_end_is_completed_and_doubles_nothing() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    let first = demo::seed(&app.ctx).await.unwrap();
    let once = counts(&app.ctx).await;
    setting::Entity::delete_many().exec(app.ctx.db.writer()).await.unwrap();
    campaign::Entity::delete_by_id(first.draft_campaign_id).exec(app.ctx.db.writer()).await.unwrap();
    let second = demo::seed(&app.ctx).await.unwrap();
    assert_eq!(second.sent_campaign_id, first.sent_campaign_id);
    assert_eq!(counts(&app.ctx).await, once);
}

#[tokio::test]
async fn every_members_sums_are_those_of_their_purchases() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    demo::seed(&app.ctx).await.unwrap();
    for member in member::Entity::find().all(app.ctx.db.read()).await.unwrap() {
        let of_member = purchase::Column::MemberId.eq(member.id);
        let bought = purchase::Entity::find().filter(of_member).all(app.ctx.db.read()).await.unwrap();
        assert_eq!(member.purchase_count, bought.len() as i64);
        assert_eq!(member.purchase_total_fen, bought.iter().map(|purchase| purchase.total_fen).sum::<i64>());
        assert_eq!(member.first_purchase_at, bought.iter().map(|purchase| purchase.purchased_at).min());
        assert_eq!(member.last_purchase_at, bought.iter().map(|purchase| purchase.purchased_at).max());
    }
}

#[tokio::test]
async fn the_members_visits_have_brought_them_points_and_tiers() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    demo::seed(&app.ctx).await.unwrap();

    crate::points::ledger::audit(&app.ctx).await;
    let owner = app.caller(entity::states::StaffRole::Owner);
    let ladder = service::tier::list_tiers(&app.ctx, &owner).await.unwrap();
    let held: Vec<i64> = ladder.iter().map(|one| one.members).collect();
    assert_eq!(held.iter().sum::<i64>(), 60);
    assert!(held.iter().all(|members| *members > 0), "{held:?}");
    let owed = service::points::read_liability(&app.ctx, &owner).await.unwrap();
    assert!(owed.open.points > 0 && owed.pending.points > 0);
}

#[tokio::test]
async fn demo_accounts_sign_in_with_the_printed_password_and_need_not_change_it() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    demo::seed(&app.ctx).await.unwrap();
    for account in demo::ACCOUNTS {
        let body = serde_json::json!({ "login": account.login, "password": PASSWORD });
        let answer = app.post("/v1/staff/auth", body).await;
        let signed_in: Value = serde_json::from_slice(&answer.body).unwrap();
        let token = signed_in["access_token"].as_str().expect("a token");
        let stores = app.get("/v1/console/stores").with_bearer(token).await;
        assert_eq!(stores.status, 200, "{}: {}", account.login, stores.text());
    }
}

/// Gives everybody their phone and does all that is due.
async fn send_out(ctx: &Context, sandbox: &Sandbox) {
    welcome(ctx, sandbox).await;
    let broker = Arc::new(MemoryBroker::new(MemorySettings::default()));
    let worker = Worker::new(ctx.clone(), broker);
    let stop = CancellationToken::new();
    let mut consumers = worker.start_consumers(&stop);
    worker.drain().await.unwrap();
    stop.cancel();
    while consumers.join_next().await.is_some() {}
}

async fn welcome(ctx: &Context, sandbox: &Sandbox) {
    let owners = demo::phone_owners(ctx).await.unwrap();
    let newcomers = owners.into_iter().map(|owner| Newcomer {
        name: owner.name,
        phone: owner.phone,
        openid: owner.openid,
        unionid: owner.unionid,
        alipay_open_id: owner.alipay_open_id,
        subscriptions: owner.consents,
    });
    sandbox.state().welcome(newcomers.collect()).unwrap();
}

#[tokio::test]
async fn the_first_campaign_reaches_the_phones_of_all_who_agreed() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    let shop = demo::seed(&app.ctx).await.unwrap();
    send_out(&app.ctx, &sandbox).await;
    let of = |state: DeliveryState| {
        let of_campaign =
            delivery::Entity::find().filter(delivery::Column::CampaignId.eq(shop.sent_campaign_id));
        of_campaign.filter(delivery::Column::State.eq(state)).count(app.ctx.db.read())
    };
    let (sent, suppressed) =
        (of(DeliveryState::Sent).await.unwrap(), of(DeliveryState::Suppressed).await.unwrap());
    assert_eq!(
        demo::campaign_state(&app.ctx, shop.sent_campaign_id).await.unwrap(),
        CampaignState::Completed
    );
    assert_eq!(demo::campaign_state(&app.ctx, shop.draft_campaign_id).await.unwrap(), CampaignState::Draft);
    assert!(sent > 20 && suppressed > 2, "{sent} sent, {suppressed} suppressed");
    assert_eq!(sandbox.state().messages() as u64, sent);
}

#[tokio::test]
async fn a_sandbox_that_starts_anew_knows_everybody_and_what_is_left_of_their_consent() {
    let before = sandbox().await;
    let app = app_beside(&before).await;
    demo::seed(&app.ctx).await.unwrap();
    send_out(&app.ctx, &before).await;
    let after = sandbox().await;
    welcome(&app.ctx, &after).await;
    assert_eq!(after.state().people(), 60);
    let (name, phone) = demo::first_member();
    let first = read(&app, &after, "/people/p1").await;
    assert_eq!((first["name"].as_str(), first["phone"].as_str()), (Some(&*name), Some(&*phone)));
    let held = read(&app, &after, "/people/p1/subscriptions").await;
    let arrival = held["subscriptions"].as_array().unwrap().iter().find(|row| row["template_id"] == ARRIVAL);
    assert_eq!(arrival.unwrap()["left"], 1, "two accepts, one sent");
    assert_eq!(after.state().callbacks_pending(), 0);
}

async fn read(app: &TestApp, sandbox: &Sandbox, path: &str) -> Value {
    let url = format!("{}/sandbox/api{path}", sandbox.base_url());
    app.client.get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn what_a_demo_asks_for_are_templates_of_the_sandboxs_account() {
    let sandbox = sandbox().await;
    let app = app_beside(&sandbox).await;
    let owner = app.caller(entity::states::StaffRole::Owner);

    let known = service::policy::wechat_templates(&app.ctx, &owner).await.unwrap();

    for asked in demo::subscriptions() {
        let template = known.iter().find(|one| one.id == asked.template_id).expect("a template");
        assert_eq!((template.title.as_str(), template.kind), (asked.title.as_str(), 2));
    }
}
