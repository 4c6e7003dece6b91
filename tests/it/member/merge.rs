//! One person, one member: what merges two records, what moves, what is refused, and who answers afterwards.

use std::collections::BTreeSet;

use chrono::Duration;
use entity::states::{MemberState, StaffRole};
use entity::{identity, member, preference, session};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, Database, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use service::ids::MemberId;
use service::member::merge::BELONGINGS;
use tests::database::{TestDatabase, Way, columns};
use tests::people::text;
use tests::phones::Person;
use tests::{Phones, TestApp};

const PHONE: &str = "13800138000";
/// Columns that name a member by another word.
const PERSONS: [&str; 2] = ["invited_id", "inviter_id"];

/// A record of an older system with a phone, and somebody with that phone who has come by WeChat alone: token and id.
async fn two_records(phones: &Phones) -> (MemberId, Person, String, MemberId) {
    let imported = phones.app.member(PHONE).await;
    let person = phones.person(PHONE).await;
    let signed_in = by_wechat(phones, &person).await;
    let id = id_of(&signed_in);
    (imported, person, text(&signed_in, "access_token"), id)
}

async fn by_wechat(phones: &Phones, person: &Person) -> Value {
    let body = json!({ "code": phones.login_code(person).await });
    phones.app.post("/v1/auth/wechat", body).await.expect(200)
}

fn id_of(signed_in: &Value) -> MemberId {
    text(&signed_in["member"], "id").parse().unwrap()
}

async fn row(app: &TestApp, id: MemberId) -> member::Model {
    member::Entity::find_by_id(id).one(app.ctx.db.read()).await.unwrap().unwrap()
}

async fn prove_by_sms(phones: &Phones, person: &Person, token: &str) -> tests::Answer {
    let body = json!({ "phone": person.phone, "code": phones.sms_code(person).await });
    phones.app.post("/v1/me/phones", body).with_bearer(token).await
}

async fn buy(app: &TestApp, till: &str, store: impl serde::Serialize, card: &str, order: &str) {
    let body = json!({ "store_id": store, "card_number": card, "order_no": order, "total_fen": 10_000 });
    app.post("/v1/staff/purchases", body).with_bearer(till).await.expect(201);
}

async fn merge(app: &TestApp, staff: &str, one: MemberId, other: MemberId) -> tests::Answer {
    let body = json!({ "other_id": other, "reason": "同一位顾客" });
    app.post(&format!("/v1/console/members/{one}/merges"), body).with_bearer(staff).await
}

#[tokio::test]
async fn every_table_that_a_member_owns_rows_of_says_how_they_go_over() {
    let database = TestDatabase::create(Way::chosen()).await;
    let connection = Database::connect(database.url()).await.unwrap();
    let owned: BTreeSet<String> = columns(&connection)
        .await
        .into_iter()
        .filter(|column| column.name.ends_with("member_id") || PERSONS.contains(&column.name.as_str()))
        .map(|column| column.table)
        .collect();
    connection.close().await.unwrap();

    let said: BTreeSet<String> = BELONGINGS.iter().map(|(table, _)| (*table).to_owned()).collect();

    let unsaid: Vec<_> = owned.difference(&said).collect();
    assert!(unsaid.is_empty(), "say in member/merge/belongings.rs what becomes of them: {unsaid:?}");
    assert_eq!(said.len(), BELONGINGS.len(), "a table stands there twice");
}

