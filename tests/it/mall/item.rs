//! Items: what is wrong is named, stock stays above what was exchanged.

use serde_json::{Value, json};
use service::mall::ItemForm;

use super::shop::{Mall, cup};

#[tokio::test]
async fn what_is_wrong_is_named_and_a_change_keeps_what_was_exchanged() {
    let mall = Mall::with(ItemForm { stock: 2, ..cup() }).await;
    let member = mall.member_with(200).await;
    mall.exchange(&member, "R1").await.unwrap();
    mall.exchange(&member, "R2").await.unwrap();
    let owner = mall.shop.owner_token().await;
    let path = format!("/v1/console/mall-items/{}", mall.item);
    let good = json!({ "name": "杯子", "kind": "gift", "points": 80, "stock": 3, "state": "published" });
    let put = |change: Value| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        mall.shop.app.put(&path, body).with_bearer(&owner)
    };

    for (change, field) in [
        (json!({ "points": 0 }), "points"),
        (json!({ "kind": "coupon" }), "coupon_template_id"),
        (json!({ "kind": "coupon", "coupon_template_id": mall.item, "price_fen": 1 }), "price_fen"),
        (json!({ "kind": "coupon", "coupon_template_id": mall.item }), "coupon_template_id"),
        (json!({ "stock": 1 }), "stock"),
        (json!({ "limit_per_member": 0 }), "limit_per_member"),
        (json!({ "open_from": "2026-03-02T00:00:00Z", "open_until": "2026-03-02T00:00:00Z" }), "open_until"),
    ] {
        put(change).await.expect_invalid(field);
    }
    let changed = put(json!({})).await.expect(200);

    assert_eq!((changed["taken"].clone(), changed["points"].clone()), (json!(2), json!(80)));
    let listed =
        mall.shop.app.get("/v1/console/exchanges?state=waiting").with_bearer(&owner).await.expect(200);
    assert_eq!(
        (listed["items"].as_array().unwrap().len(), listed["items"][0]["points"].clone()),
        (2, json!(100))
    );
}
