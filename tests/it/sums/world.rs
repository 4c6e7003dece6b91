//! The shop in which everything happens at once: a few members, coupons of several kinds, a mall, a stamp card, gifts with orders, a
//! ladder of tiers.

use std::collections::BTreeMap;

use chrono::Duration;
use entity::states::{CouponState, DeliveryState, MemberState, PartialRefund};
use entity::{coupon, exchange, member, notice, purchase, redemption};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use service::coupon::template::TemplateForm;
use service::ids::{CouponTemplateId, MallItemId, NoticeId, ScanId};
use service::mall::{ItemForm, save_item};
use service::order_gift::{OrderGiftStep, OrderGifts, save_order_gifts};
use service::points::{CheckInPolicy, Expiry, PointsPolicy};
use service::tier::{Per, Right, TierForm, save_tiers};
use tests::database::Way;
use tests::seed::Seed;

use super::AT_ONCE;
use super::act::Act;
use crate::coupon::shop::{Shop, money_off};
use crate::mall::shop::cup;
use crate::points::ledger::{give, save};
use crate::stamp::purchase::card;
use crate::tier::shop::form;

const MEMBERS: usize = 12;
pub const RIGHT: &str = "tea";
/// What a settled spend of so much earns.
pub const SILVER_FEN: i64 = 20_000;
pub const RETURN_DAYS: u32 = 1;

/// How often: 10,000 things against PostgreSQL.
pub fn rounds() -> usize {
    if Way::chosen() == Way::Distributed { 100 } else { 20 }
}

pub struct World {
    pub shop: Shop,
    pub members: Vec<member::Model>,
    pub templates: Vec<CouponTemplateId>,
    pub item: MallItemId,
    pub scans: Vec<ScanId>,
    pub tally: Tally,
}

/// How much of what was done, and how much of that succeeded.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, (usize, usize)>);

impl Tally {
    pub fn note(&mut self, act: &Act, done: bool) {
        let count = self.0.entry(act.name()).or_default();
        *count = (count.0 + 1, count.1 + usize::from(done));
    }

    pub fn tell(&self) {
        eprintln!("sums: of each, how many and how many of them done: {:?}", self.0);
    }

    /// Else what follows proves nothing.
    pub fn require_some_of_each(&self) {
        for (name, (_, done)) in &self.0 {
            assert!(*done > 0, "no {name} was ever done");
        }
    }
}

impl World {
    pub async fn open() -> Self {
        // A hundred wait for six connections: that they wait long on a busy machine proves nothing.
        let shop = Shop::with_settings("[database]\nwait_seconds = 60").await;
        let templates = templates(&shop).await;
        let reward = card(&shop, |card| (card.least_fen, card.categories) = (0, vec!["茶".to_owned()])).await;
        let gift =
            shop.template(TemplateForm { transferable: true, limit_per_member: 60, ..money_off() }).await;
        let steps = vec![OrderGiftStep { threshold_fen: 20_000, coupon_template_id: gift }];
        save_order_gifts(shop.ctx(), &shop.owner, OrderGifts { steps }).await.unwrap();
        let item = save_item(shop.ctx(), &shop.owner, None, ItemForm { stock: 60, points: 20, ..cup() });
        let item = item.await.unwrap().id;
        save(&shop, policy()).await;
        save_tiers(shop.ctx(), &shop.owner, ladder()).await.unwrap();
        let templates = templates.into_iter().chain([reward]).collect();
        let (members, scans, tally) = (Vec::new(), Vec::new(), Tally::default());
        Self { shop, members, templates, item, scans, tally }
    }

    /// In place of who was merged away somebody new comes; then everybody shows their card.
    pub async fn meet(&mut self) {
        let mut present = Vec::new();
        for known in &self.members {
            let row = member::Entity::find_by_id(known.id).one(self.shop.ctx().db.read()).await.unwrap();
            present.extend(row.filter(|row| row.state == MemberState::Active));
        }
        self.shop.app.clock.advance(Duration::seconds(1));
        for new in self.shop.members(MEMBERS - present.len()).await {
            give(self.shop.ctx(), &new, 200, Some(3)).await;
            present.push(new);
        }
        self.members = present;
        self.scans.clear();
        for member in &self.members {
            self.scans.push(self.shop.scan(member).await);
        }
    }

    async fn all<E: EntityTrait>(&self, in_order_of: E::Column) -> Vec<E::Model> {
        E::find().order_by_asc(in_order_of).all(self.shop.ctx().db.read()).await.unwrap()
    }

    pub async fn coupons(&self) -> Vec<coupon::Model> {
        self.all::<coupon::Entity>(coupon::Column::Id).await
    }

    pub async fn redemptions(&self) -> Vec<redemption::Model> {
        self.all::<redemption::Entity>(redemption::Column::Id).await
    }

    pub async fn purchases(&self) -> Vec<purchase::Model> {
        self.all::<purchase::Entity>(purchase::Column::Id).await
    }

    pub async fn exchanges(&self) -> Vec<exchange::Model> {
        self.all::<exchange::Entity>(exchange::Column::Id).await
    }

    /// Some of those that were not told yet.
    pub async fn waiting_notices(&self) -> Vec<NoticeId> {
        notice::Entity::find()
            .select_only()
            .column(notice::Column::Id)
            .filter(notice::Column::State.is_in([DeliveryState::Pending, DeliveryState::Queued]))
            .order_by_asc(notice::Column::Id)
            .limit(20)
            .into_tuple()
            .all(self.shop.ctx().db.read())
            .await
            .unwrap()
    }