#[tokio::test]
async fn a_phone_proven_by_sms_brings_two_records_together_and_nothing_is_lost() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let till = app.staff(&owner, StaffRole::Cashier, &[store]).await;
    let (imported, person, token, mine) = two_records(&phones).await;
    let tag = json!({ "name": "常客" });
    let tag = text(&app.post("/v1/console/tags", tag).with_bearer(&owner).await.expect(201), "id");
    for id in [imported, mine] {
        buy(app, &till, store, &row(app, id).await.card_number, &format!("O-{id}")).await;
        let path = format!("/v1/console/members/{id}/tags/{tag}");
        app.put(&path, json!({})).with_bearer(&owner).await.expect(204);
    }
    let name = json!({ "name": "小林", "birthday": "1990-02-28" });
    app.patch("/v1/me", name).with_bearer(&token).await.expect(200);

    let merged = prove_by_sms(&phones, &person, &token).await.expect(200);

    assert_eq!(merged["id"], json!(imported), "who enrolled first stays");
    assert_eq!(merged["phone"], "138****8000");
    assert_eq!((&merged["name"], &merged["birthday"]), (&json!("小林"), &json!("1990-02-28")));
    assert_eq!((&merged["purchase_count"], &merged["purchase_total_fen"]), (&json!(2), &json!(20_000)));
    let purchases = app.get("/v1/me/purchases").with_bearer(&token).await.expect(200);
    assert_eq!(purchases["items"].as_array().unwrap().len(), 2);
    let gone = row(app, mine).await;
    assert_eq!((gone.state, gone.purchase_count), (MemberState::Merged, 0));
    let left = identity::Entity::find().filter(identity::Column::MemberId.eq(mine));
    assert_eq!(left.count(app.ctx.db.read()).await.unwrap(), 0);
    let of_gone = session::Entity::find().filter(session::Column::SubjectId.eq(mine.0));
    assert_eq!(of_gone.count(app.ctx.db.read()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_name_is_known_since_the_merge_unless_both_had_the_same() {
    for (theirs, mine, since_merge) in [
        (None, Some("小林"), true),
        (Some("林晓"), Some("小林"), true),
        (Some("林晓"), None, true),
        (Some("林晓"), Some("林晓"), false),
        (None, None, false),
    ] {
        let app = TestApp::with_platforms().await;
        let owner = app.owner().await;
        let kept = app.members(1).await[0];
        app.clock.advance(Duration::seconds(1));
        let gone = app.members(1).await[0];
        for (id, name) in [(kept, theirs), (gone, mine)] {
            let token = app.member_session(id).await;
            app.patch("/v1/me", json!({ "name": name })).with_bearer(&token).await.expect(200);
        }
        let before = row(&app, kept).await.name_since;
        app.clock.advance(Duration::minutes(1));

        merge(&app, &owner, kept, gone).await.expect(200);

        let after = row(&app, kept).await;
        assert_eq!(after.name.as_deref(), theirs.or(mine));
        let expected = if since_merge { Some(app.ctx.now()) } else { before };
        assert_eq!(after.name_since, expected, "{theirs:?} and {mine:?}");
    }
}

#[tokio::test]
async fn the_old_id_the_old_token_and_the_old_card_answer_as_the_member_who_stays() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let till = app.staff(&owner, StaffRole::Cashier, &[store]).await;
    let (imported, person, token, mine) = two_records(&phones).await;
    let refresh = text(&by_wechat(&phones, &person).await, "refresh_token");
    let old_code = app.get("/v1/me/card/code").with_bearer(&token).await.expect(200)["code"].clone();
    let old_card = row(app, mine).await.card_number;
    prove_by_sms(&phones, &person, &token).await.expect(200);

    let by_token = app.get("/v1/me").with_bearer(&token).await.expect(200);
    let refreshed = app.post("/v1/auth/refresh", json!({ "refresh_token": refresh })).await.expect(200);
    let by_wechat = by_wechat(&phones, &person).await;
    let by_id = app.get(&format!("/v1/console/members/{mine}")).with_bearer(&owner).await.expect(200);
    let search = format!("/v1/console/members?q={old_card}");
    let by_card = app.get(&search).with_bearer(&owner).await.expect(200);
    let scan = json!({ "code": old_code, "store_id": store });
    let scan = app.post("/v1/staff/scans", scan).with_bearer(&till).await.expect(201);
    let quote = json!({ "store_id": store, "scan_id": scan["scan_id"], "amount_fen": 10_000 });
    app.post("/v1/staff/quotes", quote).with_bearer(&till).await.expect(200);
    buy(app, &till, store, &old_card, "O-1").await;

    assert_eq!(by_token["id"], json!(imported));
    assert_eq!(refreshed["member"]["id"], json!(imported));
    assert_eq!(by_wechat["member"]["id"], json!(imported));
    assert_eq!(by_id["id"], json!(imported));
    assert_eq!(by_card["items"][0]["id"], json!(imported));
    assert_eq!(row(app, imported).await.purchase_count, 1);
}

#[tokio::test]
async fn a_merge_is_explained_and_audited() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let (imported, person, token, mine) = two_records(&phones).await;
    prove_by_sms(&phones, &person, &token).await.expect(200);

    for id in [imported, mine] {
        let path = format!("/v1/console/members/{id}/merges");
        let merges = app.get(&path).with_bearer(&owner).await.expect(200);
        let one = &merges["items"][0];
        assert_eq!((&one["from_id"], &one["into_id"]), (&json!(mine), &json!(imported)));
        assert_eq!((&one["cause"], &one["actor_id"]), (&json!("phone_proven"), &json!(mine)));
        assert_eq!(one["moved"]["identity"], 2, "openid and unionid: {one}");
    }
    let audit = format!("/v1/console/audit?action=member.merge&subject_id={imported}");
    let audit = app.get(&audit).with_bearer(&owner).await.expect(200);
    assert_eq!(audit["items"][0]["detail"]["from_id"], json!(mine));
}

