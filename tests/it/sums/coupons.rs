//! Coupons and their stock, computed anew from the events.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::states::CouponState;
use entity::{coupon, coupon_event, coupon_template, member_merge, order_gift};
use sea_orm::{EntityTrait, QueryOrder};
use service::ids::{CouponId, MemberId};

use super::world::{World, rounds};

/// Copies that stand in for another one, which has taken the stock.
const STAND_IN: [&str; 2] = ["transfer", "refund"];

pub async fn audit(world: &World) {
    let read = world.shop.ctx().db.read();
    let events = coupon_event::Entity::find().order_by_asc(coupon_event::Column::Id).all(read).await.unwrap();
    let (coupons, redemptions) = (world.coupons().await, world.redemptions().await);
    let mut of_coupon: HashMap<CouponId, Vec<&coupon_event::Model>> = HashMap::new();
    for event in &events {
        of_coupon.entry(event.coupon_id).or_default().push(event);
    }
    let used = coupons.iter().filter(|one| one.used_at.is_some()).count();
    eprintln!("sums: {} coupons, {} redemptions, {used} in use", coupons.len(), redemptions.len());
    assert!(redemptions.len() > rounds() && used > 0, "too little was done to prove anything");
    for one in &coupons {
        let live = redemptions.iter().filter(|row| row.coupon_id == one.id && row.reversed_at.is_none());
        audit_coupon(one, &of_coupon[&one.id], live.count());
        let uses = of_coupon[&one.id].iter().filter(|event| event.to_state == CouponState::Used);
        let of_it: Vec<_> = redemptions.iter().filter(|row| row.coupon_id == one.id).collect();
        assert_eq!(uses.count(), of_it.len(), "uses of {one:?}");
        assert!(of_it.iter().all(|row| row.member_id == one.member_id), "whose uses of {one:?}");
    }
    let merged = member_merge::Entity::find().all(read).await.unwrap();
    let merged: HashSet<MemberId> = merged.into_iter().map(|row| row.current_id).collect();
    for template in &coupon_template::Entity::find().all(read).await.unwrap() {
        audit_template(template, &coupons, &merged);
    }
    audit_gifts(world, &coupons).await;
    let mut numbers: HashMap<&str, BTreeMap<i32, usize>> = HashMap::new();
    for row in &redemptions {
        *numbers.entry(&row.request_no).or_default().entry(row.part).or_default() += 1;
    }
    assert!(
        numbers.values().all(|parts| parts.values().all(|count| *count == 1)),
        "a request was done twice"
    );
}

fn audit_coupon(one: &coupon::Model, events: &[&coupon_event::Model], live: usize) {
    let mut state = None;
    for event in events {
        assert_eq!(event.from_state, state, "a move of {one:?} in {events:?}");
        assert_ne!(event.from_state, Some(CouponState::Voided), "a voided coupon moved");
        state = Some(event.to_state);
    }
    assert_eq!(state, Some(one.state), "{one:?}");
    assert_eq!(live, usize::from(one.state == CouponState::Used), "live redemptions of {one:?}");
    assert_eq!(one.used_at.is_some(), one.state == CouponState::Used, "{one:?}");
    assert_eq!(one.locked_until.is_some(), one.state == CouponState::Locked, "{one:?}");
}

/// The limit per member holds but for who was two, and for what was given anew after a refund.
fn audit_template(template: &coupon_template::Model, coupons: &[coupon::Model], merged: &HashSet<MemberId>) {
    let copies: Vec<_> = coupons.iter().filter(|one| one.template_id == template.id).collect();
    let taken = copies.iter().filter(|one| !STAND_IN.contains(&one.source.as_str())).count();
    assert_eq!(template.taken, i64::try_from(taken).unwrap());
    assert!(template.taken <= template.stock);
    let slots: HashSet<_> = copies.iter().map(|one| (one.member_id, one.slot)).collect();
    assert_eq!(slots.len(), copies.len());
    let limit = 1..=template.limit_per_member;
    let free = |one: &coupon::Model| one.source == "refund" || merged.contains(&one.member_id);
    let within = copies.iter().all(|one| free(one) || limit.contains(&one.slot));
    assert!(within, "a copy beyond the limit of {template:?}");
}

/// The gift of an order lives as long as what is left of the order reaches its step.
async fn audit_gifts(world: &World, coupons: &[coupon::Model]) {
    let purchases: HashMap<_, _> = world.purchases().await.into_iter().map(|row| (row.id, row)).collect();
    for gift in order_gift::Entity::find().all(world.shop.ctx().db.read()).await.unwrap() {
        let bought = &purchases[&gift.purchase_id];
        let reaches = bought.total_fen - bought.refunded_fen >= gift.threshold_fen;
        let Some(id) = gift.coupon_id else { continue };
        let copy = coupons.iter().find(|one| one.id == id).unwrap();
        match gift.outcome.as_str() {
            "given" => assert!(reaches, "{gift:?} of {bought:?}"),
            "voided" => assert!(!reaches && copy.state == CouponState::Voided, "{gift:?} of {bought:?}"),
            "valued" | "lapsed" => assert!(!reaches, "{gift:?} of {bought:?}"),
            other => panic!("{other}"),
        }
    }
}
