//! Staff redeem coupons for an order: of the member whose card they scanned, or those that the member locked for an order of
//! the online shop.
//!
//! Everything that cannot change under us (the scan, the frozen rules) is read before; the transaction itself is a conditional
//! update per coupon, the redemptions and the events. Who won a race is told by row counts: the state of each coupon, the unique
//! `(store, request_no, part)` and the one live redemption per coupon. The redemptions of a request are their own record of
//! who did it, and its answer for ever.

use std::collections::HashSet;

use entity::states::{CouponState, SalesChannel};
use entity::{coupon, member, redemption};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::basket::Basket;
use super::combine::{self, Combination};
use super::quote::usage;
use super::rules::{self, Usage};
use super::{HeldCoupon, facts, offer, use_up};
use crate::card::{self, till};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, FieldError, Result};
use crate::facts::{ChangedCoupon, Facts};
use crate::ids::{CouponId, MemberId, ScanId, StoreId};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

const LONGEST_NUMBER: usize = 64;
/// Coupons of one order.
const MOST_COUPONS: usize = 10;

#[derive(Debug, Clone)]
pub struct RedeemCoupon {
    pub store_id: StoreId,
    pub proof: Proof,
    /// Used together; each once.
    pub coupon_ids: Vec<CouponId>,
    /// The till's own number of this request: with the same one, a repeated request is answered and not done again.
    pub request_no: String,
    pub order_no: Option<String>,
    pub basket: Basket,
    /// What the quote said that they take off together: another sum is refused and told.
    pub quoted_fen: Option<i64>,
}

/// How we know that the member wants this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The member's card was scanned.
    Scan(ScanId),
    /// The member locked the coupons for the order; it is placed online.
    Lock,
}

/// The redemptions of one request, in the order in which the coupons were applied: the first, and the others.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub redemption: redemption::Model,
    pub held: HeldCoupon,
    pub others: Vec<ReceiptPart>,
}

/// A redemption with the coupon that it used.
#[derive(Debug, Clone)]
pub struct ReceiptPart {
    pub redemption: redemption::Model,
    pub held: HeldCoupon,
}

impl Receipt {
    pub(super) fn of(mut parts: Vec<ReceiptPart>) -> Result<Self> {
        if parts.is_empty() {
            return Err(Error::NotFound("redemption"));
        }
        let ReceiptPart { redemption, held } = parts.remove(0);
        Ok(Self { redemption, held, others: parts })
    }

    pub fn parts(&self) -> impl Iterator<Item = (&redemption::Model, &HeldCoupon)> {
        let others = self.others.iter().map(|part| (&part.redemption, &part.held));
        std::iter::once((&self.redemption, &self.held)).chain(others)
    }

    pub fn discount_fen(&self) -> i64 {
        self.parts().map(|(redemption, _)| redemption.discount_fen).sum()
    }

    pub fn payable_fen(&self) -> i64 {
        self.redemption.amount_fen - self.discount_fen()
    }
}

/// What came of a request: done now, or answered from what was done before.
#[derive(Debug, Clone)]
pub struct Redeemed {
    pub receipt: Receipt,
    pub repeated: bool,
}

/// # Refuses
/// `store_not_permitted`, `store_closed`, `request_number_reused`, `scan_expired`, `member_disabled`,
/// `coupons_not_stackable`, `quote_changed`, and of one coupon what [`rules::check`] refuses
pub async fn redeem_coupon(ctx: &Context, staff: &StaffCaller, command: RedeemCoupon) -> Result<Redeemed> {
    till::require(staff, command.store_id)?;
    validate(&command)?;
    match try_redeem(ctx, staff, &command).await {
        Ok(redeemed) => Ok(redeemed),
        // Perhaps because this very request was done before.
        Err(refused) => stored_answer(ctx, &command).await?.ok_or(refused),
    }
}

