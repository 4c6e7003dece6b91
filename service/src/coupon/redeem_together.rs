//! Redemptions of one moment, decided together: each table is read once for all of them, and one transaction ([`super::use_up`]) uses the
//! coupons of all that may. So a till that asks alone pays what it always paid, and a crowd of them a fraction each.
//!
//! What is read before cannot change under us (the scan, the frozen rules) or is compared with the locked row before it is written (the
//! coupons). When one of them was changed meanwhile, nothing of the company is written and each is tried by itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::states::SalesChannel;
use entity::{coupon, member, store};
use futures_util::try_join;
use sea_orm::{EntityTrait, QueryFilter};

use super::combine::{self, Combination};
use super::quote::{is_first_order, usage};
use super::redeem::{Proof, Receipt, RedeemCoupon, request_hash};
use super::rules::{self, Usage};
use super::use_up::{self, Use};
use super::{HeldCoupon, offer};
use crate::card::{Scans, till};
use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::facts::{ChangedCoupon, Facts};
use crate::ids::{CouponId, MemberId, StoreId};
use crate::redirect;
use crate::refusal::Refusal;
use crate::session::require_active_member;
use crate::staff::StaffCaller;
use crate::together::Together;

/// A request by somebody who may work at the store.
pub struct Asked {
    pub staff: StaffCaller,
    pub command: RedeemCoupon,
}

/// What became of a request that no rule refuses. Only what is done has written anything.
#[derive(Debug)]
pub enum Verdict {
    Done(Box<Receipt>),
    /// Somebody was faster than this one, or something is wrong with one of its company.
    Lost,
    /// One of its company has to be done before it.
    Later,
}

pub type Decision = Result<Verdict>;

pub type RedemptionDesk = Together<Arc<Asked>, Decision>;

pub async fn redeem_together(ctx: Context, asked: Vec<Arc<Asked>>) -> Vec<Decision> {
    match decide_all(&ctx, &asked).await {
        Ok(decisions) => decisions,
        Err(error) if asked.len() == 1 => vec![Err(error)],
        // What is wrong with one is no matter of the others: each is tried by itself.
        Err(error) => {
            tracing::warn!(requests = asked.len(), %error, "redemptions could not be decided together");
            asked.iter().map(|_| Ok(Verdict::Lost)).collect()
        }
    }
}

async fn decide_all(ctx: &Context, asked: &[Arc<Asked>]) -> Result<Vec<Decision>> {
    let now = ctx.now();
    let seen = Seen::read(ctx, asked).await?;
    let (mut company, mut uses, mut places) = (Company::default(), Vec::new(), Vec::new());
    let mut decisions = Vec::with_capacity(asked.len());
    for (place, one) in asked.iter().enumerate() {
        decisions.push(match decide(ctx, &seen, (one, now)).await {
            Ok(one) if company.takes_in(&one) => {
                places.push(place);
                uses.push(one);
                Ok(Verdict::Lost)
            }
            Ok(_) => Ok(Verdict::Later),
            Err(refused) => Err(refused),
        });
    }
    if let Some(receipts) = use_up::write(ctx, &uses, now).await? {
        for (place, receipt) in places.into_iter().zip(receipts) {
            decisions[place] = Ok(Verdict::Done(Box::new(receipt)));
        }
    }
    Ok(decisions)
}

/// Each member and each request number once: a second of these depends on what becomes of the first.
#[derive(Default)]
struct Company<'a> {
    members: HashSet<MemberId>,
    requests: HashSet<(StoreId, &'a str)>,
}

impl<'a> Company<'a> {
    fn takes_in(&mut self, one: &Use<'a>) -> bool {
        self.requests.insert((one.store.id, &one.command.request_no))
            && self.members.insert(one.usage.member_id)
    }
}

/// What the requests name, each table by one statement.
struct Seen {
    stores: HashMap<StoreId, store::Model>,
    coupons: HashMap<CouponId, HeldCoupon>,
    scans: Scans,
}

