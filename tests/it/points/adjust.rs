//! Adjustments by staff: at once when small, by a second person when large, each once.

use futures_util::future::join_all;
use serde_json::json;
use service::points::{PointsPolicy, decide_adjustment};
use service::staff::{StaffCaller, StoreScope};
use service::states::StaffRole;
use service::{Error, Refusal};

use super::ledger::{audit, balance, give, save};
use crate::coupon::shop::Shop;

fn marketer(shop: &Shop) -> StaffCaller {
    let (id, session_id) = (shop.ctx().new_id(), shop.ctx().new_id());
    StaffCaller { id, session_id, role: StaffRole::Marketer, stores: StoreScope::All }
}

#[tokio::test]
async fn a_small_one_is_done_at_once_with_its_reason_in_the_ledger() {
    let shop = Shop::open().await;
    let member = shop.member().await;
    let owner = shop.owner_token().await;
    let path = format!("/v1/console/members/{}/points", member.id);
    let adjust = |body| shop.app.post(&format!("{path}/adjustments"), body).with_bearer(&owner);

    let given = adjust(json!({ "points": 300, "reason": "补偿" })).await.expect(201);
    adjust(json!({ "points": -301, "reason": "收回" })).await.expect_refusal("points_short");
    for points in [0, i64::MIN, i64::MAX, -100_000_001] {
        adjust(json!({ "points": points, "reason": "无" })).await.expect_invalid("points");
    }
    adjust(json!({ "points": 1, "reason": " " })).await.expect(422);
    adjust(json!({ "points": -100, "reason": "收回" })).await.expect(201);

    assert_eq!(given["state"], "done");
    let seen = shop.app.get(&path).with_bearer(&owner).await.expect(200);
    assert_eq!((seen["balance"].clone(), seen["items"][1]["reason"].clone()), (json!(200), json!("补偿")));
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn a_large_one_waits_for_somebody_else() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { review_above: 100, ..PointsPolicy::default() }).await;
    let member = shop.member().await;
    let waiting =
        service::points::adjust_points(shop.ctx(), &shop.owner, member.id, (101, "补偿")).await.unwrap();
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 0);

    let own = decide_adjustment(shop.ctx(), &shop.owner, waiting.id, true).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::AdjustmentByRequester))));
    let second = marketer(&shop);
    let tries = (0..5).map(|_| decide_adjustment(shop.ctx(), &second, waiting.id, true));
    assert!(join_all(tries).await.iter().all(Result::is_ok));
    let late = decide_adjustment(shop.ctx(), &marketer(&shop), waiting.id, false).await;

    assert!(matches!(late, Err(Error::Refused(Refusal::AdjustmentDecided))));
    assert_eq!(balance(shop.ctx(), member.id).await.balance, 101);
    audit(shop.ctx()).await;
}

#[tokio::test]
async fn one_that_was_rejected_moves_nothing() {
    let shop = Shop::open().await;
    save(&shop, PointsPolicy { review_above: 0, ..PointsPolicy::default() }).await;
    let member = shop.member().await;
    give(shop.ctx(), &member, 10, None).await;
    let waiting =
        service::points::adjust_points(shop.ctx(), &shop.owner, member.id, (-5, "收回")).await.unwrap();

    decide_adjustment(shop.ctx(), &marketer(&shop), waiting.id, false).await.unwrap();

    assert_eq!(balance(shop.ctx(), member.id).await.balance, 10);
}
