//! Values of attributes: what is one, how it is spelt, how it is shown.

use chrono::{Datelike, NaiveDate};
use entity::states::AttributeKind;
use serde_json::Value;

use crate::decimal::{scaled, spelt};

const TEXT_CHARACTERS: usize = 200;
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub text: String,
    /// In ten-thousandths; of numbers only.
    pub number: Option<i64>,
}

/// What is wrong with it, otherwise.
pub fn parse(kind: AttributeKind, choices: &[String], value: &Value) -> Result<Kept, String> {
    let plain = |text: &str| Ok(Kept { text: text.to_owned(), number: None });
    match (kind, value) {
        (AttributeKind::Text, Value::String(text)) => plain(&line(text)?),
        (AttributeKind::Number, Value::Number(number)) => {
            let number = scaled(&number.to_string())?;
            Ok(Kept { text: spelt(number), number: Some(number) })
        }
        (AttributeKind::Date, Value::String(text)) => match text.parse::<NaiveDate>() {
            Ok(date) if YEARS.contains(&date.year()) => plain(&date.to_string()),
            _ => Err("is a date from 1900 to 2200, e.g. 2026-03-02".to_owned()),
        },
        (AttributeKind::Boolean, Value::Bool(yes)) => plain(if *yes { "true" } else { "false" }),
        (AttributeKind::Choice, Value::String(text)) if choices.contains(text) => plain(text),
        (AttributeKind::Choice, _) => Err(format!("is one of {}", choices.join(", "))),
        (AttributeKind::Text | AttributeKind::Date, _) => Err("is a text".to_owned()),
        (AttributeKind::Number, _) => Err("is a number".to_owned()),
        (AttributeKind::Boolean, _) => Err("is true or false".to_owned()),
    }
}

/// As JSON has it.
pub fn show(kind: AttributeKind, text: &str) -> Value {
    match kind {
        AttributeKind::Number => text.parse::<f64>().map_or(Value::Null, Value::from),
        AttributeKind::Boolean => Value::Bool(text == "true"),
        AttributeKind::Text | AttributeKind::Date | AttributeKind::Choice => Value::String(text.to_owned()),
    }
}

fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARACTERS || text.chars().any(char::is_control) {
        return Err(format!("is one line of 1 to {TEXT_CHARACTERS} characters"));
    }
    Ok(text.to_owned())
}
