//! Whatever members and tills do at once, the sums hold: every state is what its events say, every stock what its copies say.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::Duration;
use entity::states::{CouponState, PartialRefund};
use entity::{coupon, coupon_event, coupon_template, member, redemption};
use futures_util::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use service::coupon::template::TemplateForm;
use service::coupon::{
    Basket, Proof, RedeemCoupon, accept_coupon, claim, expire, lock_coupon, offer_coupon, redeem_coupon,
    release_locks, return_of_order, reverse_redemption, unlock_coupon, void_coupon,
};
use service::ids::{CouponId, CouponTemplateId, RedemptionId, ScanId};
use service::{Error, Result};
use tests::database::Way;
use tests::seed::Seed;

use super::shop::{Shop, money_off};

const MEMBERS: usize = 12;
/// What is done at once; between two of these the clock stands still.
const AT_ONCE: usize = 100;

/// How often: 10,000 things against PostgreSQL.
fn rounds() -> usize {
    if Way::chosen() == Way::Distributed { 100 } else { 20 }
}

/// One thing that somebody does, chosen before the round so that the choices can be made again.
#[derive(Debug, Clone)]
enum Act {
    Claim(usize, CouponTemplateId),
    Lock(usize, CouponId, usize),
    Unlock(usize, CouponId),
    Redeem(usize, Vec<CouponId>),
    Order(CouponId, usize),
    Reverse(RedemptionId),
    Refund(usize),
    Void(CouponId),
    Give(usize, usize, CouponId),
    Tidy,
}

struct World {
    shop: Shop,
    members: Vec<member::Model>,
    templates: Vec<CouponTemplateId>,
    scans: Vec<ScanId>,
}

impl World {
    async fn open() -> Self {
        // A hundred wait for six connections: that they wait long on a busy machine proves nothing.
        let shop = Shop::with_settings("[database]\nwait_seconds = 60").await;
        let members = shop.members(MEMBERS).await;
        let group = |name: &str| Some(name.to_owned());
        let plenty = TemplateForm { limit_per_member: 60, stacking_group: group("a"), ..money_off() };
        let scarce = TemplateForm {
            stock: 40,
            limit_per_member: 8,
            transferable: true,
            stacking_group: group("b"),
            partial_refund: PartialRefund::Reissue,
            ..money_off()
        };
        let short = TemplateForm { valid_days: Some(1), limit_per_member: 60, ..money_off() };
        let mut templates = Vec::new();
        for form in [plenty, scarce, short] {
            templates.push(shop.template(form).await);
        }
        Self { shop, members, templates, scans: Vec::new() }
    }

    async fn scan_all(&mut self) {
        self.scans.clear();
        for member in &self.members {
            self.scans.push(self.shop.scan(member).await);
        }
    }

    async fn coupons(&self) -> Vec<coupon::Model> {
        coupon::Entity::find().order_by_asc(coupon::Column::Id).all(self.shop.ctx().db.read()).await.unwrap()
    }

    async fn redemptions(&self) -> Vec<redemption::Model> {
        let all = redemption::Entity::find().order_by_asc(redemption::Column::Id);
        all.all(self.shop.ctx().db.read()).await.unwrap()
    }

    /// What a round does, from what there is at its beginning.
    async fn plan(&self, seed: &mut Seed) -> Vec<Act> {
        let (coupons, redemptions) = (self.coupons().await, self.redemptions().await);
        (0..AT_ONCE).map(|_| self.choose(seed, &coupons, &redemptions)).collect()
    }

    fn choose(&self, seed: &mut Seed, coupons: &[coupon::Model], redemptions: &[redemption::Model]) -> Act {
        let who = seed.below(MEMBERS);
        let template = self.templates[seed.below(self.templates.len())];
        let kind = seed.below(20);
        if coupons.is_empty() || kind < 5 {
            return Act::Claim(who, template);
        }
        let one = &coupons[seed.below(coupons.len())];
        let holder = self.members.iter().position(|member| member.id == one.member_id).unwrap_or(who);
        // Few orders, so that they meet.
        let order = seed.below(8);
        match kind {
            5 | 6 => Act::Lock(holder, one.id, order),
            7 => Act::Unlock(holder, one.id),
            8..=11 => {
                let other = coupons.iter().find(|other| {
                    other.member_id == one.member_id
                        && other.template_id != one.template_id
                        && other.state == CouponState::Issued
                });
                let mut ids = vec![one.id];
                ids.extend(other.filter(|_| seed.below(2) == 0).map(|other| other.id));
                Act::Redeem(holder, ids)
            }
            12 | 13 => Act::Order(one.id, order),
            14 | 15 if !redemptions.is_empty() => Act::Reverse(redemptions[seed.below(redemptions.len())].id),
            16 => Act::Refund(order),
            17 => Act::Void(one.id),
            18 => Act::Give(holder, who, one.id),
            _ => Act::Tidy,
        }
    }

