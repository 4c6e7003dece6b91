//! The pure decisions about purchases: what may be recorded, and whether two requests tell of the same order.

use entity::{purchase, purchase_line};

use crate::error::{Error, FieldError, Result};

/// Ten million yuan: above it somebody mistyped.
pub const LARGEST_FEN: i64 = 1_000_000_000;
const LARGEST_QUANTITY: i64 = 100_000;
const MOST_LINES: usize = 500;
const LONGEST_ORDER_NO: usize = 64;
const LONGEST_TEXT: usize = 200;

/// One article. `price_fen` and `cost_fen` are for one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    pub product_code: Option<String>,
    pub name: String,
    pub category: Option<String>,
    pub quantity: i64,
    pub price_fen: i64,
    pub cost_fen: Option<i64>,
}

/// Every bad field at once, by its path in the request.
pub fn validate(order_no: &str, total_fen: i64, lines: &[NewLine]) -> Result<()> {
    let mut errors = Errors::default();
    errors.text("order_no", order_no, LONGEST_ORDER_NO);
    errors.range("total_fen", total_fen, 0, LARGEST_FEN);
    if lines.len() > MOST_LINES {
        errors.push("lines", format!("must be at most {MOST_LINES}"));
    }
    for (index, line) in lines.iter().enumerate() {
        errors.line(index, line);
    }
    if errors.0.is_empty() { Ok(()) } else { Err(Error::Invalid(errors.0)) }
}

#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn push(&mut self, field: impl Into<String>, message: String) {
        self.0.push(FieldError { field: field.into(), message });
    }

    fn text(&mut self, field: impl Into<String>, value: &str, longest: usize) {
        if value.trim().is_empty() || value.chars().count() > longest {
            self.push(field, format!("must have 1 to {longest} characters"));
        }
    }

    fn range(&mut self, field: impl Into<String>, value: i64, least: i64, most: i64) {
        if !(least..=most).contains(&value) {
            self.push(field, format!("must be from {least} to {most}"));
        }
    }

    fn line(&mut self, index: usize, line: &NewLine) {
        let field = |name: &str| format!("lines[{index}].{name}");
        self.text(field("name"), &line.name, LONGEST_TEXT);
        self.range(field("quantity"), line.quantity, 1, LARGEST_QUANTITY);
        self.range(field("price_fen"), line.price_fen, 0, LARGEST_FEN);
        if let Some(cost) = line.cost_fen {
            self.range(field("cost_fen"), cost, 0, LARGEST_FEN);
        }
        for (name, value) in [("product_code", &line.product_code), ("category", &line.category)] {
            if let Some(value) = value {
                self.text(field(name), value, LONGEST_TEXT);
            }
        }
    }
}

/// Pieces of an order; one without lines counts as one piece.
pub fn quantity(lines: &[NewLine]) -> i64 {
    if lines.is_empty() { 1 } else { lines.iter().map(|line| line.quantity).sum() }
}

/// Whether a request tells of the order that is already there. A time that the request leaves open fits any.
pub fn is_same(
    there: (&purchase::Model, &[purchase_line::Model]),
    asked: (&purchase::Model, &[NewLine]),
    time_given: bool,
) -> bool {
    let ((old, old_lines), (new, new_lines)) = (there, asked);
    let lines_alike = old_lines.len() == new_lines.len()
        && old_lines.iter().zip(new_lines).all(|(old, new)| as_new(old) == *new);
    old.member_id == new.member_id
        && old.total_fen == new.total_fen
        && (!time_given || old.purchased_at == new.purchased_at)
        && lines_alike
}

fn as_new(line: &purchase_line::Model) -> NewLine {
    NewLine {
        product_code: line.product_code.clone(),
        name: line.name.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        price_fen: line.price_fen,
        cost_fen: line.cost_fen,
    }
}