async fn try_redeem(ctx: &Context, staff: &StaffCaller, command: &RedeemCoupon) -> Result<Redeemed> {
    let store = till::require_open(ctx, staff, command.store_id).await?;
    let held = find_all(ctx, &command.coupon_ids).await?;
    let member = whose(ctx, command, &held).await?;
    let mut usage = usage(ctx, &member, &store, Some(&command.basket)).await?;
    usage.order_no = command.order_no.as_deref();
    if command.proof == Proof::Lock {
        usage.channel = SalesChannel::Online;
    }
    let owners: Vec<MemberId> = held.iter().map(|held| held.coupon.member_id).chain([member.id]).collect();
    let taken = match decide(ctx, command, &held, usage).await {
        Ok(taken) => taken,
        Err(_) if redirect::is_merged(ctx.db.read(), &owners).await? => {
            return Box::pin(try_redeem(ctx, staff, command)).await;
        }
        Err(refused) => return Err(refused),
    };
    let order = use_up::Order { command, request_hash: request_hash(command), staff, store: &store };
    match use_up::write(ctx, &order, held, &taken, usage).await? {
        Some(receipt) => Ok(Redeemed { receipt, repeated: false }),
        // Merged since they were read: the coupons are somebody else's now, and everything is read again.
        None if redirect::is_merged(ctx.db.read(), &owners).await? => {
            Box::pin(try_redeem(ctx, staff, command)).await
        }
        None => lost(ctx, command).await,
    }
}

