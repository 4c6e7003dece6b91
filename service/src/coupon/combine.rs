//! Which coupons go together on one order, what each takes off which line, and the best choice of them.
//!
//! Coupons of one order are applied in a fixed order, so that the same choice always costs the same: exchanges, then
//! percentages, then money off, then the rest, within a kind by id. Thresholds look at the goods before any coupon;
//! each coupon takes from what those before it have left of the goods that it is good for. But for a rounded fen, coupons
//! together never take off more than the sum of what each would take off alone: where there are many choices, the search
//! leaves those unlooked at that can't be the best.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use entity::states::CouponKind;

use super::basket::Basket;
use super::{HeldCoupon, rules};
use crate::ids::CouponId;

/// Choices that are looked at, most promising first: all of them where there are no more.
const MOST_CHOICES: usize = 1_000;

/// What one coupon takes off an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub coupon_id: CouponId,
    /// The sum of the shares and of what it takes off the delivery.
    pub discount_fen: i64,
    /// Of each line that it takes something off: the line's index, and how much.
    pub shares: Vec<(usize, i64)>,
}

/// A choice of coupons that go together, in the order in which they are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Combination {
    pub parts: Vec<Part>,
}

impl Combination {
    pub fn discount_fen(&self) -> i64 {
        self.parts.iter().map(|part| part.discount_fen).sum()
    }
}

/// Whether coupons may be used for one order: alone, or each with a stacking group of its own.
pub fn go_together(coupons: &[&HeldCoupon]) -> bool {
    let mut groups: Vec<_> = coupons.iter().map(|held| &held.offer.template.stacking_group).collect();
    groups.sort_unstable();
    coupons.len() <= 1
        || groups.iter().all(|group| group.is_some()) && groups.windows(2).all(|pair| pair[0] != pair[1])
}

/// What coupons that go together and fit the basket take off it.
pub fn apply(basket: &Basket, coupons: &[&HeldCoupon]) -> Combination {
    let mut fitted: Vec<Fitted<'_>> = coupons.iter().map(|held| Fitted::of(basket, held)).collect();
    fitted.sort_unstable_by_key(|one| place(one.held));
    Left::of(basket).take_all(basket, fitted.iter())
}

/// A coupon with the lines that it is good for.
struct Fitted<'a> {
    held: &'a HeldCoupon,
    lines: Vec<usize>,
}

impl<'a> Fitted<'a> {
    fn of(basket: &Basket, held: &'a HeldCoupon) -> Self {
        let lines = basket.lines.iter().enumerate();
        let lines = lines.filter(|(_, line)| held.offer.conditions.fits_goods(line)).map(|(index, _)| index);
        Self { held, lines: lines.collect() }
    }
}

fn place(held: &HeldCoupon) -> (u8, uuid::Uuid, uuid::Uuid) {
    let kind = match held.offer.template.kind {
        CouponKind::Exchange => 0,
        CouponKind::Percentage => 1,
        CouponKind::MoneyOff => 2,
        CouponKind::FreeDelivery => 3,
        CouponKind::Gift | CouponKind::Service => 4,
    };
    (kind, held.offer.template.id.0, held.coupon.id.0)
}

/// What is still to be paid while coupons are applied.
struct Left {
    lines: Vec<i64>,
    delivery: i64,
}

impl Left {
    fn of(basket: &Basket) -> Self {
        let lines = basket.lines.iter().map(|line| line.amount_fen()).collect();
        Self { lines, delivery: basket.delivery_fen }
    }

    fn take_all<'a>(mut self, basket: &Basket, coupons: impl Iterator<Item = &'a Fitted<'a>>) -> Combination {
        Combination { parts: coupons.map(|one| self.take(basket, one)).collect() }
    }

    fn take(&mut self, basket: &Basket, one: &Fitted<'_>) -> Part {
        let (coupon_id, template) = (one.held.coupon.id, &one.held.offer.template);
        if template.kind == CouponKind::FreeDelivery {
            let discount_fen = self.delivery.min(template.discount_ceiling_fen.unwrap_or(i64::MAX));
            self.delivery -= discount_fen;
            return Part { coupon_id, discount_fen, shares: Vec::new() };
        }
        let mut amounts: Vec<(usize, i64)> = one.lines.iter().map(|&line| (line, self.lines[line])).collect();
        let wanted = match template.kind {
            CouponKind::Exchange => exchange(basket, template.exchange_price_fen.unwrap_or(0), &mut amounts),
            _ => rules::discount_fen(template, amounts.iter().map(|(_, amount)| amount).sum()),
        };
        let shares = split(wanted, &amounts);
        for (index, share) in &shares {
            self.lines[*index] -= share;
        }
        Part { coupon_id, discount_fen: shares.iter().map(|(_, share)| share).sum(), shares }
    }
}

/// One piece of the dearest article to choose from, down to the exchange's price.
fn exchange(basket: &Basket, price: i64, amounts: &mut Vec<(usize, i64)>) -> i64 {
    let saving =
        |(index, amount): &(usize, i64)| (basket.lines[*index].price_fen - price).min(*amount).max(0);
    let best = amounts.iter().copied().max_by_key(|one| (saving(one), Reverse(one.0)));
    amounts.clear();
    amounts.extend(best);
    best.as_ref().map_or(0, saving)
}

