//! Members as staff see them: masked, found by what is known in full, revealed for a reason.

use entity::states::StaffRole;
use serde_json::{Value, json};
use tests::TestApp;
use tests::people::text;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("a page").iter().map(|item| text(item, "id")).collect()
}

#[tokio::test]
async fn a_member_is_found_by_full_phone_alone() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let member = app.member("13800138000").await;
    app.member("13800138001").await;

    let found = app.get("/v1/console/members?phone=138-0013-8000").with_bearer(&owner).await.expect(200);

    assert_eq!(ids(&found), [member.to_string()]);
    assert_eq!(found["items"][0]["phone"], "138****8000");
    app.get("/v1/console/members?phone=8000").with_bearer(&owner).await.expect_invalid("phone");
    let by_q = app.get("/v1/console/members?q=13800138000").with_bearer(&owner).await.expect(200);
    assert_eq!(by_q["items"], json!([]));
}

#[tokio::test]
async fn a_member_is_found_by_card_number_and_by_the_beginning_of_the_name() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let member = app.member("13800138000").await;
    let path = format!("/v1/console/members/{member}");
    let card = text(&app.get(&path).with_bearer(&owner).await.expect(200), "card_number");
    name(&app, member, "50%_Lin").await;

    for (q, found) in [(card.as_str(), 1), ("50%25_L", 1), ("50%25%25", 0), ("Lin", 0), ("%25", 0), ("5_", 0)]
    {
        let path = format!("/v1/console/members?q={q}");
        let page = app.get(&path).with_bearer(&owner).await.expect(200);
        assert_eq!(ids(&page).len(), found, "{q}");
    }
}

async fn name(app: &TestApp, member: service::ids::MemberId, name: &str) {
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let txn = app.ctx.db.begin().await.unwrap();
    entity::member::Entity::update_many()
        .col_expr(entity::member::Column::Name, Expr::value(name))
        .filter(entity::member::Column::Id.eq(member))
        .exec(&txn)
        .await
        .unwrap();
    txn.commit().await.unwrap();
}

#[tokio::test]
async fn members_are_paged_newest_first_without_gap_or_repeat() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let mut made = Vec::new();
    for last in 0..5 {
        made.push(app.member(&format!("1380013800{last}")).await.to_string());
    }
    made.reverse();

    let mut seen = Vec::new();
    let mut path = "/v1/console/members?limit=2".to_owned();
    loop {
        let page = app.get(&path).with_bearer(&owner).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/console/members?limit=2&cursor={next}");
    }

    assert_eq!(seen, made);
    app.get("/v1/console/members?cursor=x").with_bearer(&owner).await.expect_invalid("cursor");
}

#[tokio::test]
async fn staff_limited_to_stores_look_up_and_do_not_browse() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let manager = app.staff(&owner, StaffRole::StoreManager, &[store]).await;
    let member = app.member("13800138000").await;

    for path in ["/v1/console/members", "/v1/console/members?q=Lin"] {
        app.get(path).with_bearer(&manager).await.expect_invalid("phone");
    }

    let found = app.get("/v1/console/members?phone=13800138000").with_bearer(&manager).await.expect(200);
    assert_eq!(ids(&found), [member.to_string()]);
}

#[tokio::test]
async fn a_revealed_phone_leaves_who_and_why() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let marketer = app.staff(&owner, StaffRole::Marketer, &[]).await;
    let member = app.member("13800138000").await;
    let path = format!("/v1/console/members/{member}/phone-reveals");
    let reason = json!({ "reason": "Left a bag at the till" });

    app.post(&path, &reason).with_bearer(&marketer).await.expect_problem(403, "forbidden");
    app.post(&path, json!({ "reason": " " })).with_bearer(&owner).await.expect_invalid("reason");
    let revealed = app.post(&path, &reason).with_bearer(&owner).await.expect(200);

    assert_eq!(revealed["phone"], "13800138000");
    let path = format!("/v1/console/audit?subject_kind=member&subject_id={member}");
    let audit = app.get(&path).with_bearer(&owner).await;
    let entries = audit.expect(200);
    assert_eq!(entries["items"].as_array().unwrap().len(), 1);
    assert_eq!(entries["items"][0]["action"], "member.reveal_phone");
    assert_eq!(entries["items"][0]["detail"]["reason"], "Left a bag at the till");
    assert!(!audit.text().contains("13800138000"));
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let app = TestApp::start().await;
    let owner = app.owner().await;

    for path in ["/v1/console/members/0190a000-0000-7000-8000-000000000000", "/v1/console/members/x"] {
        app.get(path).with_bearer(&owner).await.expect_problem(404, "not_found");
        let disable = app.post(&format!("{path}/disable"), json!({})).with_bearer(&owner).await;
        disable.expect_problem(404, "not_found");
    }
}