fn validate(command: &RedeemCoupon) -> Result<()> {
    let mut errors = Vec::new();
    let mut push =
        |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });
    let numbers = [("request_no", Some(&command.request_no)), ("order_no", command.order_no.as_ref())];
    for (field, number) in numbers {
        if number.is_some_and(|text| text.trim().is_empty() || text.chars().count() > LONGEST_NUMBER) {
            push(field, format!("must have 1 to {LONGEST_NUMBER} characters"));
        }
    }
    let distinct: HashSet<_> = command.coupon_ids.iter().collect();
    if distinct.len() != command.coupon_ids.len() || !(1..=MOST_COUPONS).contains(&distinct.len()) {
        push("coupon_ids", format!("must name 1 to {MOST_COUPONS} coupons, each once"));
    }
    if command.proof == Proof::Lock && command.order_no.is_none() {
        push("order_no", "is needed without a scan: the order that the coupons are locked for".to_owned());
    }
    match command.basket.validate() {
        Err(Error::Invalid(more)) => errors.extend(more),
        other => other?,
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// What tells one request from another under the same number.
fn request_hash(command: &RedeemCoupon) -> String {
    let text = format!(
        "{:?}\n{:?}\n{:?}\n{:?}",
        command.proof, command.coupon_ids, command.basket, command.order_no
    );
    crypto::sha256_hex(text.as_bytes())
}

/// # Refuses
/// `request_number_reused`
async fn stored_answer(ctx: &Context, command: &RedeemCoupon) -> Result<Option<Redeemed>> {
    let by_number = redemption::Column::RequestNo.eq(&command.request_no);
    let rows = redemption::Entity::find()
        .filter(redemption::Column::StoreId.eq(command.store_id))
        .filter(by_number)
        .order_by_asc(redemption::Column::Part)
        .all(ctx.db.read())
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    if first.request_hash != request_hash(command) {
        return Err(Refusal::RequestNumberReused.into());
    }
    let receipt = complete(ctx.db.read(), rows).await?;
    Ok(Some(Redeemed { receipt, repeated: true }))
}

/// The coupons of redemptions of one request.
pub(super) async fn complete(
    connection: &impl ConnectionTrait,
    rows: Vec<redemption::Model>,
) -> Result<Receipt> {
    let ids = rows.iter().map(|row| row.coupon_id);
    let coupons = coupon::Entity::find().filter(coupon::Column::Id.is_in(ids)).all(connection).await?;
    let held = offer::attach(connection, coupons).await?;
    let part = |redemption: redemption::Model| {
        let held = held.iter().find(|held| held.coupon.id == redemption.coupon_id);
        Ok(ReceiptPart { held: held.ok_or(Error::NotFound("coupon"))?.clone(), redemption })
    };
    Receipt::of(rows.into_iter().map(part).collect::<Result<_>>()?)
}

/// The member who was scanned, or who holds the coupons and locked them.
async fn whose(ctx: &Context, command: &RedeemCoupon, held: &[HeldCoupon]) -> Result<member::Model> {
    if let Proof::Scan(scan_id) = command.proof {
        return Ok(card::live_scan(ctx, ctx.db.read(), scan_id, command.store_id).await?.1);
    }
    let holder = held.first().map(|held| held.coupon.member_id).ok_or(Error::NotFound("coupon"))?;
    let member = redirect::find_current(ctx.db.read(), holder).await?;
    crate::session::require_active_member(member.ok_or(Error::NotFound("member"))?)
}

/// What the coupons take off together, or why they don't.
async fn decide(
    ctx: &Context,
    command: &RedeemCoupon,
    held: &[HeldCoupon],
    usage: Usage<'_>,
) -> Result<Combination> {
    let verdicts: Vec<_> = held.iter().map(|one| (one, judge(command, one, usage))).collect();
    let good: Vec<&HeldCoupon> = verdicts.iter().filter(|one| one.1.is_ok()).map(|one| one.0).collect();
    let changed: Vec<ChangedCoupon> = verdicts
        .iter()
        .filter_map(|(held, verdict)| {
            Some(ChangedCoupon { coupon_id: held.coupon.id, reason: verdict.err()?.code() })
        })
        .collect();
    if let ([only], [(_, Err(reason))]) = (held, verdicts.as_slice()) {
        return Err(match reason {
            Refusal::CouponAlreadyRedeemed => facts::already_redeemed(ctx.db.read(), only.coupon.id).await?,
            reason => (*reason).into(),
        });
    }
    if !combine::go_together(&good) {
        return Err(Refusal::CouponsNotStackable.into());
    }
    let taken = combine::apply(&command.basket, &good);
    let discount_fen = taken.discount_fen();
    if !changed.is_empty() || command.quoted_fen.is_some_and(|quoted| quoted != discount_fen) {
        let facts = Facts { changed, discount_fen: Some(discount_fen), ..Facts::default() };
        return Err(Error::because(Refusal::QuoteChanged, facts));
    }
    Ok(taken)
}

/// Without a scan the lock is the member's word, so there must be one.
fn judge(command: &RedeemCoupon, held: &HeldCoupon, usage: Usage<'_>) -> std::result::Result<(), Refusal> {
    rules::check(&held.coupon, &held.offer, usage).map_err(|unusable| unusable.reason)?;
    match command.proof {
        Proof::Lock if !rules::is_locked(&held.coupon, usage.now) => Err(Refusal::CouponNotLocked),
        _ => Ok(()),
    }
}

/// Somebody was faster: with the same request, or with a coupon, which then tells why it can't be used.
async fn lost(ctx: &Context, command: &RedeemCoupon) -> Result<Redeemed> {
    if let Some(answer) = stored_answer(ctx, command).await? {
        return Ok(answer);
    }
    let held = find_all(ctx, &command.coupon_ids).await?;
    let moved = held.iter().find(|held| held.coupon.state != CouponState::Issued).or(held.first());
    let coupon = &moved.ok_or(Error::NotFound("coupon"))?.coupon;
    Err(match coupon.state {
        CouponState::Voided => Refusal::CouponVoided.into(),
        CouponState::Expired => Refusal::CouponExpired.into(),
        CouponState::Locked => Refusal::CouponLocked.into(),
        // Back from a reversal in this moment: it was used when we tried.
        CouponState::Used | CouponState::Issued => facts::already_redeemed(ctx.db.read(), coupon.id).await?,
    })
}

pub(super) async fn find(ctx: &Context, id: CouponId) -> Result<HeldCoupon> {
    find_all(ctx, &[id]).await?.pop().ok_or(Error::NotFound("coupon"))
}

/// In the order of `ids`, every one of them.
async fn find_all(ctx: &Context, ids: &[CouponId]) -> Result<Vec<HeldCoupon>> {
    let wanted = coupon::Column::Id.is_in(ids.iter().copied());
    let mut coupons = coupon::Entity::find().filter(wanted).all(ctx.db.read()).await?;
    if coupons.len() < ids.len() {
        return Err(Error::NotFound("coupon"));
    }
    coupons.sort_by_key(|coupon| ids.iter().position(|id| *id == coupon.id));
    offer::attach(ctx.db.read(), coupons).await
}
