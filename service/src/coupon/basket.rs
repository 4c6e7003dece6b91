//! What is on the counter: the lines of an order before any coupon, and what delivering it costs.

use super::rules::LARGEST_FEN;
use crate::error::{Error, FieldError, Result};

const MOST_LINES: usize = 500;
const LARGEST_QUANTITY: i64 = 100_000;
const LONGEST_TEXT: usize = 200;

/// One article; `price_fen` is for one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    pub product_code: Option<String>,
    pub category: Option<String>,
    pub quantity: i64,
    pub price_fen: i64,
}

impl Line {
    pub fn amount_fen(&self) -> i64 {
        self.quantity.saturating_mul(self.price_fen)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basket {
    pub lines: Vec<Line>,
    /// What delivery costs; 0 where the customer carries it home.
    pub delivery_fen: i64,
}

impl Basket {
    /// An order of which the till tells no more than what it costs: goods of no category.
    pub fn of_amount(amount_fen: i64) -> Self {
        let line = Line { quantity: 1, price_fen: amount_fen, ..Line::default() };
        Self { lines: vec![line], delivery_fen: 0 }
    }

    /// The goods, without delivery.
    pub fn goods_fen(&self) -> i64 {
        self.lines.iter().map(Line::amount_fen).fold(0, i64::saturating_add)
    }

    /// What the customer would pay without any coupon.
    pub fn amount_fen(&self) -> i64 {
        self.goods_fen().saturating_add(self.delivery_fen)
    }

    /// Every bad field at once, by its path in the request.
    pub fn validate(&self) -> Result<()> {
        let mut errors = Vec::new();
        let mut unless = |good: bool, field: String, message: String| {
            if !good {
                errors.push(FieldError { field, message });
            }
        };
        unless(self.lines.len() <= MOST_LINES, "lines".to_owned(), format!("must be at most {MOST_LINES}"));
        for (index, line) in self.lines.iter().enumerate() {
            let field = |name: &str| format!("lines[{index}].{name}");
            let quantity = (1..=LARGEST_QUANTITY).contains(&line.quantity);
            unless(quantity, field("quantity"), format!("must be from 1 to {LARGEST_QUANTITY}"));
            let price = (0..=LARGEST_FEN).contains(&line.price_fen);
            unless(price, field("price_fen"), format!("must be from 0 to {LARGEST_FEN}"));
            for (name, text) in [("product_code", &line.product_code), ("category", &line.category)] {
                let fits = text
                    .as_ref()
                    .is_none_or(|text| (1..=LONGEST_TEXT).contains(&text.trim().chars().count()));
                unless(fits, field(name), format!("must have 1 to {LONGEST_TEXT} characters"));
            }
        }
        let delivery = (0..=LARGEST_FEN).contains(&self.delivery_fen);
        unless(delivery, "delivery_fen".to_owned(), format!("must be from 0 to {LARGEST_FEN}"));
        let total = (0..=LARGEST_FEN).contains(&self.amount_fen());
        unless(total, "amount_fen".to_owned(), format!("must be from 0 to {LARGEST_FEN} in all"));
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}
