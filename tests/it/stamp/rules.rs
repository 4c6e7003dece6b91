//! How many stamps a purchase gives and where they go.

use entity::states::PublicationState;
use proptest::prelude::*;
use service::ids::{CouponTemplateId, StampCardId};
use service::stamp::CardRow;
use service::stamp::rules::{Round, is_open, place, stamps_for};
use tests::app::start;
use uuid::Uuid;

fn card() -> CardRow {
    CardRow {
        id: StampCardId(Uuid::from_u128(1)),
        name: "集章".to_owned(),
        stamps: 5,
        least_fen: 2_000,
        per_purchase: 3,
        per_day: None,
        rounds: None,
        store_ids: serde_json::json!([]),
        categories: serde_json::json!([]),
        reward_template_id: CouponTemplateId(Uuid::from_u128(2)),
        state: PublicationState::Published,
        open_from: None,
        open_until: None,
        created_at: start(),
        updated_at: start(),
    }
}

#[test]
fn a_purchase_gives_a_stamp_for_each_amount_within_its_limits() {
    let cases = [(1_999, 0, 0), (2_000, 0, 1), (6_000, 0, 3), (60_000, 0, 3)];
    for (fen, today, due) in cases {
        assert_eq!(stamps_for(&card(), fen, today), due, "{fen}");
    }
    let daily = CardRow { per_day: Some(4), ..card() };
    assert_eq!(
        (stamps_for(&daily, 60_000, 2), stamps_for(&daily, 60_000, 4), stamps_for(&daily, 60_000, 9)),
        (2, 0, 0)
    );
    let each = CardRow { least_fen: 0, ..card() };
    assert_eq!((stamps_for(&each, 1, 0), stamps_for(&each, 0, 0)), (1, 0));
}

#[test]
fn stamps_fill_the_oldest_sheet_and_flow_into_the_next_round() {
    let rounds = [Round { round: 1, stamps: 5 }, Round { round: 2, stamps: 3 }];
    let due = [Round { round: 2, stamps: 2 }, Round { round: 3, stamps: 1 }];
    assert_eq!(place(&card(), &rounds, 3), due);
    let last = CardRow { rounds: Some(2), ..card() };
    assert_eq!(place(&last, &rounds, 3), [Round { round: 2, stamps: 2 }]);
}

#[test]
fn a_card_is_open_within_its_days() {
    let until = CardRow { open_until: Some(start()), ..card() };
    let from = CardRow { open_from: Some(start()), ..card() };
    let withdrawn = CardRow { state: PublicationState::Withdrawn, ..card() };
    assert!(is_open(&from, start()) && !is_open(&until, start()) && !is_open(&withdrawn, start()));
}

proptest! {
    #[test]
    fn no_sheet_gets_more_than_it_holds_and_none_is_lost_without_need(
        filled in prop::collection::vec(0..=5_i32, 0..6), stamps in 0..40_i32, rounds in prop::option::of(1..10_i32),
    ) {
        let card = CardRow { rounds, ..card() };
        let sheets: Vec<Round> = filled.iter().zip(1..).map(|(stamps, round)| Round { round, stamps: *stamps }).collect();
        let places = place(&card, &sheets, stamps);
        for one in &places {
            let before = sheets.iter().find(|sheet| sheet.round == one.round).map_or(0, |sheet| sheet.stamps);
            prop_assert!(one.stamps > 0 && before + one.stamps <= card.stamps);
        }
        let placed: i32 = places.iter().map(|one| one.stamps).sum();
        let room: i32 = sheets.iter().map(|sheet| card.stamps - sheet.stamps).sum();
        let new = rounds.map_or(i32::MAX / 10, |most| (most - filled.len() as i32).max(0));
        prop_assert_eq!(placed, stamps.min(room + new.saturating_mul(card.stamps)));
    }
}
