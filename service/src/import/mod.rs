//! Bringing members and purchases in from a file of an older system.
//!
//! A file is read twice at most and never held whole: `source` turns it into records with line numbers, `mapping` says
//! which column is which, `value` reads one value, and [`purchases`] and [`members`] decide about 500 rows at a time, each
//! in one transaction. Whatever can't be taken is told to the [`Watch`] as a [`BadRow`] and stops nothing else. Every import
//! may be run again, interrupted or run twice at once: what is already there is counted, not doubled.

mod look_up;
mod mapping;
mod members;
mod purchases;
mod report;
mod source;
mod split;
mod value;

use std::path::PathBuf;

pub use mapping::{MEMBER_FIELDS, PURCHASE_FIELDS};
pub use members::{MemberImport, MemberTotals, members};
pub use purchases::{MemberKey, PurchaseImport, PurchaseTotals, Shift, purchases};
pub use report::{BadRow, ReportFile, Watch};
pub use source::{Encoding, Format, Record, Source};
pub use split::{Delimiter, SplitError, detect, split_csv, split_table};
pub use value::{AmountUnit, DateReader, amount_fen, shown, whole_number, yes_or_no};

/// Rows of one transaction: few enough that the shop's own writes never wait long behind it.
const CHUNK_ROWS: usize = 500;
/// A statement's values stay within one TLS record of 16 KiB. The PostgreSQL driver leaves Nagle's algorithm on, and what
/// does not go out in one write waits 40 ms for the other side's delayed acknowledgement.
const STATEMENT_BYTES: usize = 14_000;
/// How often a chunk is tried again when somebody else wrote the same members or the database went away.
const CHUNK_TRIES: u32 = 5;

/// The file and how to read it; what is `None` is found out from the file itself.
#[derive(Debug, Clone, Default)]
pub struct FileOptions {
    pub path: PathBuf,
    /// `field=column`, the column by its name in the header or by its number from 1.
    pub map: Vec<String>,
    pub format: Option<Format>,
    pub encoding: Option<Encoding>,
    pub header: Option<bool>,
    /// As in strftime, e.g. `%Y%m%d`.
    pub date_format: Option<String>,
}

/// What an import came to. `aborted`: it was strict, a row was bad, and nothing has been written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome<Totals> {
    pub totals: Totals,
    pub aborted: bool,
}

/// How many rows of about so many bytes go into one statement.
const fn rows_per_statement(bytes: usize) -> usize {
    STATEMENT_BYTES / bytes
}

/// The items, so many at a time.
fn in_parts<T>(items: impl IntoIterator<Item = T>, size: usize) -> impl Iterator<Item = Vec<T>> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<T> = items.by_ref().take(size).collect();
        (!part.is_empty()).then_some(part)
    })
}
