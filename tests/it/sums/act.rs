//! The things that somebody does, each chosen before its round so that the choices can be made again.

use service::Result;
use service::coupon::{
    Basket, Proof, RedeemCoupon, accept_coupon, claim, expire, lock_coupon, offer_coupon, redeem_coupon,
    release_locks, reverse_redemption, unlock_coupon, void_coupon,
};
use service::delivery::notices::send_notices;
use service::ids::{CouponId, CouponTemplateId, ExchangeId, PurchaseId, RedemptionId};
use service::mall::{ExchangeItem, HandOver, cancel_my_exchange, exchange_item, hand_over};
use service::member::merge::{MergeMembers, merge_members};
use service::points::{adjust_points, check_in, keep_points};
use service::purchase::{
    Asked, Customer, NewLine, RecordPurchase, RefundPurchase, end_return_periods, record_purchase,
    refund_purchase,
};
use service::tier::{UseRight, check_tiers, use_right};
use tokio_util::sync::CancellationToken;

use super::world::{RIGHT, World};

/// Members are told by their place.
#[derive(Debug, Clone)]
pub enum Act {
    Claim(usize, CouponTemplateId),
    Lock(usize, CouponId, String),
    Unlock(usize, CouponId),
    Redeem(usize, Vec<CouponId>, String),
    Order(CouponId, String),
    Reverse(RedemptionId),
    Void(CouponId),
    Give(usize, usize, CouponId),
    Buy(usize, String, i64),
    /// So much of it, or all.
    Refund(PurchaseId, String, Option<i64>),
    Exchange(usize, String),
    Cancel(usize, ExchangeId),
    HandOver(usize, ExchangeId),
    Adjust(usize, i64),
    CheckIn(usize),
    UseRight(usize),
    Merge(usize, usize),
    /// The notices that wait are sent.
    Tell,
    Tidy,
}

impl Act {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Claim(..) => "claim",
            Self::Lock(..) => "lock",
            Self::Unlock(..) => "unlock",
            Self::Redeem(..) => "redeem",
            Self::Order(..) => "order",
            Self::Reverse(..) => "reverse",
            Self::Void(..) => "void",
            Self::Give(..) => "give",
            Self::Buy(..) => "buy",
            Self::Refund(..) => "refund",
            Self::Exchange(..) => "exchange",
            Self::Cancel(..) => "cancel",
            Self::HandOver(..) => "hand over",
            Self::Adjust(..) => "adjust",
            Self::CheckIn(..) => "check in",
            Self::UseRight(..) => "use right",
            Self::Merge(..) => "merge",
            Self::Tell => "tell",
            Self::Tidy => "tidy",
        }
    }
}

