//! Staff redeem coupons for an order: of the member whose card they scanned, or those that the member locked for an order of
//! the online shop.
//!
//! Requests of the same moment are decided together ([`super::redeem_together`]). One that could not be, or lost a race there, is tried
//! by itself. The redemptions of a request are their own record of who did it, and its answer for ever.

use std::collections::HashSet;
use std::sync::Arc;

use entity::states::{CouponState, SalesChannel};
use entity::{coupon, redemption};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::basket::Basket;
use super::facts;
use super::redeem_together::{Asked, Decision, Verdict, redeem_together};
use super::{HeldCoupon, offer};
use crate::card::till;
use crate::context::Context;
use crate::crowding;
use crate::crypto;
use crate::db::is_any;
use crate::error::{Error, FieldError, Result};
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

impl Proof {
    pub(super) fn scan_id(self) -> Option<ScanId> {
        match self {
            Self::Scan(id) => Some(id),
            Self::Lock => None,
        }
    }

    pub(super) fn channel(self) -> SalesChannel {
        match self {
            Self::Scan(_) => SalesChannel::Store,
            Self::Lock => SalesChannel::Online,
        }
    }
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
/// `store_not_permitted`, `store_closed`, `request_number_reused`, `scan_expired`, `card_code_needed`, `member_disabled`,
/// `coupons_not_stackable`, `quote_changed`, and of one coupon what [`super::rules::check`] refuses
pub async fn redeem_coupon(ctx: &Context, staff: &StaffCaller, command: RedeemCoupon) -> Result<Redeemed> {
    till::require(staff, command.store_id)?;
    validate(&command)?;
    let asked = Arc::new(Asked { staff: staff.clone(), command });
    let decided = match redeem_in_company(ctx, &asked).await {
        // Perhaps the coupon's holder was merged in this moment.
        Ok(Verdict::Lost) | Err(Error::Refused(Refusal::CouponNotOwned)) => redeem_alone(ctx, &asked).await,
        decided => decided,
    };
    match decided {
        Ok(Verdict::Done(receipt)) => Ok(Redeemed { receipt: *receipt, repeated: false }),
        Ok(Verdict::Lost | Verdict::Later) => lost(ctx, &asked.command).await,
        // Perhaps because this very request was done before.
        Err(refused) => match stored_answer(ctx, &asked.command).await? {
            Some(answer) => Ok(answer),
            None => Err(with_facts(ctx, &asked.command, refused).await?),
        },
    }
}

/// With those that are asked for in the same moment, but for those of the same coupons: the first of them decides what the others are told.
async fn redeem_in_company(ctx: &Context, asked: &Arc<Asked>) -> Decision {
    let _only = ctx.redeeming.hold(&asked.command.coupon_ids).await;
    loop {
        let shared = ctx.clone();
        let work = move |asked| redeem_together(shared.clone(), asked);
        match crowding::watch(ctx, crowding::Wait::Redemption, ctx.redemptions.ask(asked.clone(), work))
            .await?
        {
            Ok(Verdict::Later) => {}
            decided => return decided,
        }
    }
}

/// Again for each merge that came between reading and writing.
async fn redeem_alone(ctx: &Context, asked: &Arc<Asked>) -> Decision {
    loop {
        let holders = holders(ctx, &asked.command.coupon_ids).await?;
        let decided = redeem_together(ctx.clone(), vec![asked.clone()]).await.pop();
        let decided = decided.unwrap_or(Ok(Verdict::Lost));
        let is_done = matches!(decided, Ok(Verdict::Done(_)));
        if is_done || !redirect::is_merged(ctx.db.read(), &holders).await? {
            return decided;
        }
    }
}

async fn holders(ctx: &Context, ids: &[CouponId]) -> Result<Vec<MemberId>> {
    let holders = coupon::Entity::find()
        .select_only()
        .column(coupon::Column::MemberId)
        .filter(is_any(ctx.db.backend(), coupon::Column::Id, ids.iter().copied()))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(holders)
}

/// Of a coupon that is used up, who used it and when.
async fn with_facts(ctx: &Context, command: &RedeemCoupon, refused: Error) -> Result<Error> {
    match (&refused, command.coupon_ids.as_slice()) {
        (Error::Refused(Refusal::CouponAlreadyRedeemed), [only]) => {
            facts::already_redeemed(ctx.db.read(), *only).await
        }
        _ => Ok(refused),
    }
}

fn validate(command: &RedeemCoupon) -> Result<()> {
    let mut errors = Vec::new();
    let mut push =
        |field: &str, message: String| errors.push(FieldError { field: field.to_owned(), message });
    let numbers = [("request_no", Some(&command.request_no)), ("order_no", command.order_no.as_ref())];
    for (field, number) in numbers {
        if number.is_some_and(|text| !is_number(text)) {
            push(field, format!("must have 1 to {LONGEST_NUMBER} characters, and no control characters"));
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

fn is_number(text: &str) -> bool {
    let is_short = text.chars().count() <= LONGEST_NUMBER;
    is_short && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

/// What tells one request from another under the same number.
pub(super) fn request_hash(command: &RedeemCoupon) -> String {
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

/// Somebody was faster: with the same request, or with a coupon, which then tells why it can't be used.
async fn lost(ctx: &Context, command: &RedeemCoupon) -> Result<Redeemed> {
    if let Some(answer) = stored_answer(ctx, command).await? {
        return Ok(answer);
    }
    let coupons = coupon::Entity::find()
        .filter(is_any(ctx.db.backend(), coupon::Column::Id, command.coupon_ids.iter().copied()))
        .all(ctx.db.read())
        .await?;
    let moved = coupons.iter().find(|coupon| coupon.state != CouponState::Issued).or(coupons.first());
    let coupon = moved.ok_or(Error::NotFound("coupon"))?;
    Err(match coupon.state {
        CouponState::Voided => Refusal::CouponVoided.into(),
        CouponState::Expired => Refusal::CouponExpired.into(),
        CouponState::Locked => Refusal::CouponLocked.into(),
        // Back from a reversal in this moment: it was used when we tried.
        CouponState::Used | CouponState::Issued => facts::already_redeemed(ctx.db.read(), coupon.id).await?,
    })
}

pub(super) async fn find(ctx: &Context, id: CouponId) -> Result<HeldCoupon> {
    let row = coupon::Entity::find_by_id(id).one(ctx.db.read()).await?;
    let held = offer::attach(ctx.db.read(), row.into_iter().collect()).await?;
    held.into_iter().next().ok_or(Error::NotFound("coupon"))
}