#[tokio::test]
async fn the_stricter_wish_wins() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let (imported, person, token, mine) = two_records(&phones).await;
    let wishes = |opt_outs: Value, weekly: u32, start: &str, end: &str, personalised: bool| {
        json!({
            "opt_outs": opt_outs, "weekly_limit": weekly, "quiet_hours": { "start": start, "end": end },
            "paused_until": null, "personalised": personalised,
        })
    };
    let other = app.member_session(imported).await;
    let sms = json!([{ "channel": "sms", "topic": "all" }]);
    let both = json!([{ "channel": "sms", "topic": "all" }, { "channel": "inbox", "topic": "news" }]);
    let (early, late) = (wishes(sms, 3, "20:00", "07:00", true), wishes(both, 5, "22:00", "09:00", false));
    app.put("/v1/me/preferences", early).with_bearer(&other).await.expect(200);
    app.put("/v1/me/preferences", late).with_bearer(&token).await.expect(200);
    app.patch("/v1/me", json!({ "marketing_consent": true })).with_bearer(&token).await.expect(200);
    for given in [true, false] {
        let no = json!({ "marketing_consent": given });
        app.patch("/v1/me", no).with_bearer(&other).await.expect(200);
    }

    let merged = prove_by_sms(&phones, &person, &token).await.expect(200);

    let held = app.get("/v1/me/preferences").with_bearer(&token).await.expect(200);
    assert_eq!(held["weekly_limit"], 3);
    assert_eq!(held["quiet_hours"], json!({ "start": "20:00", "end": "09:00" }));
    assert_eq!(held["personalised"], false);
    assert_eq!(held["opt_outs"].as_array().unwrap().len(), 2);
    assert_eq!(merged["marketing_consent"], false, "a no that was said outranks a yes");
    assert_eq!(preference::Entity::find().count(app.ctx.db.read()).await.unwrap(), 1);
    assert_ne!(imported, mine);
}

