//! The brand's own attributes: defined, filled in, asked for by segments.

use entity::states::{AttributeKind, StaffRole};
use serde_json::{Value, json};
use service::member::attribute_value::{Kept, parse, show};
use tests::TestApp;
use tests::people::text;

async fn define(app: &TestApp, owner: &str, body: Value) -> Value {
    app.post("/v1/console/attributes", body).with_bearer(owner).await.expect(201)
}

/// A text, a number, a date, a yes and a choice; the number is not for members to change.
async fn all_kinds(app: &TestApp, owner: &str) -> Value {
    define(
        app,
        owner,
        json!({ "key": "hobby", "label": "爱好", "kind": "text", "editable_by_member": true }),
    )
    .await;
    define(app, owner, json!({ "key": "income", "label": "收入", "kind": "number" })).await;
    define(
        app,
        owner,
        json!({ "key": "wedding", "label": "结婚纪念日", "kind": "date", "editable_by_member": true }),
    )
    .await;
    define(
        app,
        owner,
        json!({ "key": "pets", "label": "有宠物", "kind": "boolean", "editable_by_member": true }),
    )
    .await;
    let skin = json!({
        "key": "skin", "label": "肤质", "kind": "choice", "choices": ["干性", "油性"], "editable_by_member": true,
    });
    define(app, owner, skin).await
}

fn value_of(values: &Value, key: &str) -> Value {
    let items = values["items"].as_array().expect("items");
    items.iter().find(|item| item["key"] == key).unwrap_or_else(|| panic!("no {key}: {values}"))["value"]
        .clone()
}

#[test]
fn a_value_has_one_spelling_and_comes_back_as_it_was() {
    let choices = ["干性".to_owned()];
    for (kind, value, text, number) in [
        (AttributeKind::Text, json!("  跑步 "), "跑步", None),
        (AttributeKind::Number, json!(12.5), "12.5", Some(125_000)),
        (AttributeKind::Number, json!(-3), "-3", Some(-30_000)),
        (AttributeKind::Number, json!(0.0001), "0.0001", Some(1)),
        (AttributeKind::Date, json!("2020-02-29"), "2020-02-29", None),
        (AttributeKind::Boolean, json!(true), "true", None),
        (AttributeKind::Choice, json!("干性"), "干性", None),
    ] {
        assert_eq!(parse(kind, &choices, &value), Ok(Kept { text: text.to_owned(), number }), "{value}");
    }
    assert_eq!(show(AttributeKind::Number, "-3"), json!(-3.0));
    assert_eq!(show(AttributeKind::Boolean, "false"), json!(false));
    for (kind, value) in [
        (AttributeKind::Text, json!("")),
        (AttributeKind::Text, json!("x".repeat(201))),
        (AttributeKind::Text, json!(1)),
        (AttributeKind::Number, json!("1")),
        (AttributeKind::Number, json!(0.00001)),
        (AttributeKind::Number, json!(1e300)),
        (AttributeKind::Date, json!("2021-02-29")),
        (AttributeKind::Date, json!("0021-02-01")),
        (AttributeKind::Boolean, json!("true")),
        (AttributeKind::Choice, json!("混合")),
    ] {
        assert!(parse(kind, &choices, &value).is_err(), "{value}");
    }
}