    /// What a round does, from what there is at its beginning.
    pub async fn plan(&self, seed: &mut Seed, round: usize) -> Vec<Act> {
        let there = There {
            coupons: self.coupons().await,
            redemptions: self.redemptions().await,
            purchases: self.purchases().await,
            exchanges: self.exchanges().await,
        };
        (0..AT_ONCE).map(|at| self.choose(seed, &there, (round, at))).collect()
    }

    fn choose(&self, seed: &mut Seed, there: &There, (round, at): (usize, usize)) -> Act {
        let who = seed.below(MEMBERS);
        // Few orders, so that they meet; other ones every few rounds, so that new ones are bought.
        let order = format!("W{}-{}", round / 5, seed.below(30));
        match seed.below(40) {
            0..=5 => Act::Claim(who, self.templates[seed.below(self.templates.len())]),
            6..=9 => Act::Buy(who, order, 1_000 + i64::try_from(seed.below(40_000)).unwrap()),
            10..=12 => self.choose_refund(seed, there),
            13 | 14 => Act::Exchange(who, format!("E{round}-{}", seed.below(30))),
            15 | 16 if !there.exchanges.is_empty() => {
                let one = recent(&there.exchanges, seed);
                let holder = self.place_of(one.member_id).unwrap_or(who);
                if seed.below(2) == 0 { Act::Cancel(holder, one.id) } else { Act::HandOver(holder, one.id) }
            }
            17 => Act::Adjust(who, [-30, -7, 5, 40][seed.below(4)]),
            18 => Act::CheckIn(who),
            19 => Act::UseRight(who),
            // Not so often that everybody is one.
            20 if at < 40 => Act::Merge(who, (who + 1 + seed.below(MEMBERS - 1)) % MEMBERS),
            21 if at % 2 == 0 => Act::Tidy,
            21 => Act::Tell,
            _ if there.coupons.is_empty() => Act::Claim(who, self.templates[0]),
            kind => self.choose_of_coupon(seed, there, (kind, who, order)),
        }
    }

    fn choose_refund(&self, seed: &mut Seed, there: &There) -> Act {
        if there.purchases.is_empty() {
            return Act::Tidy;
        }
        let one = recent(&there.purchases, seed);
        let part = [None, Some(one.total_fen / 3 + 1), Some(7)][seed.below(3)];
        Act::Refund(one.id, format!("F{}-{}", one.order_no, seed.below(4)), part)
    }

    fn choose_of_coupon(
        &self,
        seed: &mut Seed,
        there: &There,
        (kind, who, order): (usize, usize, String),
    ) -> Act {
        let one = recent(&there.coupons, seed);
        let holder = self.place_of(one.member_id).unwrap_or(who);
        match kind {
            20..=24 => Act::Lock(holder, one.id, order),
            25 | 26 => Act::Unlock(holder, one.id),
            27..=31 => {
                let other = there.coupons.iter().find(|other| {
                    other.member_id == one.member_id
                        && other.template_id != one.template_id
                        && other.state == CouponState::Issued
                });
                let mut ids = vec![one.id];
                ids.extend(other.filter(|_| seed.below(2) == 0).map(|other| other.id));
                Act::Redeem(holder, ids, order)
            }
            32 | 33 => {
                let locked = there.coupons.iter().rev().find(|one| one.state == CouponState::Locked);
                let locked = locked.unwrap_or(one);
                Act::Order(locked.id, locked.locked_order_no.clone().unwrap_or(order))
            }
            34..=36 if !there.redemptions.is_empty() => Act::Reverse(recent(&there.redemptions, seed).id),
            37 => Act::Void(one.id),
            _ => Act::Give(holder, who, one.id),
        }
    }

    fn place_of(&self, id: service::ids::MemberId) -> Option<usize> {
        self.members.iter().position(|member| member.id == id)
    }
}

/// What a round finds.
struct There {
    coupons: Vec<coupon::Model>,
    redemptions: Vec<redemption::Model>,
    purchases: Vec<purchase::Model>,
    exchanges: Vec<exchange::Model>,
}

/// One of the latest: of what is long over nothing can become.
fn recent<'a, T>(rows: &'a [T], seed: &mut Seed) -> &'a T {
    let latest = &rows[rows.len().saturating_sub(150)..];
    &latest[seed.below(latest.len())]
}

async fn templates(shop: &Shop) -> Vec<CouponTemplateId> {
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
    templates
}

fn policy() -> PointsPolicy {
    PointsPolicy {
        return_days: RETURN_DAYS,
        expiry: Expiry::Days { days: 2 },
        grace_days: 1,
        check_in: Some(CheckInPolicy { points: 3, streaks: Vec::new() }),
        ..PointsPolicy::default()
    }
}

fn ladder() -> Vec<TierForm> {
    let tea = Right { code: RIGHT.to_owned(), name: "赠饮".to_owned(), quota: Some(5), per: Per::Month };
    vec![
        TierForm { rights: vec![tea.clone()], ..form("普卡", None, None) },
        TierForm { rights: vec![tea], points_percent: 150, ..form("银卡", Some(SILVER_FEN), None) },
    ]
}
