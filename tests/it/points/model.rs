//! Purchases, refunds, spendings, reversals, adjustments, check-ins and the jobs at random and all at once: whatever the order, every
//! account adds up from its events, nothing is spent twice and nobody gets back more than they paid.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Duration;
use entity::{member, purchase};
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sea_orm::EntityTrait;
use service::points::{
    CheckInPolicy, Expiry, PointsPolicy, adjust_points, check_in, check_points, keep_points,
};
use service::purchase::{Asked, Customer, RecordPurchase, RefundPurchase, record_purchase, refund_purchase};
use service::{Error, Refusal};

use super::ledger::{audit, audit_money, reverse, save, spend};
use crate::coupon::shop::Shop;

const MEMBERS: usize = 5;
/// Operations under way at once.
const AT_ONCE: usize = 8;

#[derive(Debug, Clone)]
enum Deed {
    Buy { order: u8, fen: i64 },
    Refund { order: u8, number: u8, fen: Option<i64> },
    Spend { name: u8, points: i64 },
    Reverse { name: u8 },
    Adjust(i64),
    CheckIn,
    Tidy,
    Wait,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..30_u8, 1..30_000_i64).prop_map(|(order, fen)| Deed::Buy { order, fen }),
        3 => (0..30_u8, 0..20_u8, prop::option::of(1..20_000_i64))
            .prop_map(|(order, number, fen)| Deed::Refund { order, number, fen }),
        4 => (0..40_u8, 1..200_i64).prop_map(|(name, points)| Deed::Spend { name, points }),
        2 => (0..40_u8).prop_map(|name| Deed::Reverse { name }),
        1 => (-100..100_i64).prop_filter("not 0", |points| *points != 0).prop_map(Deed::Adjust),
        1 => Just(Deed::CheckIn),
        1 => Just(Deed::Tidy),
        1 => Just(Deed::Wait),
    ]
}

/// What a rule may refuse; anything else is a fault.
fn allowed(answer: service::Result<()>) {
    match answer {
        Ok(())
        | Err(Error::Refused(
            Refusal::PointsShort
            | Refusal::RefundTooLarge
            | Refusal::RefundNumberTaken
            | Refusal::OrderNumberTaken,
        )) => {}
        Err(error) => panic!("{error:?}"),
    }
}

async fn play(shop: &Shop, member: &member::Model, deed: &Deed) {
    let ctx = shop.ctx();
    match deed {
        Deed::Buy { order, fen } => {
            let order = RecordPurchase {
                store_id: shop.store,
                customer: Customer::CardNumber(member.card_number.clone()),
                order_no: format!("{}-{order}", member.card_number),
                total_fen: *fen,
                purchased_at: None,
                lines: Vec::new(),
            };
            allowed(record_purchase(ctx, &shop.cashier, order).await.map(|_| ()));
        }
        Deed::Refund { order, number, fen } => {
            use sea_orm::{ColumnTrait, QueryFilter};
            let order_no = format!("{}-{order}", member.card_number);
            let bought = purchase::Entity::find().filter(purchase::Column::OrderNo.eq(order_no));
            let Some(bought) = bought.one(ctx.db.read()).await.unwrap() else { return };
            let asked = fen.map_or(Asked::All, Asked::Amount);
            let refund_no = format!("{}-{number}", member.card_number);
            let command = RefundPurchase { purchase_id: bought.id, refund_no, asked, reason: None };
            allowed(refund_purchase(ctx, &shop.cashier, command).await.map(|_| ()));
        }
        Deed::Spend { name, points } => {
            let name = format!("{}-{name}", member.id);
            allowed(spend(ctx, member.id, *points, &name).await.map(|_| ()).map_err(Error::from));
        }
        Deed::Reverse { name } => drop(reverse(ctx, member.id, &format!("{}-{name}", member.id)).await),
        Deed::Adjust(points) => {
            allowed(adjust_points(ctx, &shop.owner, member.id, (*points, "补")).await.map(|_| ()));
        }
        Deed::CheckIn => allowed(check_in(ctx, member.id).await.map(|_| ())),
        Deed::Tidy => {
            allowed(keep_points(ctx).await.map(|_| ()));
            allowed(service::purchase::end_return_periods(ctx).await.map(|_| ()));
        }
        Deed::Wait => shop.app.clock.advance(Duration::hours(20)),
    }
}

#[tokio::test]
async fn any_interleaving_of_purchases_refunds_spendings_and_jobs_adds_up() {
    let shop = Shop::open().await;
    let check_in = Some(CheckInPolicy { points: 3, streaks: Vec::new() });
    let expiry = Expiry::Days { days: 2 };
    save(&shop, PointsPolicy { return_days: 1, expiry, grace_days: 1, check_in, ..PointsPolicy::default() })
        .await;
    let members = shop.members(MEMBERS).await;
    let mut runner = TestRunner::default();
    let deeds = prop::collection::vec((0..MEMBERS, deed()), 300).new_tree(&mut runner).unwrap().current();
    let played = AtomicI64::new(0);

    stream::iter(&deeds)
        .for_each_concurrent(AT_ONCE, |(who, deed)| {
            let (shop, member, played) = (&shop, &members[*who], &played);
            async move {
                play(shop, member, deed).await;
                played.fetch_add(1, Ordering::Relaxed);
            }
        })
        .await;

    assert_eq!(played.into_inner(), 300);
    audit(shop.ctx()).await;
    audit_money(shop.ctx()).await;
    assert_eq!(check_points(shop.ctx()).await.unwrap().wrong, 0);
}
