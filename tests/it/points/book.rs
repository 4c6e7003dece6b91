//! The arithmetic of a book: an example of each act, and that any sequence of acts adds up.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use service::Refusal;
use service::ids::{MemberId, PointsLotId, PurchaseId};
use service::points::rules::{Book, Gain, GraceLot, Shortage};
use service::states::PointsKind;
use tests::app::start;
use uuid::Uuid;

fn lot_id(number: u128) -> PointsLotId {
    PointsLotId(Uuid::from_u128(number))
}

fn book() -> Book {
    Book::empty(MemberId(Uuid::from_u128(1)))
}

fn gain(number: u128, points: i64, (available, expires): (i64, Option<i64>)) -> Gain {
    let day = |days| start() + Duration::days(days);
    Gain {
        lot_id: lot_id(number),
        kind: PointsKind::Purchase,
        business_id: number.to_string(),
        points,
        purchase_id: Some(PurchaseId(Uuid::from_u128(number))),
        available_at: day(available),
        expires_at: expires.map(day),
    }
}

fn left(book: &Book, number: u128) -> i64 {
    book.lots.iter().find(|lot| lot.id == lot_id(number)).unwrap().remaining
}

#[test]
fn spending_takes_what_expires_first_and_what_never_expires_last() {
    let mut book = book();
    book.gain(gain(1, 100, (0, None)), start());
    book.gain(gain(2, 100, (0, Some(30))), start());
    book.gain(gain(3, 100, (0, Some(10))), start());

    book.spend(PointsKind::Spend, "a".to_owned(), 150).unwrap();

    assert_eq!((left(&book, 1), left(&book, 2), left(&book, 3)), (100, 50, 0));
    assert_eq!(book.balance, 150);
    assert_eq!(book.spend(PointsKind::Spend, "b".to_owned(), 151), Err(Refusal::PointsShort));
    assert_eq!(book.balance, 150);
}

#[test]
fn pending_points_can_not_be_spent_until_their_day() {
    let mut book = book();
    book.gain(gain(1, 100, (7, None)), start());
    assert_eq!((book.balance, book.pending), (0, 100));
    assert_eq!(book.spend(PointsKind::Spend, "a".to_owned(), 1), Err(Refusal::PointsShort));

    book.catch_up(start() + Duration::days(7));

    assert_eq!((book.balance, book.pending), (100, 0));
    assert!(book.spend(PointsKind::Spend, "a".to_owned(), 100).is_ok());
}

#[test]
fn a_lot_ends_at_its_instant_and_not_before() {
    let end = start() + Duration::days(10);
    let mut book = book();
    book.gain(gain(1, 100, (0, Some(10))), start());
    book.catch_up(end - Duration::microseconds(1));
    assert_eq!(book.balance, 100);

    book.catch_up(end);

    assert_eq!(book.balance, 0);
    let last = book.entries.last().unwrap();
    assert_eq!((last.kind, last.points, last.balance_after), (PointsKind::Expiry, -100, 0));
}

#[test]
fn a_debt_is_paid_by_the_next_points() {
    let mut book = book();
    book.gain(gain(1, 100, (0, None)), start());
    book.spend(PointsKind::Spend, "a".to_owned(), 80).unwrap();

    let short = book.claw_back("r".to_owned(), (PurchaseId(Uuid::from_u128(1)), 100), Shortage::Debt);
    assert_eq!((short, book.balance, book.debt), (80, -80, 80));
    book.gain(gain(2, 50, (0, None)), start());
    assert_eq!((book.balance, book.debt, left(&book, 2)), (-30, 30, 0));
    book.gain(gain(3, 50, (0, None)), start());

    assert_eq!((book.balance, book.debt, left(&book, 3)), (20, 0, 20));
    assert!(book.adds_up());
}

#[test]
fn a_reversal_goes_back_to_its_lots_and_for_a_past_one_to_a_grace_lot() {
    let mut book = book();
    book.gain(gain(1, 100, (0, Some(10))), start());
    book.gain(gain(2, 100, (0, Some(30))), start());
    book.spend(PointsKind::Spend, "a".to_owned(), 150).unwrap();
    let taken: Vec<_> =
        book.entries.last().unwrap().moves.iter().map(|(id, points)| (*id, -points)).collect();
    let now = start() + Duration::days(20);
    book.catch_up(now);

    let grace = GraceLot { id: lot_id(9), expires_at: now + Duration::days(8) };
    book.give_back("a".to_owned(), &taken, (grace, now));

    assert_eq!((left(&book, 1), left(&book, 2), left(&book, 9)), (0, 100, 100));
    assert_eq!(book.balance, 200);
    assert_eq!(book.lots.last().unwrap().expires_at, Some(now + Duration::days(8)));
}

#[test]
fn a_refund_before_the_return_period_ends_takes_pending_points() {
    let mut book = book();
    book.gain(gain(1, 100, (7, None)), start());
    book.gain(gain(2, 100, (0, None)), start());

    let short = book.claw_back("r".to_owned(), (PurchaseId(Uuid::from_u128(1)), 40), Shortage::Debt);

    assert_eq!((short, book.balance, book.pending), (0, 100, 60));
}

