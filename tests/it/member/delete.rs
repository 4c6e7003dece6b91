//! Leaving the programme, and the copy to take along.

use entity::states::{MemberState, StaffRole};
use entity::{identity, inbox_message, member, opt_out, purchase};
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use service::ids::{MemberId, StoreId};
use tests::Phones;
use tests::people::text;
use tests::phones::Person;

async fn member() -> (Phones, Person, Value) {
    let phones = Phones::start().await;
    let person = phones.person("13800138000").await;
    let code = phones.login_code(&person).await;
    let body =
        json!({ "code": code, "phone_code": phones.phone_code(&person).await, "marketing_consent": true });
    let session = phones.app.post("/v1/auth/wechat", body).await.expect(200);
    (phones, person, session)
}

async fn add_belongings(phones: &Phones, id: MemberId, store_id: StoreId) {
    let ctx = &phones.app.ctx;
    let txn = ctx.db.begin().await.unwrap();
    purchase::Entity::insert(purchase::ActiveModel {
        id: Set(ctx.new_id()),
        store_id: Set(store_id),
        order_no: Set("A-1".to_owned()),
        member_id: Set(id),
        staff_id: Set(None),
        total_fen: Set(9_900),
        quantity: Set(1),
        purchased_at: Set(ctx.now()),
        source: Set("import".to_owned()),
        created_at: Set(ctx.now()),
        refunded_fen: Set(0),
    })
    .exec_without_returning(&txn)
    .await
    .unwrap();
    inbox_message::Entity::insert(inbox_message::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(id),
        delivery_id: Set(None),
        title: Set("Hello".to_owned()),
        body: Set("Body".to_owned()),
        page: Set(None),
        created_at: Set(ctx.now()),
        read_at: Set(None),
    })
    .exec_without_returning(&txn)
    .await
    .unwrap();
    txn.commit().await.unwrap();
}

#[tokio::test]
async fn deleting_clears_the_person_and_keeps_the_ledger() {
    let (phones, _, session) = member().await;
    let owner = phones.app.owner().await;
    let store = phones.app.store(&owner, "S1").await;
    let id: MemberId = text(&session["member"], "id").parse().unwrap();
    add_belongings(&phones, id, store).await;
    let token = text(&session, "access_token");
    let name = json!({ "name": "小林", "birthday": "1990-02-28" });
    phones.app.patch("/v1/me", name).with_bearer(&token).await.expect(200);

    phones.app.delete("/v1/me").with_bearer(&token).await.expect(204);

    phones.app.get("/v1/me").with_bearer(&token).await.expect_problem(401, "unauthenticated");
    let db = phones.app.ctx.db.read();
    let row = member::Entity::find_by_id(id).one(db).await.unwrap().unwrap();
    assert_eq!(row.state, MemberState::Deleted);
    assert_eq!((row.name, row.name_since), (None, None), "not even when the name was given");
    assert_eq!((row.birthday, row.phone_cipher), (None, None));
    assert!(!row.marketing_consent);
    assert_ne!(row.card_number, text(&session["member"], "card_number"));
    assert_eq!(identity::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(inbox_message::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(opt_out::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(purchase::Entity::find().count(db).await.unwrap(), 1);
    let path = format!("/v1/console/members/{id}");
    phones.app.get(&path).with_bearer(&owner).await.expect_problem(404, "not_found");
    let search =
        phones.app.get("/v1/console/members?phone=13800138000").with_bearer(&owner).await.expect(200);
    assert_eq!(search["items"], json!([]));
}

#[tokio::test]
async fn whoever_comes_back_after_deleting_is_a_new_member() {
    let (phones, person, session) = member().await;
    let token = text(&session, "access_token");
    phones.app.delete("/v1/me").with_bearer(&token).await.expect(204);

    let again = phones.sign_in(&person).await;

    assert_eq!(again["enrolled"], true);
    assert_ne!(again["member"]["id"], session["member"]["id"]);
}

#[tokio::test]
async fn deleting_twice_at_once_deletes_once() {
    let (phones, _, session) = member().await;
    let owner = phones.app.owner().await;
    let token = text(&session, "access_token");

    let tries = (0..3).map(|_| async { phones.app.delete("/v1/me").with_bearer(&token).await });
    let answers = futures_util::future::join_all(tries).await;

    assert!(answers.iter().any(|answer| answer.status.as_u16() == 204));
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 204 | 401)));
    let audit =
        phones.app.get("/v1/console/audit?action=member.delete").with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_export_holds_what_is_held() {
    let (phones, person, session) = member().await;
    let owner = phones.app.owner().await;
    let store = phones.app.store(&owner, "S1").await;
    let id: MemberId = text(&session["member"], "id").parse().unwrap();
    add_belongings(&phones, id, store).await;

    let token = text(&session, "access_token");
    let export = phones.app.get("/v1/me/export").with_bearer(&token).await.expect(200);

    assert_eq!(export["profile"]["phone"], person.phone);
    assert_eq!(export["purchases"][0]["order_no"], "A-1");
    assert_eq!(export["inbox"][0]["title"], "Hello");
    assert_eq!(export["identities"].as_array().unwrap().len(), 3);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    let cashier = phones.app.staff(&owner, StaffRole::Cashier, &[]).await;
    phones.app.get("/v1/me/export").with_bearer(&cashier).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn staff_hand_out_the_copy_and_delete_for_a_member_who_asks_and_the_audit_log_keeps_why() {
    let (phones, _, session) = member().await;
    let (app, owner) = (&phones.app, phones.app.owner().await);
    let token = &text(&session, "access_token");
    let id = text(&app.get("/v1/me").with_bearer(token).await.expect(200), "id");
    let path = |what: &str| format!("/v1/console/members/{id}/{what}");
    let asked = json!({ "reason": "来电申请，已核对手机号" });

    let marketer = app.staff_session(StaffRole::Marketer).await;
    for what in ["exports", "deletion"] {
        app.post(&path(what), asked.clone()).with_bearer(&marketer).await.expect_problem(403, "forbidden");
        app.post(&path(what), json!({ "reason": " " })).with_bearer(&owner).await.expect_invalid("reason");
    }
    let theirs = app.post(&path("exports"), asked.clone()).with_bearer(&owner).await.expect(200);
    let own = app.get("/v1/me/export").with_bearer(token).await.expect(200);
    assert_eq!((&theirs["profile"], &theirs["consents"]), (&own["profile"], &own["consents"]));

    for _ in 0..2 {
        app.post(&path("deletion"), asked.clone()).with_bearer(&owner).await.expect(204);
    }

    app.get("/v1/me").with_bearer(token).await.expect(401);
    app.post(&path("exports"), asked.clone()).with_bearer(&owner).await.expect(404);
    let nobody = format!("/v1/console/members/{}/deletion", app.ctx.new_id::<MemberId>());
    app.post(&nobody, asked).with_bearer(&owner).await.expect(404);
    for action in ["member.export", "member.delete"] {
        let log =
            app.get(&format!("/v1/console/audit?action={action}")).with_bearer(&owner).await.expect(200);
        let acts = log["items"].as_array().unwrap();
        assert_eq!(
            (acts.len(), &acts[0]["detail"]["reason"]),
            (1, &json!("来电申请，已核对手机号")),
            "{action}"
        );
    }
}