impl Seen {
    async fn read(ctx: &Context, asked: &[Arc<Asked>]) -> Result<Self> {
        let (connection, backend) = (ctx.db.read(), ctx.db.backend());
        let store_ids: HashSet<StoreId> = asked.iter().map(|one| one.command.store_id).collect();
        let coupon_ids = asked.iter().flat_map(|one| one.command.coupon_ids.iter().copied());
        let scan_ids: Vec<_> = asked.iter().filter_map(|one| one.command.proof.scan_id()).collect();
        let stores = store::Entity::find().filter(is_any(backend, store::Column::Id, store_ids));
        let coupons = coupon::Entity::find().filter(is_any(backend, coupon::Column::Id, coupon_ids));
        let held = async { offer::attach(connection, coupons.all(connection).await?).await };
        let stores = async { Ok(stores.all(connection).await?) };
        let (held, scans, stores) = try_join!(held, Scans::read(connection, &scan_ids), stores)?;
        Ok(Self {
            stores: stores.into_iter().map(|store| (store.id, store)).collect(),
            coupons: held.into_iter().map(|held| (held.coupon.id, held)).collect(),
            scans,
        })
    }

    /// In the order of `ids`, every one of them.
    fn held(&self, ids: &[CouponId]) -> Result<Vec<HeldCoupon>> {
        ids.iter().map(|id| self.coupons.get(id).cloned().ok_or(Error::NotFound("coupon"))).collect()
    }
}

/// The use that a request asks for, when every rule allows it.
async fn decide<'a>(ctx: &Context, seen: &Seen, (asked, now): (&'a Asked, DateTime<Utc>)) -> Result<Use<'a>> {
    let command = &asked.command;
    let store = till::open(seen.stores.get(&command.store_id).cloned())?;
    let held = seen.held(&command.coupon_ids)?;
    let member = whose(ctx, command, (seen, &held)).await?;
    let asks_for_first = held.iter().any(|held| held.offer.conditions.first_order);
    let usage = Usage {
        now,
        channel: command.proof.channel(),
        order_no: command.order_no.as_deref(),
        is_first_order: asks_for_first && is_first_order(ctx, &member).await?,
        ..usage(ctx, &member, &store, Some(&command.basket))
    };
    let taken = combination(command, &held, usage)?;
    let source = if usage.channel == SalesChannel::Online { "online" } else { "till" };
    let request_hash = request_hash(command);
    Ok(Use { command, request_hash, staff: &asked.staff, store, source, held, taken, usage })
}

/// The member who was scanned, or who holds the coupons and locked them.
async fn whose(
    ctx: &Context,
    command: &RedeemCoupon,
    (seen, held): (&Seen, &[HeldCoupon]),
) -> Result<member::Model> {
    if let Proof::Scan(scan_id) = command.proof {
        let (scan, member) = seen.scans.live(ctx, scan_id, command.store_id)?;
        return match scan.coupon_id {
            Some(shown) if command.coupon_ids != [shown] => Err(Refusal::CardCodeNeeded.into()),
            _ => Ok(member),
        };
    }
    let holder: MemberId = held.first().map(|held| held.coupon.member_id).ok_or(Error::NotFound("coupon"))?;
    let member = redirect::find_current(ctx.db.read(), holder).await?;
    require_active_member(member.ok_or(Error::NotFound("member"))?)
}

/// What the coupons take off together, or why they don't.
fn combination(command: &RedeemCoupon, held: &[HeldCoupon], usage: Usage<'_>) -> Result<Combination> {
    let verdicts: Vec<_> = held.iter().map(|one| (one, judge(command, one, usage))).collect();
    if let [(_, Err(reason))] = verdicts.as_slice() {
        return Err((*reason).into());
    }
    let good: Vec<&HeldCoupon> = verdicts.iter().filter(|one| one.1.is_ok()).map(|one| one.0).collect();
    let changed: Vec<ChangedCoupon> = verdicts
        .iter()
        .filter_map(|(held, verdict)| {
            Some(ChangedCoupon { coupon_id: held.coupon.id, reason: verdict.err()?.code() })
        })
        .collect();
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
