//! What a refund takes of each line: whatever the pieces, in the end exactly what was paid and earned.

use proptest::prelude::*;
use service::ids::PurchaseLineId;
use service::purchase::refund_rules::{Asked, Part, is_whole, plan};
use service::{Error, Refusal};
use uuid::Uuid;

fn part(number: u128, quantity: i64, paid_fen: i64, points: i64) -> Part {
    let line_id = Some(PurchaseLineId(Uuid::from_u128(number)));
    Part { line_id, quantity, paid_fen, points, back_quantity: 0, back_fen: 0, back_points: 0 }
}

fn id(number: u128) -> PurchaseLineId {
    PurchaseLineId(Uuid::from_u128(number))
}

#[test]
fn three_pieces_for_ten_yuan_come_back_as_333_334_333_whatever_the_order() {
    let mut parts = vec![part(1, 3, 1_000, 10)];
    let mut amounts = Vec::new();
    for _ in 0..3 {
        let piece = plan(&parts, &Asked::Lines(vec![(id(1), 1)])).unwrap().remove(0);
        amounts.push((piece.amount_fen, piece.points));
        parts[0].back_quantity += 1;
        parts[0].back_fen += piece.amount_fen;
        parts[0].back_points += piece.points;
    }
    assert_eq!(amounts, [(333, 3), (334, 4), (333, 3)]);
    assert!(matches!(plan(&parts, &Asked::All), Err(Error::Refused(Refusal::RefundTooLarge))));
}

#[test]
fn a_line_that_is_not_there_or_named_twice_is_told_by_its_path() {
    let parts = [part(1, 3, 1_000, 10)];
    let asked = Asked::Lines(vec![(id(2), 1), (id(1), 0), (id(1), 1)]);
    let Err(Error::Invalid(errors)) = plan(&parts, &asked) else { panic!("it is refused") };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["lines[0].line_id", "lines[1].quantity", "lines[2].line_id"]);
}

proptest! {
    #[test]
    fn refunds_of_any_kind_never_give_back_more_and_together_give_back_all(
        lines in prop::collection::vec((1..6_i64, 0..50_000_i64, 0..500_i64), 1..6),
        asks in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1..20_000_i64), 0..12),
    ) {
        let mut parts: Vec<Part> = lines.iter().enumerate()
            .map(|(index, &(quantity, paid, points))| part(index as u128, quantity, paid, if paid == 0 { 0 } else { points }))
            .collect();
        let mut whole = false;
        for (by_line, which, amount) in asks {
            let asked = if by_line {
                Asked::Lines(vec![(id(which.index(parts.len()) as u128), 1)])
            } else {
                Asked::Amount(amount)
            };
            let Ok(pieces) = plan(&parts, &asked) else { continue };
            whole = whole || is_whole(&parts, &pieces);
            give(&mut parts, &pieces);
            for part in &parts {
                prop_assert!(part.back_fen <= part.paid_fen && part.back_points <= part.points);
                prop_assert!(part.back_quantity <= part.quantity);
            }
        }
        if let Ok(pieces) = plan(&parts, &Asked::All) {
            prop_assert!(is_whole(&parts, &pieces));
            give(&mut parts, &pieces);
        }
        for part in &parts {
            prop_assert_eq!((part.back_fen, part.back_points), (part.paid_fen, part.points));
        }
    }
}

fn give(parts: &mut [Part], pieces: &[service::purchase::refund_rules::Piece]) {
    for piece in pieces {
        let part = parts.iter_mut().find(|part| part.line_id == piece.line_id).unwrap();
        part.back_quantity += piece.quantity;
        part.back_fen += piece.amount_fen;
        part.back_points += piece.points;
    }
}
