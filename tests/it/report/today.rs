//! What needs a person today.

use entity::states::{Channel, StaffRole};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde_json::Value;
use service::dead_letter::{DeadLetter, record};
use service::points::{PointsPolicy, adjust_points, save_policy};
use tests::TestApp;

use crate::coupon::shop::{Shop, money_off};
use service::coupon::claim;
use service::coupon::template::TemplateForm;

async fn needs(app: &TestApp, token: &str) -> Vec<Value> {
    let body = app.get("/v1/console/today").with_bearer(token).await.expect(200);
    body["needs"].as_array().expect("needs").clone()
}

fn kinds(needs: &[Value]) -> Vec<&str> {
    needs.iter().map(|need| need["kind"].as_str().expect("a kind")).collect()
}

#[tokio::test]
async fn a_quiet_shop_needs_nobody() {
    let app = TestApp::start().await;
    let owner = app.owner().await;

    assert_eq!(needs(&app, &owner).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_campaign_that_paused_itself_is_told_with_its_reason_and_one_that_staff_paused_is_not() {
    let app = TestApp::with_platforms().await;
    let owner = app.owner().await;
    for reason in ["template_banned", "by_staff"] {
        let campaign = app.campaign(Channel::Inbox, |draft| draft.name = reason.to_owned()).await;
        let mut row = campaign.into_active_model();
        row.state = Set(entity::states::CampaignState::Paused);
        row.state_reason = Set(Some(reason.to_owned()));
        row.update(app.ctx.db.writer()).await.unwrap();
    }

    let told = needs(&app, &owner).await;

    assert_eq!(kinds(&told), ["campaign_paused"]);
    assert_eq!(
        (&told[0]["name"], &told[0]["reason"]),
        (&"template_banned".into(), &"template_banned".into())
    );
    let body = app.get("/v1/console/today").with_bearer(&owner).await.expect(200);
    assert_eq!(body["running"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn what_waits_is_told_to_who_can_do_something_about_it() {
    let shop = Shop::open().await;
    let policy = PointsPolicy { review_above: 10, ..PointsPolicy::default() };
    save_policy(shop.ctx(), &shop.owner, policy).await.unwrap();
    let member = shop.member().await;
    adjust_points(shop.ctx(), &shop.owner, member.id, (500, "生日补发")).await.unwrap();
    let letter = DeadLetter {
        queue: "campaign.run",
        message_id: "m1",
        body: b"{}",
        reason: "internal error",
        attempts: 6,
    };
    record(shop.ctx(), letter).await.unwrap();

    let owner = needs(&shop.app, &shop.owner_token().await).await;
    let marketer = needs(&shop.app, &shop.staff_token(StaffRole::Marketer, None).await).await;
    let manager = needs(&shop.app, &shop.staff_token(StaffRole::StoreManager, Some(shop.store)).await).await;

    assert_eq!(kinds(&owner), ["dead_letters", "adjustments_waiting"]);
    assert_eq!(kinds(&marketer), ["adjustments_waiting"]);
    assert_eq!(kinds(&manager), Vec::<&str>::new());
}

#[tokio::test]
async fn a_template_runs_low_below_a_tenth_of_its_stock() {
    let shop = Shop::open().await;
    let template = shop.template(TemplateForm { stock: 10, claimable: true, ..money_off() }).await;
    let members = shop.members(9).await;
    let token = shop.owner_token().await;
    for member in &members[..8] {
        claim(shop.ctx(), member, template).await.unwrap();
    }
    assert_eq!(kinds(&needs(&shop.app, &token).await), Vec::<&str>::new());

    claim(shop.ctx(), &members[8], template).await.unwrap();

    let told = needs(&shop.app, &token).await;
    assert_eq!(kinds(&told), ["stock_low"]);
    assert_eq!(told[0]["count"], 1);
}