#[tokio::test]
async fn two_wechat_accounts_are_no_proof_but_a_hint_and_a_manager_decides_with_a_reason() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let manager = app.staff(&owner, StaffRole::StoreManager, &[]).await;
    let holder = phones.person(PHONE).await;
    let first = by_wechat(&phones, &holder).await;
    prove_by_sms(&phones, &holder, &text(&first, "access_token")).await.expect(200);
    let other = phones.person(PHONE).await;
    let second = by_wechat(&phones, &other).await;
    phones.advance(60).await;
    let second_token = text(&by_wechat(&phones, &other).await, "access_token");

    let button = json!({ "phone_code": phones.phone_code(&other).await });
    app.post("/v1/me/phones", button).with_bearer(&second_token).await.expect_refusal("wechat_taken");
    let listed = app.get("/v1/console/members/duplicates").with_bearer(&manager).await.expect(200);
    let (one, two) = (id_of(&first), id_of(&second));
    assert_eq!(listed["items"][0]["member"]["id"], json!(one));
    assert_eq!(listed["items"][0]["others"][0]["member"]["id"], json!(two));
    assert_eq!(listed["items"][0]["others"][0]["evidence"], json!(["phone_proven"]));

    let path = format!("/v1/console/members/{two}/merges");
    let empty = json!({ "other_id": one, "reason": " " });
    app.post(&path, empty).with_bearer(&manager).await.expect_invalid("reason");
    let itself = json!({ "other_id": two, "reason": "x" });
    app.post(&path, itself).with_bearer(&manager).await.expect_invalid("other_id");
    for _ in 0..2 {
        let merged = merge(app, &manager, two, one).await.expect(200);
        assert_eq!(merged["id"], json!(one));
    }

    let listed = app.get("/v1/console/members/duplicates").with_bearer(&manager).await.expect(200);
    assert_eq!(listed["items"], json!([]));
    let merges = app.get(&path).with_bearer(&manager).await.expect(200);
    assert_eq!(merges["items"].as_array().unwrap().len(), 1, "asking twice merges once");
    assert_eq!(merges["items"][0]["reason"], "同一位顾客");
    assert_eq!(id_of(&by_wechat(&phones, &other).await), one);
    assert_eq!(id_of(&by_wechat(&phones, &holder).await), one);
}

#[tokio::test]
async fn namesakes_with_one_birthday_are_listed_page_by_page_and_at_home_for_a_limited_manager() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let limited = app.staff(&owner, StaffRole::StoreManager, &[store]).await;
    let mut ids = Vec::new();
    for (number, birthday) in
        ["1990-01-01", "1990-01-01", "1985-05-05", "1985-05-05", "1970-01-01"].iter().enumerate()
    {
        let id = app.member(&format!("1380013800{number}")).await;
        let token = app.member_session(id).await;
        let home = (number == 3).then_some(store);
        let body = json!({ "name": "王芳", "birthday": birthday, "home_store_id": home });
        app.patch("/v1/me", body).with_bearer(&token).await.expect(200);
        ids.push(id);
    }

    let first = app.get("/v1/console/members/duplicates?limit=1").with_bearer(&owner).await.expect(200);
    let cursor = text(&first, "next_cursor");
    let second = format!("/v1/console/members/duplicates?limit=1&cursor={cursor}");
    let second = app.get(&second).with_bearer(&owner).await.expect(200);
    let at_home = app.get("/v1/console/members/duplicates").with_bearer(&limited).await.expect(200);

    assert_eq!(first["items"][0]["member"]["id"], json!(ids[0]));
    assert_eq!(first["items"][0]["others"][0]["member"]["id"], json!(ids[1]));
    assert_eq!(first["items"][0]["others"][0]["evidence"], json!(["same_name_and_birthday"]));
    assert_eq!(second["items"][0]["member"]["id"], json!(ids[2]));
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(at_home["items"].as_array().unwrap().len(), 1);
    assert_eq!(at_home["items"][0]["member"]["id"], json!(ids[2]));
}

#[tokio::test]
async fn a_disabled_record_is_not_merged_away() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let owner = app.owner().await;
    let (imported, person, token, mine) = two_records(&phones).await;
    let disable = format!("/v1/console/members/{imported}/disable");
    app.post(&disable, json!({})).with_bearer(&owner).await.expect(200);

    prove_by_sms(&phones, &person, &token).await.expect_refusal("member_disabled");
    merge(app, &owner, mine, imported).await.expect_refusal("member_disabled");

    assert_eq!(row(app, mine).await.state, MemberState::Active);
}