    async fn carry_out(&self, number: usize, act: &Act) -> Result<()> {
        let (ctx, cashier) = (self.shop.ctx(), &self.shop.cashier);
        match act {
            Act::Claim(who, template) => claim(ctx, &self.members[*who], *template).await.map(drop),
            Act::Lock(who, id, order) => {
                lock_coupon(ctx, self.members[*who].id, *id, &format!("W{order}")).await.map(drop)
            }
            Act::Unlock(who, id) => unlock_coupon(ctx, self.members[*who].id, *id).await.map(drop),
            Act::Redeem(who, ids) => {
                let command = self.redemption(number, Proof::Scan(self.scans[*who]), ids.clone());
                redeem_coupon(ctx, cashier, command).await.map(drop)
            }
            Act::Order(id, order) => {
                let command = self.redemption(number, Proof::Lock, vec![*id]);
                let command = RedeemCoupon { order_no: Some(format!("W{order}")), ..command };
                redeem_coupon(ctx, cashier, command).await.map(drop)
            }
            Act::Reverse(id) => reverse_redemption(ctx, &self.shop.owner, *id, "退单").await.map(drop),
            Act::Refund(order) => {
                let txn = ctx.db.begin().await?;
                let order = format!("W{order}");
                return_of_order(ctx, &txn, cashier, (self.shop.store, &order), "退货").await?;
                Ok(txn.commit().await?)
            }
            Act::Void(id) => void_coupon(ctx, &self.shop.owner, *id, "错发").await.map(drop),
            Act::Give(from, to, id) => {
                let link = offer_coupon(ctx, self.members[*from].id, *id).await?;
                accept_coupon(ctx, self.members[*to].id, &link.token).await.map(drop)
            }
            Act::Tidy => {
                release_locks(ctx).await?;
                expire(ctx).await.map(drop)
            }
        }
    }

    fn redemption(&self, number: usize, proof: Proof, coupon_ids: Vec<CouponId>) -> RedeemCoupon {
        RedeemCoupon {
            store_id: self.shop.store,
            proof,
            coupon_ids,
            request_no: format!("R{number}"),
            order_no: None,
            basket: Basket::of_amount(20_000),
            quoted_fen: None,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sums_hold_whatever_is_done_at_once() {
    let mut world = World::open().await;
    let mut seed = Seed::of_this_run("sums");
    for round in 0..rounds() {
        if round % 5 == 0 {
            world.scan_all().await;
        }
        if round % 20 == 19 {
            world.shop.app.clock.advance(Duration::hours(13));
            world.scan_all().await;
        }
        let acts = world.plan(&mut seed).await;
        let numbered = acts.iter().enumerate().map(|(at, act)| (round * AT_ONCE + at, act));
        let done = join_all(numbered.map(|(number, act)| world.carry_out(number, act))).await;
        for (act, outcome) in acts.iter().zip(done) {
            let told = match &outcome {
                Ok(()) | Err(Error::NotFound(_)) => true,
                Err(error) => error.refusal().is_some(),
            };
            assert!(told, "round {round}: {act:?} ended with {outcome:?}");
        }
    }
    audit(&world).await;
}

/// Every balance computed anew from the events.
async fn audit(world: &World) {
    let read = world.shop.ctx().db.read();
    let events = coupon_event::Entity::find().order_by_asc(coupon_event::Column::Id).all(read).await.unwrap();
    let templates = coupon_template::Entity::find().all(read).await.unwrap();
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
        let ever = redemptions.iter().filter(|row| row.coupon_id == one.id).count();
        assert_eq!(uses.count(), ever, "uses of {one:?}");
    }
    for template in &templates {
        audit_template(template, &coupons);
    }
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

fn audit_template(template: &coupon_template::Model, coupons: &[coupon::Model]) {
    let copies: Vec<_> = coupons.iter().filter(|one| one.template_id == template.id).collect();
    // One that stands in for another has taken no stock.
    let taken = copies.iter().filter(|one| !["transfer", "refund"].contains(&one.source.as_str())).count();
    assert_eq!(template.taken, i64::try_from(taken).unwrap());
    assert!(template.taken <= template.stock);
    let slots: HashSet<_> = copies.iter().map(|one| (one.member_id, one.slot)).collect();
    assert_eq!(slots.len(), copies.len());
    let within = copies.iter().all(|one| (1..=template.limit_per_member).contains(&one.slot));
    assert!(within, "a copy beyond the limit of {template:?}");
}
