//! What each parameter type of a subscription template may hold. A character is one code point.

use serde_json::Value;

use crate::wechat::Refusal;
use crate::world::template::{Keyword, Template};

/// Every key of the template must be there and keep its rule; extra keys are let through.
pub(crate) fn check(template: &Template, values: &Value) -> Result<(), Refusal> {
    let broken = template.keywords.iter().find(|keyword| !holds(keyword, values));
    match broken {
        None => Ok(()),
        Some(keyword) => {
            Err(Refusal::new(47003, format!("argument invalid! data.{}.value invalid", keyword.key)))
        }
    }
}

fn holds(keyword: &Keyword, values: &Value) -> bool {
    let Some(value) = values[&keyword.key]["value"].as_str() else { return false };
    !value.is_empty() && !value.chars().any(char::is_control) && fits(keyword, value)
}

fn fits(keyword: &Keyword, value: &str) -> bool {
    let length = value.chars().count();
    match keyword.rule.as_str() {
        "thing" => length <= 20,
        "number" => is_number(value, 32),
        "letter" => length <= 32 && value.chars().all(|c| c.is_ascii_alphabetic()),
        "symbol" => length <= 5 && value.chars().all(is_symbol),
        "character_string" => length <= 32 && !value.chars().any(is_chinese),
        "time" => is_range(value, is_time),
        "date" => is_range(value, is_date),
        "amount" => is_amount(value),
        "phone_number" => {
            length <= 17 && value.chars().all(|c| c.is_ascii_digit() || (is_symbol(c) && c.is_ascii()))
        }
        "car_number" => is_car_number(value),
        "name" => is_name(value),
        "phrase" => length <= 5 && value.chars().all(is_chinese),
        "enum" | "enum_string" => keyword.choices.iter().any(|choice| choice == value),
        _ => true,
    }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '〇')
}

fn is_symbol(c: char) -> bool {
    !is_chinese(c) && !c.is_alphanumeric()
}

/// Digits with at most one decimal point that has digits on both sides.
fn is_number(value: &str, most_digits: usize) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let mut parts = value.split('.');
    let whole = parts.next().unwrap_or_default();
    let fraction = parts.next();
    let all_digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    digits <= most_digits && all_digits(whole) && fraction.is_none_or(all_digits) && parts.next().is_none()
}

/// One currency sign at most, then up to ten digits before the point, then perhaps 元.
fn is_amount(value: &str) -> bool {
    const SIGNS: [char; 6] = ['¥', '￥', '$', '€', '£', '₩'];
    const DIGITS: usize = 10;
    let bare = value.strip_prefix(SIGNS).unwrap_or(value);
    let bare = bare.strip_suffix('元').unwrap_or(bare);
    let whole = bare.split('.').next().unwrap_or_default();
    whole.len() <= DIGITS && is_number(bare, 2 * DIGITS)
}

fn is_name(value: &str) -> bool {
    let length = value.chars().count();
    let decent =
        value.chars().all(|c| is_chinese(c) || c.is_alphabetic() || (is_symbol(c) && !c.is_control()));
    let most = if value.chars().any(is_chinese) { 10 } else { 20 };
    decent && length <= most
}

fn is_car_number(value: &str) -> bool {
    let chars: Vec<char> = value.chars().collect();
    let last = chars.len().saturating_sub(1);
    let edge = |place: usize| place == 0 || place == last;
    let fits = |(place, c): (usize, &char)| c.is_ascii_alphanumeric() || (edge(place) && is_chinese(*c));
    chars.len() <= 8 && chars.iter().enumerate().all(fits)
}

fn is_range(value: &str, one: fn(&str) -> bool) -> bool {
    let mut ends = value.split('~').map(str::trim);
    let (from, to) = (ends.next(), ends.next());
    from.is_some_and(one) && to.is_none_or(one) && ends.next().is_none()
}

/// A 24-hour time with an optional date in front.
fn is_time(value: &str) -> bool {
    match value.rsplit_once(' ') {
        Some((date, time)) => is_day(date.trim()) && is_clock(time),
        None => is_clock(value),
    }
}

/// A date with an optional 24-hour time behind.
fn is_date(value: &str) -> bool {
    match value.split_once(' ') {
        Some((date, time)) => is_day(date) && is_clock(time.trim()),
        None => is_day(value),
    }
}

fn is_clock(value: &str) -> bool {
    let parts: Vec<&str> = value.split(':').collect();
    let within = |part: &str, most: u32| part.len() == 2 && number(part).is_some_and(|figure| figure <= most);
    match parts.as_slice() {
        [hour, minute] => hour_fits(hour) && within(minute, 59),
        [hour, minute, second] => hour_fits(hour) && within(minute, 59) && within(second, 59),
        _ => false,
    }
}

fn hour_fits(part: &str) -> bool {
    matches!(part.len(), 1 | 2) && number(part).is_some_and(|hour| hour <= 24)
}

/// Year-month-day, year-month or month-day, written with 年月日 or with one of `-`, `/`, `.`.
fn is_day(value: &str) -> bool {
    if value.contains('月') {
        return is_chinese_day(value);
    }
    ['-', '/', '.'].into_iter().any(|separator| {
        let parts: Vec<&str> = value.split(separator).collect();
        match parts.as_slice() {
            [year, month, day] => is_year(year) && is_month(month) && is_month_day(day),
            [first, second] => {
                (is_year(first) && is_month(second)) || (is_month(first) && is_month_day(second))
            }
            _ => false,
        }
    })
}

fn is_chinese_day(value: &str) -> bool {
    let (year, rest) = match value.split_once('年') {
        Some((year, rest)) => (Some(year), rest),
        None => (None, value),
    };
    let Some((month, day)) = rest.split_once('月') else { return false };
    let day_fits = match day.strip_suffix('日') {
        Some(day) => is_month_day(day),
        None => day.is_empty() && year.is_some(),
    };
    year.is_none_or(is_year) && is_month(month) && day_fits
}

fn number(part: &str) -> Option<u32> {
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

fn is_year(part: &str) -> bool {
    part.len() == 4 && number(part).is_some_and(|year| year >= 1000)
}

fn is_month(part: &str) -> bool {
    part.len() <= 2 && number(part).is_some_and(|month| (1..=12).contains(&month))
}

fn is_month_day(part: &str) -> bool {
    part.len() <= 2 && number(part).is_some_and(|day| (1..=31).contains(&day))
}