#[test]
fn where_the_refund_keeps_the_value_back_the_balance_stops_at_zero() {
    let mut book = book();
    book.gain(gain(1, 100, (0, None)), start());
    book.spend(PointsKind::Spend, "a".to_owned(), 80).unwrap();

    let short = book.claw_back("r".to_owned(), (PurchaseId(Uuid::from_u128(1)), 100), Shortage::Leave);

    assert_eq!((short, book.balance, book.debt), (80, 0, 0));
}

#[derive(Debug, Clone)]
enum Deed {
    Gain { points: i64, available: i64, expires: Option<i64> },
    Spend(i64),
    Reverse(prop::sample::Index),
    ClawBack { purchase: prop::sample::Index, points: i64, debt: bool },
    Wait(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..200_i64, 0..8_i64, prop::option::of(1..20_i64))
            .prop_map(|(points, available, expires)| Deed::Gain { points, available, expires }),
        (1..200_i64).prop_map(Deed::Spend),
        any::<prop::sample::Index>().prop_map(Deed::Reverse),
        (any::<prop::sample::Index>(), 1..200_i64, any::<bool>())
            .prop_map(|(purchase, points, debt)| Deed::ClawBack { purchase, points, debt }),
        (0..10_i64).prop_map(Deed::Wait),
    ]
}

/// Plays deeds on a book and remembers what can be taken back.
struct Player {
    book: Book,
    now: DateTime<Utc>,
    day: i64,
    next: u128,
    gained: Vec<u128>,
    spent: Vec<Vec<(PointsLotId, i64)>>,
}

impl Player {
    fn play(&mut self, deed: &Deed) {
        self.next += 1;
        self.book.catch_up(self.now);
        match deed {
            Deed::Gain { points, available, expires } => {
                let expires = expires.map(|days| self.day + available + days);
                self.book.gain(gain(self.next, *points, (self.day + available, expires)), self.now);
                self.gained.push(self.next);
            }
            Deed::Spend(points) => {
                let name = self.next.to_string();
                if self.book.spend(PointsKind::Spend, name, *points).is_ok() {
                    let moves = &self.book.entries.last().unwrap().moves;
                    self.spent.push(moves.iter().map(|(id, points)| (*id, -points)).collect());
                }
            }
            Deed::Reverse(which) if !self.spent.is_empty() => {
                let taken = self.spent.swap_remove(which.index(self.spent.len()));
                let grace = GraceLot { id: lot_id(self.next), expires_at: self.now + Duration::days(3) };
                self.book.give_back(self.next.to_string(), &taken, (grace, self.now));
            }
            Deed::ClawBack { purchase, points, debt } if !self.gained.is_empty() => {
                let number = self.gained[purchase.index(self.gained.len())];
                let shortage = if *debt { Shortage::Debt } else { Shortage::Leave };
                let purchase = PurchaseId(Uuid::from_u128(number));
                self.book.claw_back(self.next.to_string(), (purchase, *points), shortage);
            }
            Deed::Reverse(_) | Deed::ClawBack { .. } => {}
            Deed::Wait(days) => {
                self.day += days;
                self.now = start() + Duration::days(self.day);
                self.book.catch_up(self.now);
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_done_the_book_adds_up(deeds in prop::collection::vec(deed(), 1..60)) {
        let mut player =
            Player { book: book(), now: start(), day: 0, next: 100, gained: Vec::new(), spent: Vec::new() };
        for deed in &deeds {
            player.play(deed);
            prop_assert!(player.book.adds_up(), "after {deed:?}: {:#?}", player.book);
        }
        let (mut balance, mut pending, mut debt) = (0, 0, 0);
        for entry in &player.book.entries {
            let moved: i64 = entry.moves.iter().map(|(_, points)| points).sum();
            prop_assert_eq!(entry.points + entry.pending, moved - entry.debt_change);
            balance += entry.points;
            pending += entry.pending;
            debt += entry.debt_change;
            prop_assert_eq!(entry.balance_after, balance);
        }
        prop_assert_eq!((balance, pending, debt), (player.book.balance, player.book.pending, player.book.debt));
    }
}

#[test]
fn a_book_that_takes_over_another_holds_what_both_held_and_debts_are_paid() {
    let mut kept = book();
    kept.gain(gain(1, 100, (0, Some(30))), start());
    kept.spend(PointsKind::Spend, "a".to_owned(), 100).unwrap();
    kept.claw_back("r".to_owned(), (PurchaseId(Uuid::from_u128(1)), 40), Shortage::Debt);
    let mut gone = Book::empty(MemberId(Uuid::from_u128(2)));
    gone.gain(gain(2, 70, (0, Some(10))), start());
    gone.gain(gain(3, 25, (7, None)), start());

    kept.take_over(&mut gone, "2");

    assert_eq!((kept.balance, kept.pending, kept.debt), (30, 25, 0));
    assert_eq!((left(&kept, 2), left(&kept, 3)), (30, 25));
    assert_eq!((gone.balance, gone.pending, gone.debt, gone.lots.len()), (0, 0, 0, 0));
    assert!(kept.adds_up() && gone.adds_up());
    for entry in kept.entries.iter().chain(&gone.entries) {
        let moved: i64 = entry.moves.iter().map(|(_, points)| points).sum();
        assert_eq!(entry.points + entry.pending, moved - entry.debt_change);
    }
}
