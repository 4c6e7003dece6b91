//! One record's text into its fields, and what kind of text it is.

/// What stands between two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    Char(char),
    /// Any run of white space, as in tables aligned for the eye.
    WhiteSpace,
}

const CANDIDATES: [char; 3] = [',', ';', '\t'];

/// The delimiter of comma-separated text and its kin that most of these lines agree on; `None`: a white-space table.
pub fn detect(lines: &[String]) -> Option<char> {
    CANDIDATES
        .into_iter()
        .filter_map(|delimiter| {
            let counts: Vec<usize> = lines.iter().map(|line| count_outside_quotes(line, delimiter)).collect();
            let first = *counts.first().filter(|count| **count > 0)?;
            let agreeing = counts.iter().filter(|count| **count == first).count();
            (agreeing * 2 > counts.len()).then_some((delimiter, agreeing, first))
        })
        .max_by_key(|(_, agreeing, first)| (*agreeing, *first))
        .map(|(delimiter, ..)| delimiter)
}

fn count_outside_quotes(line: &str, delimiter: char) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for c in line.chars() {
        if c == '"' {
            quoted = !quoted;
        } else if c == delimiter && !quoted {
            count += 1;
        }
    }
    count
}

pub fn split_table(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Why a text is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitError {
    /// A quote is open at the end: the record goes on in the next line.
    Open,
    /// Text follows a closing quote: one of the quotes is a stray one.
    Stray,
}

/// RFC 4180 with any delimiter; unquoted fields lose the blanks around them.
pub fn split_csv(text: &str, delimiter: char) -> Result<Vec<String>, SplitError> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = match rest.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, delimiter)?,
            None => plain_field(rest, delimiter),
        };
        fields.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

fn plain_field(text: &str, delimiter: char) -> (String, Option<&str>) {
    match text.split_once(delimiter) {
        Some((field, after)) => (field.trim().to_owned(), Some(after)),
        None => (text.trim().to_owned(), None),
    }
}

fn quoted_field(text: &str, delimiter: char) -> Result<(String, Option<&str>), SplitError> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(SplitError::Open)?;
        field.push_str(part);
        let Some(after) = after.strip_prefix('"') else {
            let (tail, after) = plain_field(after, delimiter);
            return if tail.is_empty() { Ok((field, after)) } else { Err(SplitError::Stray) };
        };
        field.push('"');
        rest = after;
    }
}
