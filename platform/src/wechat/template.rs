//! What a subscribe-message template asks of its values, so that a campaign can be checked before it is sent.
//!
//! The platform's rules are known in words only; where they leave room this check takes the narrow reading,
//! because a value refused here costs a correction and a value refused there costs a batch. Lengths count code
//! points.

use crate::flexible;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// One of the account's own templates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Template {
    #[serde(rename = "priTmplId")]
    pub id: String,
    #[serde(default)]
    pub title: String,
    /// Lines such as `门店:{{thing1.DATA}}`.
    #[serde(default)]
    pub content: String,
    #[serde(default)]
    pub example: String,
    /// 2: one consent, one message. 3: one consent, many.
    #[serde(rename = "type", default, deserialize_with = "kind")]
    pub kind: i32,
    /// The allowed values of each `enum` parameter.
    #[serde(rename = "keywordEnumValueList", default, deserialize_with = "enumerations")]
    pub enums: BTreeMap<String, Vec<String>>,
}

impl Template {
    /// The parameters in the order the message shows them.
    pub fn keys(&self) -> Vec<String> {
        parameter_keys(&self.content)
    }

    /// What is wrong with the values, by key; empty if the template would take them.
    pub fn data_errors(&self, data: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        self.keys()
            .into_iter()
            .filter_map(|key| {
                let error = match data.get(&key) {
                    None => Some("is missing".to_owned()),
                    Some(value) => self.value_error(&key, value),
                };
                error.map(|error| (key, error))
            })
            .collect()
    }

