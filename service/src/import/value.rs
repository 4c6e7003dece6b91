//! Reading one value. Each function answers the value or the reason, in words that follow the field's name.

use chrono::format::{Item, StrftimeItems};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use crate::error::{Error, Result};

/// Ten billion yuan: more is a column mistaken for another.
const LARGEST_FEN: i64 = 1_000_000_000_000;
const LARGEST_WHOLE_NUMBER: i64 = 1_000_000_000;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AmountUnit {
    #[default]
    Yuan,
    Fen,
}

/// Decimal text to fen, digit by digit, so that no amount is ever rounded. `1,234.50` may carry thousands separators.
pub fn amount_fen(text: &str, unit: AmountUnit) -> std::result::Result<i64, String> {
    let places = if unit == AmountUnit::Yuan { 2 } else { 0 };
    let fen = decimal(text, places).map_err(|problem| format!("{} {problem}", shown(text)))?;
    if fen > LARGEST_FEN { Err(format!("{} is too large for an amount", shown(text))) } else { Ok(fen) }
}

pub fn whole_number(text: &str) -> std::result::Result<i64, String> {
    let number = decimal(text, 0).map_err(|problem| format!("{} {problem}", shown(text)))?;
    if number > LARGEST_WHOLE_NUMBER { Err(format!("{} is too large", shown(text))) } else { Ok(number) }
}

fn decimal(text: &str, places: usize) -> std::result::Result<i64, String> {
    if text.starts_with('-') {
        return Err("is below zero; returns are not purchases".into());
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = without_thousands(whole).ok_or("is not a number")?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(&whole) || !digits(fraction) {
        return Err("is not a number".into());
    }
    let (kept, beyond) = fraction.split_at_checked(places).unwrap_or((fraction, ""));
    if beyond.bytes().any(|byte| byte != b'0') {
        return Err(if places == 0 {
            "is not a whole number".into()
        } else {
            format!("has more than {places} decimals")
        });
    }
    format!("{whole}{kept:0<places$}").parse().map_err(|_| "is too large".to_owned())
}

/// `1,234,567` -> `1234567`; `None` when commas stand elsewhere than before each third digit.
fn without_thousands(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

pub fn yes_or_no(text: &str) -> std::result::Result<bool, String> {
    match text.to_lowercase().as_str() {
        "1" | "y" | "yes" | "true" | "是" => Ok(true),
        "0" | "n" | "no" | "false" | "否" => Ok(false),
        _ => Err(format!("{} is neither yes nor no", shown(text))),
    }
}

/// Reads dates, with or without a time of day; a date alone is its midnight.
#[derive(Debug, Clone)]
pub struct DateReader {
    formats: Vec<String>,
}

const USUAL_FORMATS: [&str; 7] = [
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
];
/// A time that carries its own offset would need no shop's zone; chrono would read it and drop the offset.
const OFFSETS: [&str; 7] = ["%z", "%:z", "%::z", "%#z", "%Z", "%s", "%+"];

impl DateReader {
    pub fn new(format: Option<&str>) -> Result<Self> {
        let Some(format) = format else {
            return Ok(Self { formats: USUAL_FORMATS.map(str::to_owned).to_vec() });
        };
        if StrftimeItems::new(format).any(|item| matches!(item, Item::Error)) || !format.contains('%') {
            return Err(Error::invalid(
                "date_format",
                format!("{format:?} is not a date format; e.g. %Y-%m-%d"),
            ));
        }
        if OFFSETS.iter().any(|offset| format.contains(offset)) {
            return Err(Error::invalid(
                "date_format",
                "dates are read in the shop's zone; an offset is not supported",
            ));
        }
        Ok(Self { formats: vec![format.to_owned()] })
    }

    pub fn read(&self, text: &str) -> std::result::Result<NaiveDateTime, String> {
        self.formats
            .iter()
            .find_map(|format| read_as(text, format))
            .filter(|at| at.year() >= 1900)
            .ok_or_else(|| match self.formats.as_slice() {
                [format] => format!("{} is not a date of the form {format}", shown(text)),
                _ => format!("{} is not a date", shown(text)),
            })
    }
}

fn read_as(text: &str, format: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(text, format)
        .or_else(|_| NaiveDate::parse_from_str(text, format).map(|date| date.and_time(NaiveTime::MIN)))
        .ok()
}

/// A value as a report may show it: short, and with the middle of anything as long as a phone number hidden, for a column
/// mistaken for another may hold one.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    const PHONE_DIGITS: usize = 11;
    let short: String = text.chars().take(LONGEST).collect();
    let digits = short.chars().filter(char::is_ascii_digit).count();
    let mut place = 0;
    let masked = short.chars().map(|c| {
        place += usize::from(c.is_ascii_digit());
        let hidden = c.is_ascii_digit() && digits >= PHONE_DIGITS && place > 3 && place + 4 <= digits;
        if hidden { '*' } else { c }
    });
    format!("{:?}", masked.collect::<String>())
}
