//! Text as people type it: trimmed, of bounded length, on one line.

use crate::error::{Error, Result};

/// One line of 1 to `most` characters.
pub fn line(field: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.chars().count() > most {
        return Err(Error::invalid(field, format!("is longer than {most} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "contains a control character"));
    }
    Ok(text.to_owned())
}

/// A short name for machines and lists: letters, digits, `-`, `_`, `.` and `@`.
pub fn code(field: &str, text: &str, most: usize) -> Result<String> {
    let text = line(field, text, most)?;
    if text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')) {
        Ok(text)
    } else {
        Err(Error::invalid(field, "may hold only letters, digits and - _ . @"))
    }
}

/// An IANA zone, e.g. `Asia/Shanghai`.
pub fn zone(field: &str, text: &str) -> Result<String> {
    match text.trim().parse::<chrono_tz::Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => Err(Error::invalid(field, "is not an IANA time zone")),
    }
}