    fn value_error(&self, key: &str, value: &str) -> Option<String> {
        let listed = self.enums.get(key).is_none_or(|allowed| allowed.iter().any(|one| one == value));
        if !listed {
            return Some("is not one of the template's values".to_owned());
        }
        parameter_error(key, value)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enumeration {
    keyword_code: String,
    #[serde(default)]
    enum_value_list: Vec<String>,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    let number = flexible::de_optional_integer(deserializer)?;
    Ok(number.and_then(|number| i32::try_from(number).ok()).unwrap_or_default())
}

fn enumerations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Vec<String>>, D::Error> {
    let rows = Option::<Vec<Enumeration>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(rows.into_iter().map(|row| (row.keyword_code, row.enum_value_list)).collect())
}

/// The keys of `{{thing1.DATA}}` in order of appearance, each once.
pub fn parameter_keys(content: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for piece in content.split("{{").skip(1) {
        let Some((inside, _)) = piece.split_once("}}") else { continue };
        let Some(key) = inside.trim().strip_suffix(".DATA") else { continue };
        if !key.is_empty() && !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// What is wrong with a value of the parameter `key` (`thing1`, `date2`), in words; `None` if it would be taken.
/// A type not known here is held only to the rules all types share.
pub fn parameter_error(key: &str, value: &str) -> Option<String> {
    if value.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if value.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Some("holds a line break or control character".to_owned());
    }
    let (fits, rule) = match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "thing" => (within(value, 20), "must be at most 20 characters"),
        "number" => (within(value, 32) && is_number(value), "must be a number of at most 32 digits"),
        "letter" => (within(value, 32) && all(value, is_letter), "must be at most 32 letters"),
        "symbol" => (within(value, 5) && all(value, is_symbol), "must be at most 5 symbols"),
        "character_string" => (
            within(value, 32) && all(value, |c| c.is_ascii() || is_symbol(c)),
            "must be at most 32 digits, letters or symbols",
        ),
        "time" => (is_range(value, is_time), "must be a 24-hour time, with a date before it or not"),
        "date" => (is_range(value, is_date_with_time), "must be a date, with a 24-hour time after it or not"),
        "amount" => (is_amount(value), "must be a currency sign and at most 10 digits"),
        "phone_number" => (
            within(value, 17) && all(value, |c| c.is_ascii_digit() || is_symbol(c)),
            "must be at most 17 digits or symbols",
        ),
        "car_number" => (is_car_number(value), "must be a number plate of at most 8 characters"),
        "name" => (is_name(value), "must be at most 10 Chinese characters, or 20 letters or symbols"),
        "phrase" => (within(value, 5) && all(value, is_han), "must be at most 5 Chinese characters"),
        _ => return None,
    };
    (!fits).then(|| rule.to_owned())
}

fn within(value: &str, limit: usize) -> bool {
    value.chars().count() <= limit
}

fn all(value: &str, allowed: impl Fn(char) -> bool) -> bool {
    value.chars().all(allowed)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// Whatever is written but is no letter, digit or Chinese character.
fn is_symbol(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !is_han(c)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}')
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && all(text, |c| c.is_ascii_digit())
}

fn is_number(value: &str) -> bool {
    match value.split_once('.') {
        None => is_digits(value),
        Some((whole, decimals)) => is_digits(whole) && is_digits(decimals),
    }
}

fn is_amount(value: &str) -> bool {
    let sign = |c: char| matches!(c, '$' | '￥' | '¢'..='¥' | '\u{20A0}'..='\u{20CF}');
    let number = value.strip_prefix(sign).unwrap_or(value);
    let number = number.strip_suffix('元').unwrap_or(number);
    is_number(number) && number.chars().filter(char::is_ascii_digit).count() <= 10
}

fn is_car_number(value: &str) -> bool {
    let last = value.chars().count().saturating_sub(1);
    last < 8
        && value
            .chars()
            .enumerate()
            .all(|(at, c)| c.is_ascii_alphanumeric() || ((at == 0 || at == last) && is_han(c)))
}

fn is_name(value: &str) -> bool {
    let limit = if value.chars().any(is_han) { 10 } else { 20 };
    within(value, limit) && all(value, |c| is_letter(c) || is_han(c) || is_symbol(c) || c == ' ')
}

/// One moment, or two joined with `~`.
fn is_range(value: &str, is_moment: impl Fn(&str) -> bool) -> bool {
    match value.split_once('~') {
        None => is_moment(value),
        Some((from, to)) => is_moment(from.trim()) && is_moment(to.trim()),
    }
}

fn is_time(value: &str) -> bool {
    match value.rsplit_once(' ') {
        None => is_clock(value),
        Some((date, clock)) => is_date(date.trim()) && is_clock(clock),
    }
}

fn is_date_with_time(value: &str) -> bool {
    match value.split_once(' ') {
        None => is_date(value),
        Some((date, clock)) => is_date(date) && is_clock(clock.trim()),
    }
}

/// `HH:MM` or `HH:MM:SS`.
fn is_clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let sound = |part: &str, limit: u32| {
        is_digits(part) && part.len() <= 2 && part.parse().is_ok_and(|number: u32| number < limit)
    };
    match parts.as_slice() {
        [hour, rest @ ..] if (1..=2).contains(&rest.len()) => {
            sound(hour, 24) && rest.iter().all(|part| part.len() == 2 && sound(part, 60))
        }
        _ => false,
    }
}

/// Year, month and day, or year and month, or month and day; in Chinese or with one of `-` `/` `.`.
fn is_date(text: &str) -> bool {
    if text.contains('月') {
        return is_chinese_date(text);
    }
    let Some(separator) = text.chars().find(|c| matches!(c, '-' | '/' | '.')) else { return false };
    match text.split(separator).collect::<Vec<_>>().as_slice() {
        [year, month, day] => is_day(Some(year), month, Some(day)),
        [first, second] if first.len() == 4 => is_day(Some(first), second, None),
        [month, day] => is_day(None, month, Some(day)),
        _ => false,
    }
}

fn is_chinese_date(text: &str) -> bool {
    let (year, rest) = match text.split_once('年') {
        None => (None, text),
        Some((year, rest)) => (Some(year), rest),
    };
    let Some((month, rest)) = rest.split_once('月') else { return false };
    match (rest.strip_suffix('日'), rest) {
        (Some(day), _) => is_day(year, month, Some(day)),
        (None, "") => year.is_some() && is_day(year, month, None),
        (None, _) => false,
    }
}

fn is_day(year: Option<&str>, month: &str, day: Option<&str>) -> bool {
    // A leap year, so that 29 February passes where no year is named.
    const ANY_YEAR: i32 = 2000;
    let short = |text: &str| (is_digits(text) && text.len() <= 2).then(|| text.parse().ok()).flatten();
    let year = match year {
        None => Some(ANY_YEAR),
        Some(text) => (is_digits(text) && text.len() == 4).then(|| text.parse().ok()).flatten(),
    };
    let day = day.map_or(Some(1), short);
    match (year, short(month), day) {
        (Some(year), Some(month), Some(day)) => NaiveDate::from_ymd_opt(year, month, day).is_some(),
        _ => false,
    }
}
