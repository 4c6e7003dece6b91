//! How many stamps a purchase gives, and where stamps go, pure.

use chrono::{DateTime, Utc};
use entity::stamp_card::Model as Card;
use entity::states::PublicationState;

/// Whether a card takes stamps.
pub fn is_open(card: &Card, now: DateTime<Utc>) -> bool {
    card.state == PublicationState::Published
        && card.open_from.is_none_or(|from| from <= now)
        && card.open_until.is_none_or(|until| now < until)
}

/// For so much money: one stamp for each `least_fen`, or one for the purchase where none is asked for; no more than the card allows per
/// purchase and for the day.
pub fn stamps_for(card: &Card, counted_fen: i64, today: i32) -> i32 {
    let earned = match card.least_fen {
        least if least > 0 => counted_fen / least,
        _ => i64::from(counted_fen > 0),
    };
    let earned = i32::try_from(earned).unwrap_or(i32::MAX).min(card.per_purchase);
    card.per_day.map_or(earned, |most| earned.min((most - today).max(0)))
}

/// A round of the card, as far as stamps go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    pub round: i32,
    pub stamps: i32,
}

/// Where so many stamps go: to the rounds that are not full, the first ones first, then to new ones while the card allows rounds. What
/// finds no place is lost.
pub fn place(card: &Card, rounds: &[Round], mut stamps: i32) -> Vec<Round> {
    let mut places = Vec::new();
    let mut add = |round: i32, room: i32, stamps: &mut i32| {
        let some = room.min(*stamps);
        if some > 0 {
            places.push(Round { round, stamps: some });
            *stamps -= some;
        }
    };
    for one in rounds {
        add(one.round, card.stamps - one.stamps, &mut stamps);
    }
    let mut next = rounds.iter().map(|one| one.round).max().unwrap_or(0) + 1;
    while stamps > 0 && card.rounds.is_none_or(|most| next <= most) {
        add(next, card.stamps, &mut stamps);
        next += 1;
    }
    places
}
