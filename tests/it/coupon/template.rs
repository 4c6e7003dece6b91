//! Templates from the console: drafts, publishing, frozen rules, fields that are wrong.

use entity::states::StaffRole;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service::coupon::claim;
use service::coupon::template::{TemplateForm, TemplatePatch, change_template};
use service::{Error, Refusal};

use super::shop::{Shop, money_off};

const TEMPLATES: &str = "/v1/console/coupon-templates";

fn body() -> Value {
    json!({
        "name": "满100减20", "kind": "money_off", "threshold_fen": 10_000, "discount_fen": 2_000,
        "validity": "fixed", "valid_from": "2026-03-02", "valid_until": "2026-03-31", "stock": 10,
    })
}

#[tokio::test]
async fn a_draft_is_changed_published_claimed_and_then_only_its_stock_moves() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let owner = shop.owner_token().await;
    let draft = shop.app.post(TEMPLATES, body()).with_bearer(&owner).await.expect(201);
    let path = format!("{TEMPLATES}/{}", draft["id"].as_str().unwrap());
    let patch = |change: Value| shop.app.patch(&path, change).with_bearer(&owner);
    let id = draft["id"].as_str().unwrap().parse().unwrap();

    assert_eq!((&draft["state"], &draft["valid_until"]), (&json!("draft"), &json!("2026-03-31T15:59:59Z")));
    patch(json!({ "discount_fen": 3_000 })).await.expect(200);
    let early = claim(shop.ctx(), &member, id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::CouponNotClaimable))));
    let publish = format!("{path}/publish");
    shop.app.post(&publish, json!({})).with_bearer(&owner).await.expect(200);
    shop.app.post(&publish, json!({})).with_bearer(&owner).await.expect(200);
    claim(shop.ctx(), &member, id).await.unwrap();
    patch(json!({ "discount_fen": 1 })).await.expect_refusal("template_has_copies");
    patch(json!({ "limit_per_member": 9 })).await.expect_refusal("template_has_copies");
    claim(shop.ctx(), &shop.member().await, id).await.unwrap();
    patch(json!({ "stock": 1 })).await.expect_invalid("stock");
    assert_eq!(patch(json!({ "stock": 20 })).await.expect(200)["stock"], 20);
    let withdrawn =
        shop.app.post(&format!("{path}/withdraw"), json!({})).with_bearer(&owner).await.expect(200);

    assert_eq!(withdrawn["state"], "withdrawn");
    let listed = shop.app.get(&format!("{TEMPLATES}?state=withdrawn")).with_bearer(&owner).await.expect(200);
    assert_eq!(listed["items"][0]["taken"], 2);
}

#[tokio::test]
async fn a_stock_is_never_set_below_what_is_taken_even_while_claims_run() {
    let shop = Shop::open().await;
    let members = shop.members(60).await;
    let template = shop.template(TemplateForm { stock: 50, ..money_off() }).await;

    let claims = join_all(members.iter().map(|member| claim(shop.ctx(), member, template)));
    let lower = TemplatePatch { stock: Some(10), ..TemplatePatch::default() };
    let change = change_template(shop.ctx(), &shop.owner, template, lower);
    let (outcomes, _) = tokio::join!(claims, change);

    let row = shop.read_template(template).await;
    let given = i64::try_from(outcomes.iter().filter(|one| one.is_ok()).count()).unwrap();
    assert_eq!(row.taken, given);
    assert!(row.taken <= row.stock);
}

#[tokio::test]
async fn every_wrong_field_is_named() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let table = [
        ("name", json!("")),
        ("discount_fen", json!(0)),
        ("threshold_fen", json!(-1)),
        ("valid_until", json!("2026-03-01")),
        ("valid_until", json!("soon")),
        ("stock", json!(0)),
        ("limit_per_member", json!(0)),
        ("kind", json!("free")),
        ("store_ids", json!(["0192d000-0000-7000-8000-000000000000"])),
        ("surprise", json!(1)),
    ];
    for (field, value) in table {
        let mut wrong = body();
        wrong[field] = value;
        if field == "store_ids" {
            wrong["all_stores"] = json!(false);
        }
        shop.app.post(TEMPLATES, wrong).with_bearer(&owner).await.expect_invalid(field);
    }
}

#[tokio::test]
async fn naming_stores_limits_a_template_to_them_until_it_is_opened_to_all() {
    let shop = Shop::open().await;
    let owner = shop.owner_token().await;
    let mut limited = body();
    limited["store_ids"] = json!([shop.store]);

    let made = shop.app.post(TEMPLATES, &limited).with_bearer(&owner).await.expect(201);
    let path = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let opened = shop.app.patch(&path, json!({ "all_stores": true })).with_bearer(&owner).await.expect(200);
    let again = json!({ "store_ids": [shop.store] });
    let again = shop.app.patch(&path, again).with_bearer(&owner).await.expect(200);
    limited["all_stores"] = json!(true);
    shop.app.post(TEMPLATES, &limited).with_bearer(&owner).await.expect_invalid("store_ids");

    assert_eq!(made["rules"]["all_stores"], false);
    assert_eq!((&opened["rules"]["all_stores"], &opened["rules"]["store_ids"]), (&json!(true), &json!([])));
    assert_eq!(again["rules"]["store_ids"], json!([shop.store]));
}

#[tokio::test]
async fn a_cashier_reads_templates_but_writes_none() {
    let shop = Shop::open().await;
    let cashier = shop.staff_token(StaffRole::Cashier, Some(shop.store)).await;

    shop.app.get(TEMPLATES).with_bearer(&cashier).await.expect(200);
    shop.app.post(TEMPLATES, body()).with_bearer(&cashier).await.expect_problem(403, "forbidden");
}