#[tokio::test]
async fn members_fill_in_what_they_may_and_staff_the_rest() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    all_kinds(&app, &owner).await;
    let member = app.member("13800138000").await;
    let token = app.member_session(member).await;
    let mine =
        |values: Value| app.patch("/v1/me/attributes", json!({ "values": values })).with_bearer(&token);

    let filled = mine(json!({ "hobby": "跑步", "wedding": "2020-02-29", "pets": true, "skin": "油性" }));
    let filled = filled.await.expect(200);
    assert_eq!((value_of(&filled, "hobby"), value_of(&filled, "income")), (json!("跑步"), Value::Null));
    let refused = mine(json!({ "hobby": null, "income": 9000, "skin": "混合", "shoe": 42 })).await;
    for field in ["values.income", "values.skin", "values.shoe"] {
        refused.expect_invalid(field);
    }
    let path = format!("/v1/console/members/{member}/attributes");
    let by_staff = json!({ "values": { "income": 9000.5, "pets": null } });
    app.patch(&path, by_staff).with_bearer(&owner).await.expect(200);

    let read = app.get(&path).with_bearer(&owner).await.expect(200);
    assert_eq!(value_of(&read, "hobby"), "跑步", "nothing of a refused change is kept");
    assert_eq!((value_of(&read, "income"), value_of(&read, "pets")), (json!(9000.5), Value::Null));
    let export = app.get("/v1/me/export").with_bearer(&token).await.expect(200);
    assert_eq!(export["attributes"].as_array().unwrap().len(), 4);
    let audit = app.get("/v1/console/audit?action=member.change_attributes").with_bearer(&owner).await;
    assert_eq!(audit.expect(200)["items"][0]["detail"]["keys"], json!(["income", "pets"]));
}

#[tokio::test]
async fn a_definition_keeps_its_kind_grows_its_choices_and_is_archived() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let skin = all_kinds(&app, &owner).await;
    let member = app.member("13800138000").await;
    let token = app.member_session(member).await;
    app.patch("/v1/me/attributes", json!({ "values": { "skin": "油性" } }))
        .with_bearer(&token)
        .await
        .expect(200);
    let path = format!("/v1/console/attributes/{}", text(&skin, "id"));
    let change = |body: Value| app.patch(&path, body).with_bearer(&owner);

    change(json!({ "choices": ["干性"] })).await.expect_invalid("choices");
    change(json!({ "choices": ["干性", "油性", "混合"], "label": "皮肤" })).await.expect(200);
    change(json!({ "archived": true })).await.expect(200);
    let shown = app.get("/v1/me/attributes").with_bearer(&token).await.expect(200);
    assert_eq!(shown["items"].as_array().unwrap().len(), 4);
    change(json!({ "archived": false })).await.expect(200);
    let shown = app.get("/v1/me/attributes").with_bearer(&token).await.expect(200);
    assert_eq!(value_of(&shown, "skin"), "油性");

    let again = json!({ "key": "skin", "label": "肤质", "kind": "text" });
    app.post("/v1/console/attributes", again).with_bearer(&owner).await.expect_refusal("code_taken");
    let choices = json!({ "key": "x", "label": "X", "kind": "text", "choices": ["a"] });
    app.post("/v1/console/attributes", choices).with_bearer(&owner).await.expect_invalid("choices");
    let twice = json!({ "key": "x", "label": "X", "kind": "choice", "choices": ["a", "a"] });
    app.post("/v1/console/attributes", twice).with_bearer(&owner).await.expect_invalid("choices[1]");
    let cashier = app.staff(&owner, StaffRole::Cashier, &[]).await;
    app.get("/v1/console/attributes").with_bearer(&cashier).await.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn segments_ask_for_attributes_occupation_and_age_band() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    all_kinds(&app, &owner).await;
    let mut ids = Vec::new();
    // On 2 March 2026: 34, 35, 60 years of age, and one who did not say.
    let people = [
        (
            json!("1991-03-03"),
            json!("教师"),
            json!({ "income": 5000, "wedding": "2020-05-01", "skin": "干性" }),
        ),
        (
            json!("1991-03-02"),
            json!("医生"),
            json!({ "income": 8000.5, "wedding": "2021-05-01", "skin": "油性" }),
        ),
        (json!("1966-03-02"), json!("教师"), json!({ "income": 12_000 })),
        (Value::Null, Value::Null, json!({})),
    ];
    for (number, (birthday, occupation, values)) in people.iter().enumerate() {
        let id = app.member(&format!("1380013800{number}")).await;
        let token = app.member_session(id).await;
        let body = json!({ "birthday": birthday, "occupation": occupation });
        app.patch("/v1/me", body).with_bearer(&token).await.expect(200);
        let path = format!("/v1/console/members/{id}/attributes");
        app.patch(&path, json!({ "values": values })).with_bearer(&owner).await.expect(200);
        ids.push(id);
    }
    let mut bands = Vec::new();
    for id in &ids {
        let path = format!("/v1/console/members/{id}");
        bands.push(app.get(&path).with_bearer(&owner).await.expect(200)["age_band"].clone());
    }
    assert_eq!(bands, [json!("young"), json!("middle_aged"), json!("senior"), Value::Null]);

    for (rule, expected) in [
        (json!({ "age_band": "young" }), 1),
        (json!({ "age_band": "middle_aged" }), 1),
        (json!({ "age_band": "senior" }), 1),
        (json!({ "occupation": "教师" }), 2),
        (json!({ "attribute": { "key": "income", "at_least": 5000.0, "at_most": 8000.5 } }), 2),
        (json!({ "attribute": { "key": "income", "at_least": 8000.6 } }), 1),
        (json!({ "attribute": { "key": "income", "at_most": 8000.4999 } }), 1),
        (json!({ "attribute": { "key": "income", "at_least": 8000.5, "at_most": 8000.5 } }), 1),
        (json!({ "attribute": { "key": "wedding", "from": "2020-05-02" } }), 1),
        (json!({ "attribute": { "key": "skin", "is": ["干性", "油性"] } }), 2),
        (json!({ "none": [{ "attribute": { "key": "skin", "is": ["干性"] } }] }), 3),
        (json!({ "attribute": { "key": "unknown", "is": ["x"] } }), 0),
    ] {
        let counted =
            app.post("/v1/console/segments/count", json!({ "rule": rule })).with_bearer(&owner).await;
        assert_eq!(counted.expect(200)["members"], json!(expected), "{rule}");
    }
    for rule in [
        json!({ "attribute": { "key": "skin" } }),
        json!({ "attribute": { "key": "skin", "is": [] } }),
        json!({ "attribute": { "key": "skin", "is": ["x"], "at_least": 1.0 } }),
        json!({ "attribute": { "key": "income", "at_least": 0.00001 } }),
        json!({ "attribute": { "key": "income", "at_least": 1.5, "at_most": 1.4999 } }),
        json!({ "occupation": " " }),
    ] {
        let refused =
            app.post("/v1/console/segments/count", json!({ "rule": rule })).with_bearer(&owner).await;
        refused.expect_invalid("rule");
    }
}

