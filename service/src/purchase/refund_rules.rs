//! What a refund gives back of each line, pure. Amounts and points are rounded on what is left, so that refunds in pieces come to the
//! same as one refund of all.

use entity::purchase_line;

use crate::error::{Error, FieldError, Result};
use crate::ids::PurchaseLineId;
use crate::points::earn;
use crate::refusal::Refusal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Everything that is left.
    All,
    /// Pieces of lines.
    Lines(Vec<(PurchaseLineId, i64)>),
    /// So much money, spread over what is left of the lines.
    Amount(i64),
}

/// A line of a purchase: what was paid for it and what it earned, and what of that is back already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// None: the whole of a purchase without lines.
    pub line_id: Option<PurchaseLineId>,
    pub quantity: i64,
    pub paid_fen: i64,
    pub points: i64,
    pub back_quantity: i64,
    pub back_fen: i64,
    pub back_points: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub line_id: Option<PurchaseLineId>,
    pub quantity: i64,
    pub amount_fen: i64,
    pub points: i64,
}

/// The parts of a purchase that earned nothing and of which nothing is back.
pub fn parts(total_fen: i64, lines: &[purchase_line::Model]) -> Vec<Part> {
    let part = |line_id, quantity, paid_fen| Part {
        line_id,
        quantity,
        paid_fen,
        points: 0,
        back_quantity: 0,
        back_fen: 0,
        back_points: 0,
    };
    if lines.is_empty() {
        return vec![part(None, 1, total_fen)];
    }
    let gross: Vec<i64> = lines.iter().map(|line| line.price_fen.saturating_mul(line.quantity)).collect();
    let shares = earn::share(total_fen, &gross);
    lines.iter().zip(shares).map(|(line, paid)| part(Some(line.id), line.quantity, paid)).collect()
}

impl Part {
    fn left_quantity(&self) -> i64 {
        self.quantity - self.back_quantity
    }

    fn left_fen(&self) -> i64 {
        self.paid_fen - self.back_fen
    }

    /// So many pieces: their share of what was paid, less what an amount that was refunded before took of it.
    fn by_quantity(&self, quantity: i64) -> Piece {
        let back = self.back_quantity + quantity;
        let due = if back == self.quantity {
            self.paid_fen
        } else {
            earn::half_up(self.paid_fen, back, self.quantity)
        };
        self.piece(quantity, (due - self.back_fen).max(0))
    }

    fn piece(&self, quantity: i64, amount_fen: i64) -> Piece {
        let left = self.left_fen() - amount_fen;
        let points = self.points - earn::kept(self.points, self.paid_fen, left) - self.back_points;
        Piece { line_id: self.line_id, quantity, amount_fen, points: points.max(0) }
    }
}

/// # Refuses
/// `refund_too_large`
pub fn plan(parts: &[Part], asked: &Asked) -> Result<Vec<Piece>> {
    match asked {
        Asked::All => {
            let left = parts.iter().filter(|part| part.left_quantity() > 0 || part.left_fen() > 0);
            let pieces: Vec<_> = left.map(|part| part.by_quantity(part.left_quantity())).collect();
            if pieces.is_empty() { Err(Refusal::RefundTooLarge.into()) } else { Ok(pieces) }
        }
        Asked::Lines(lines) => by_lines(parts, lines),
        Asked::Amount(amount_fen) => by_amount(parts, *amount_fen),
    }
}

fn by_lines(parts: &[Part], lines: &[(PurchaseLineId, i64)]) -> Result<Vec<Piece>> {
    let mut pieces = Vec::with_capacity(lines.len());
    let mut errors = Vec::new();
    for (index, &(line_id, quantity)) in lines.iter().enumerate() {
        let mut wrong = |name: &str, message: &str| {
            errors.push(FieldError { field: format!("lines[{index}].{name}"), message: message.to_owned() });
        };
        let repeated = lines[..index].iter().any(|(earlier, _)| *earlier == line_id);
        match parts.iter().find(|part| part.line_id == Some(line_id)) {
            None => wrong("line_id", "is no line of this purchase"),
            Some(_) if repeated => wrong("line_id", "is named twice"),
            Some(_) if quantity < 1 => wrong("quantity", "is at least 1"),
            Some(part) if quantity > part.left_quantity() => return Err(Refusal::RefundTooLarge.into()),
            Some(part) => pieces.push(part.by_quantity(quantity)),
        }
    }
    if errors.is_empty() { Ok(pieces) } else { Err(Error::Invalid(errors)) }
}

fn by_amount(parts: &[Part], amount_fen: i64) -> Result<Vec<Piece>> {
    if amount_fen < 1 {
        return Err(Error::invalid("amount_fen", "is at least 1"));
    }
    let left: Vec<i64> = parts.iter().map(Part::left_fen).collect();
    if amount_fen > left.iter().sum() {
        return Err(Refusal::RefundTooLarge.into());
    }
    let shares = earn::share(amount_fen, &left);
    let touched = parts.iter().zip(shares).filter(|(_, share)| *share > 0);
    Ok(touched.map(|(part, share)| part.piece(0, share)).collect())
}

/// Whether nothing is left of the purchase after these pieces: neither goods nor money, or no money of one that cost some.
pub fn is_whole(parts: &[Part], pieces: &[Piece]) -> bool {
    let of = |part: &Part| pieces.iter().find(|piece| piece.line_id == part.line_id);
    let quantity_gone =
        parts.iter().all(|part| part.left_quantity() == of(part).map_or(0, |piece| piece.quantity));
    let money_gone = parts.iter().all(|part| part.left_fen() == of(part).map_or(0, |piece| piece.amount_fen));
    let cost_some = parts.iter().any(|part| part.paid_fen > 0);
    money_gone && (cost_some || quantity_gone)
}