/// `total` in proportion to the amounts: rounded down, and what is then missing one fen each to the lines that lost most by
/// it. The shares sum to the total, or to all there is, and none is above its amount.
fn split(total: i64, amounts: &[(usize, i64)]) -> Vec<(usize, i64)> {
    let sum: i64 = amounts.iter().map(|(_, amount)| amount).sum();
    let total = total.clamp(0, sum.max(0));
    if total == 0 {
        return Vec::new();
    }
    // Both factors are at most `LARGEST_FEN`, a thousand million.
    let exact = |amount: i64| total * amount;
    let mut shares: Vec<(usize, i64)> =
        amounts.iter().map(|(index, amount)| (*index, exact(*amount) / sum)).collect();
    let missing = total - shares.iter().map(|(_, share)| share).sum::<i64>();
    let mut by_loss: Vec<usize> = (0..amounts.len()).collect();
    by_loss.sort_by_key(|at| (Reverse(exact(amounts[*at].1) % sum), *at));
    for at in by_loss.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[at].1 += 1;
    }
    shares.retain(|(_, share)| *share > 0);
    shares
}

/// The choice that takes off most among coupons that fit the basket; what takes nothing off is left out.
pub fn best(basket: &Basket, coupons: &[&HeldCoupon]) -> Combination {
    let mut groups: BTreeMap<Option<&str>, Vec<Ranked<'_>>> = BTreeMap::new();
    for held in coupons {
        let fitted = Fitted::of(basket, held);
        let alone = Left::of(basket).take(basket, &fitted).discount_fen;
        if alone > 0 {
            let group = held.offer.template.stacking_group.as_deref();
            groups.entry(group).or_default().push(Ranked { fitted, alone });
        }
    }
    groups.values_mut().for_each(rank);
    let single = groups.remove(&None).and_then(|ranked| ranked.into_iter().next());
    let groups: Vec<_> = groups.into_values().collect();
    let mut search = Search::new(basket, &groups);
    if let Some(single) = &single {
        search.best = Left::of(basket).take_all(basket, std::iter::once(&single.fitted));
    }
    search.go(0, &mut Vec::new(), 0);
    let mut best = search.best;
    best.parts.retain(|part| part.discount_fen > 0);
    best
}

struct Ranked<'a> {
    fitted: Fitted<'a>,
    /// What it takes off when it is used by itself.
    alone: i64,
}

/// The best first, among equals the one that ends first; of one template only the copy that ends first.
fn rank(ranked: &mut Vec<Ranked<'_>>) {
    ranked.sort_by_key(|one| {
        let coupon = &one.fitted.held.coupon;
        (Reverse(one.alone), coupon.valid_until, coupon.id.0)
    });
    let mut seen = Vec::new();
    ranked.retain(|one| {
        let template = one.fitted.held.offer.template.id;
        let is_new = !seen.contains(&template);
        seen.push(template);
        is_new
    });
}

struct Search<'a> {
    basket: &'a Basket,
    /// The group that can take off most comes first.
    groups: Vec<&'a [Ranked<'a>]>,
    /// The most that the groups from here on can add.
    most_after: Vec<i64>,
    best: Combination,
    looked_at: usize,
    /// Every choice is looked at.
    all: bool,
}

impl<'a> Search<'a> {
    fn new(basket: &'a Basket, groups: &'a [Vec<Ranked<'a>>]) -> Self {
        let most = |group: &[Ranked<'_>]| group.first().map_or(0, |one| one.alone);
        let mut groups: Vec<&[Ranked<'_>]> = groups.iter().map(Vec::as_slice).collect();
        groups.sort_by_key(|group| Reverse(most(group)));
        let mut most_after: Vec<i64> = vec![0];
        for group in groups.iter().rev() {
            most_after.push(most_after.last().copied().unwrap_or(0) + most(group));
        }
        most_after.reverse();
        let choices = groups.iter().fold(1, |choices: usize, group| choices.saturating_mul(group.len() + 1));
        Self {
            basket,
            groups,
            most_after,
            best: Combination::default(),
            looked_at: 0,
            all: choices <= MOST_CHOICES,
        }
    }

    /// Goes through the choices that extend `chosen`, which takes off `so_far`, by coupons of the groups from `depth` on.
    fn go(&mut self, depth: usize, chosen: &mut Vec<&'a Fitted<'a>>, so_far: i64) {
        let Some(&group) = self.groups.get(depth) else { return };
        let after = self.most_after[depth + 1];
        for one in group {
            if !self.may_pay(so_far + one.alone + after) {
                break;
            }
            chosen.push(&one.fitted);
            let discount = self.look_at(chosen);
            self.go(depth + 1, chosen, discount);
            chosen.pop();
        }
        if self.may_pay(so_far + after) {
            self.go(depth + 1, chosen, so_far);
        }
    }

    fn may_pay(&self, most: i64) -> bool {
        self.all || most > self.best.discount_fen() && self.looked_at < MOST_CHOICES
    }

    fn look_at(&mut self, chosen: &[&'a Fitted<'a>]) -> i64 {
        self.looked_at += 1;
        let mut ordered = chosen.to_vec();
        ordered.sort_unstable_by_key(|one| place(one.held));
        let here = Left::of(self.basket).take_all(self.basket, ordered.into_iter());
        let discount = here.discount_fen();
        if discount > self.best.discount_fen() {
            self.best = here;
        }
        discount
    }
}