#[tokio::test]
async fn merges_at_once_leave_one_member_with_everything() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let mut ids = Vec::new();
    for number in 0..4 {
        let id = app.member(&format!("1380013800{number}")).await;
        buy(&app, &owner, store, &row(&app, id).await.card_number, &format!("O{number}")).await;
        ids.push(id);
    }

    let pairs = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 0), (2, 0)];
    let answers = join_all(pairs.map(|(one, other)| merge(&app, &owner, ids[one], ids[other]))).await;

    for answer in &answers {
        answer.expect(200);
    }
    let stays = row(&app, ids[0]).await;
    assert_eq!((stays.state, stays.purchase_count), (MemberState::Active, 4));
    for id in &ids[1..] {
        assert_eq!(row(&app, *id).await.state, MemberState::Merged);
        let seen = app.get(&format!("/v1/console/members/{id}")).with_bearer(&owner).await.expect(200);
        assert_eq!(seen["id"], json!(ids[0]), "the redirect leads to the end of the chain");
    }
    let purchases = format!("/v1/console/members/{}/purchases", ids[3]);
    let purchases = app.get(&purchases).with_bearer(&owner).await.expect(200);
    assert_eq!(purchases["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn purchases_and_opt_outs_under_way_while_two_are_merged_reach_the_one_who_stays() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let store = app.store(&owner, "S1").await;
    let (kept, gone) = (app.member("13800138000").await, app.member("13800138001").await);
    let card = row(&app, gone).await.card_number;
    let token = app.member_session(gone).await;
    let no = json!({
        "opt_outs": [{ "channel": "sms", "topic": "all" }], "weekly_limit": null, "quiet_hours": null,
        "paused_until": null, "personalised": true,
    });

    let buying = join_all((0..4).map(|number| {
        let (app, owner, card) = (&app, &owner, &card);
        async move { buy(app, owner, store, card, &format!("O{number}")).await }
    }));
    let saying_no = async { app.put("/v1/me/preferences", no).with_bearer(&token).await.expect(200) };
    let (_, _, merged) = tokio::join!(buying, saying_no, merge(&app, &owner, kept, gone));
    merged.expect(200);

    assert_eq!(row(&app, kept).await.purchase_count, 4);
    let preferences = app.get("/v1/me/preferences").with_bearer(&token).await.expect(200);
    assert_eq!(preferences["opt_outs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn whoever_deletes_a_merged_membership_leaves_nothing_of_either_record() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let (imported, person, token, mine) = two_records(&phones).await;
    app.patch("/v1/me", json!({ "name": "小林" })).with_bearer(&token).await.expect(200);
    prove_by_sms(&phones, &person, &token).await.expect(200);

    app.delete("/v1/me").with_bearer(&token).await.expect(204);

    for id in [imported, mine] {
        let row = row(app, id).await;
        assert_eq!((row.state, row.name, row.phone_cipher), (MemberState::Deleted, None, None));
    }
}

#[tokio::test]
async fn a_phone_is_proven_by_one_way_at_a_time_and_a_new_one_becomes_the_number() {
    let phones = Phones::start().await;
    let app = &phones.app;
    let person = phones.person(PHONE).await;
    let token = text(&by_wechat(&phones, &person).await, "access_token");
    let prove = |body: Value| app.post("/v1/me/phones", body).with_bearer(&token);

    prove(json!({})).await.expect_invalid("phone");
    prove(json!({ "phone": PHONE })).await.expect_invalid("code");
    prove(json!({ "phone": PHONE, "code": "000000" })).await.expect_refusal("sms_code_expired");
    let by_button = prove(json!({ "phone_code": phones.phone_code(&person).await })).await.expect(200);
    assert_eq!(by_button["phone"], "138****8000");
    let newer = phones.person("13900139000").await;
    phones.advance(Duration::minutes(2).num_seconds()).await;
    let token = text(&by_wechat(&phones, &person).await, "access_token");
    let changed = prove_by_sms(&phones, &newer, &token).await.expect(200);
    assert_eq!(changed["phone"], "139****9000");
}
