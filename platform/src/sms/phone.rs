//! One phone number in the shapes the providers write it.

use crate::{Class, Error, Result};

const CHINA: &str = "86";
/// E.164 allows fifteen digits.
const MAX_DIGITS: usize = 15;
const MIN_DIGITS: usize = 6;

/// `+8613800138000`. Eleven digits are a mainland number.
pub(super) fn e164(phone: &str) -> Result<String> {
    let wrong =
        || Error::new(Class::Permanent, "phone_number", "the phone number is neither 11 digits nor E.164");
    let international = phone.strip_prefix('+');
    let digits = international.unwrap_or(phone);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    match international {
        None if digits.len() == 11 && digits.starts_with('1') => Ok(format!("+{CHINA}{digits}")),
        Some(_) if (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) => Ok(phone.to_owned()),
        _ => Err(wrong()),
    }
}

/// As Aliyun wants it: a mainland number bare, another with its country code and no sign.
pub(super) fn without_sign(phone: &str) -> Result<String> {
    let phone = e164(phone)?;
    let digits = phone.trim_start_matches('+');
    Ok(mainland(digits).unwrap_or(digits).to_owned())
}

/// As this system keeps it: mainland numbers as eleven digits, others as E.164.
pub(super) fn kept(country: &str, number: &str) -> String {
    let country = country.trim().trim_start_matches('+');
    let number = number.trim().trim_start_matches('+');
    if !country.is_empty() && country != CHINA {
        return format!("+{country}{number}");
    }
    match mainland(number) {
        Some(number) => number.to_owned(),
        None if country.is_empty() && !(number.len() == 11 && number.starts_with('1')) => {
            format!("+{number}")
        }
        None => number.to_owned(),
    }
}

fn mainland(digits: &str) -> Option<&str> {
    digits.strip_prefix(CHINA).filter(|number| number.len() == 11 && number.starts_with('1'))
}
