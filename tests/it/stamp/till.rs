//! A stamp by hand: for the scanned member, once per request, within the card's limits.

use entity::states::PublicationState;
use futures_util::future::join_all;
use service::stamp::{CardForm, StampByHand, save_card, stamp_by_hand};
use service::{Error, Refusal};

use crate::coupon::shop::{Shop, money_off};

#[tokio::test]
async fn the_same_request_stamps_once_and_the_day_has_its_limit() {
    let shop = Shop::open().await;
    let template = shop.template(money_off()).await;
    let form = CardForm {
        name: "集章".to_owned(),
        stamps: 5,
        least_fen: 0,
        per_purchase: 1,
        per_day: Some(2),
        rounds: Some(1),
        store_ids: Vec::new(),
        categories: Vec::new(),
        reward_template_id: template,
        state: PublicationState::Published,
        open_from: None,
        open_until: None,
    };
    let card_id = save_card(shop.ctx(), &shop.owner, None, form).await.unwrap().id;
    let [member, other] = <[_; 2]>::try_from(shop.members(2).await).unwrap();
    let (mine, theirs) = (shop.scan(&member).await, shop.scan(&other).await);
    let stamp = |scan_id, request_no: &str| {
        let command =
            StampByHand { store_id: shop.store, scan_id, card_id, request_no: request_no.to_owned() };
        let (ctx, cashier) = (shop.ctx(), &shop.cashier);
        async move { stamp_by_hand(ctx, cashier, command).await }
    };

    let same = join_all((0..5).map(|_| stamp(mine, "R1"))).await;
    assert!(same.iter().all(|answer| matches!(answer, Ok(1))));
    let many = join_all((2..7).map(|number| {
        let stamp = &stamp;
        async move { stamp(mine, &format!("R{number}")).await }
    }))
    .await;
    assert_eq!(many.iter().filter(|answer| answer.is_ok()).count(), 1);
    let limit =
        |answer: &service::Result<i32>| matches!(answer, Err(Error::Refused(Refusal::StampLimitReached)));
    assert_eq!(many.iter().filter(|answer| limit(answer)).count(), 4);

    let reused = stamp(theirs, "R1").await;
    assert!(matches!(reused, Err(Error::Refused(Refusal::RequestNumberReused))));
    assert!(matches!(stamp(theirs, "R9").await, Ok(1)));
}