#[tokio::test]
async fn an_attribute_tells_how_many_members_have_a_value_and_which_segments_ask_for_it() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    all_kinds(&app, &owner).await;
    for (phone, value) in
        [("13800138000", json!(1.25)), ("13800138001", json!(-3)), ("13800138002", Value::Null)]
    {
        let id = app.member(phone).await;
        let body = json!({ "values": { "income": value } });
        app.patch(&format!("/v1/console/members/{id}/attributes"), body)
            .with_bearer(&owner)
            .await
            .expect(200);
    }
    let asking = json!({ "all": [{ "none": [{ "attribute": { "key": "income", "at_least": 1.5 } }] }] });
    for (name, rule) in [("低收入", asking.clone()), ("全部", json!({ "all": [] })), ("旧的", asking)]
    {
        let body = json!({ "name": name, "rule": rule });
        let made = app.post("/v1/console/segments", body).with_bearer(&owner).await.expect(201);
        if name == "旧的" {
            app.delete(&format!("/v1/console/segments/{}", text(&made, "id")))
                .with_bearer(&owner)
                .await
                .expect(204);
        }
    }

    let listed = app.get("/v1/console/attributes").with_bearer(&owner).await.expect(200);

    let items = listed["items"].as_array().unwrap();
    let used = |key: &str| items.iter().find(|one| one["key"] == key).cloned().unwrap();
    assert_eq!((&used("income")["members"], &used("income")["segments"]), (&json!(2), &json!(["低收入"])));
    assert_eq!((&used("skin")["members"], &used("skin")["segments"]), (&json!(0), &json!([])));
}