pub async fn carry_out(world: &World, number: usize, act: &Act) -> Result<()> {
    let (ctx, cashier) = (world.shop.ctx(), &world.shop.cashier);
    let id = |who: &usize| world.members[*who].id;
    match act {
        Act::Claim(who, template) => claim(ctx, &world.members[*who], *template).await.map(drop),
        Act::Lock(who, coupon, order) => lock_coupon(ctx, id(who), *coupon, order).await.map(drop),
        Act::Unlock(who, coupon) => unlock_coupon(ctx, id(who), *coupon).await.map(drop),
        Act::Redeem(who, ids, order) => {
            let proof = Proof::Scan(world.scans[*who]);
            redeem_coupon(ctx, cashier, redemption(world, number, (proof, ids, order))).await.map(drop)
        }
        Act::Order(coupon, order) => {
            let command = redemption(world, number, (Proof::Lock, &[*coupon], order));
            redeem_coupon(ctx, cashier, command).await.map(drop)
        }
        Act::Reverse(id) => reverse_redemption(ctx, &world.shop.owner, *id, "退单").await.map(drop),
        Act::Void(id) => void_coupon(ctx, &world.shop.owner, *id, "错发").await.map(drop),
        Act::Give(from, to, coupon) => {
            let link = offer_coupon(ctx, id(from), *coupon).await?;
            accept_coupon(ctx, id(to), &link.token).await.map(drop)
        }
        Act::Buy(who, order, fen) => buy(world, *who, order, *fen).await,
        Act::Refund(purchase, refund_no, fen) => refund(world, *purchase, refund_no, *fen).await,
        Act::Exchange(who, request_no) => {
            let request_no = request_no.clone();
            exchange_item(ctx, ExchangeItem { member_id: id(who), item_id: world.item, request_no })
                .await
                .map(drop)
        }
        Act::Cancel(who, exchange) => cancel_my_exchange(ctx, id(who), *exchange).await.map(drop),
        Act::HandOver(who, exchange_id) => {
            let (store_id, scan_id) = (world.shop.store, world.scans[*who]);
            let command = HandOver { exchange_id: *exchange_id, store_id, scan_id, paid_fen: 0 };
            hand_over(ctx, cashier, command).await.map(drop)
        }
        Act::Adjust(who, points) => {
            adjust_points(ctx, &world.shop.owner, id(who), (*points, "补")).await.map(drop)
        }
        Act::CheckIn(who) => check_in(ctx, id(who)).await.map(drop),
        Act::UseRight(who) => {
            let (store_id, scan_id) = (world.shop.store, world.scans[*who]);
            let (right_code, request_no) = (RIGHT.to_owned(), format!("U{number}"));
            use_right(ctx, cashier, UseRight { store_id, scan_id, right_code, request_no }).await.map(drop)
        }
        Act::Merge(one, other) => {
            let (member_id, other_id) = (id(one), id(other));
            let command = MergeMembers { member_id, other_id, reason: "同一位顾客".to_owned() };
            merge_members(ctx, &world.shop.owner, command).await.map(drop)
        }
        Act::Tell => send_notices(ctx, &world.waiting_notices().await, &CancellationToken::new()).await,
        Act::Tidy => tidy(world).await,
    }
}

fn redemption(
    world: &World,
    number: usize,
    (proof, coupon_ids, order): (Proof, &[CouponId], &str),
) -> RedeemCoupon {
    RedeemCoupon {
        store_id: world.shop.store,
        proof,
        coupon_ids: coupon_ids.to_vec(),
        request_no: format!("R{number}"),
        order_no: Some(order.to_owned()),
        basket: Basket::of_amount(20_000),
        quoted_fen: None,
    }
}

/// Two lines, so that what is given back in part is shared.
async fn buy(world: &World, who: usize, order_no: &str, fen: i64) -> Result<()> {
    let line = |category: &str, price_fen| NewLine {
        product_code: None,
        name: category.to_owned(),
        category: Some(category.to_owned()),
        quantity: 1,
        price_fen,
        cost_fen: None,
    };
    let order = RecordPurchase {
        store_id: world.shop.store,
        customer: Customer::CardNumber(world.members[who].card_number.clone()),
        order_no: order_no.to_owned(),
        total_fen: fen,
        purchased_at: None,
        lines: vec![line("茶", fen / 3 + 1), line("饼", fen)],
    };
    record_purchase(world.shop.ctx(), &world.shop.cashier, order).await.map(drop)
}

async fn refund(world: &World, purchase_id: PurchaseId, refund_no: &str, fen: Option<i64>) -> Result<()> {
    let asked = fen.map_or(Asked::All, Asked::Amount);
    let command = RefundPurchase { purchase_id, refund_no: refund_no.to_owned(), asked, reason: None };
    refund_purchase(world.shop.ctx(), &world.shop.cashier, command).await.map(drop)
}

async fn tidy(world: &World) -> Result<()> {
    let ctx = world.shop.ctx();
    release_locks(ctx).await?;
    expire(ctx).await?;
    end_return_periods(ctx).await?;
    keep_points(ctx).await?;
    check_tiers(ctx).await.map(drop)
}
