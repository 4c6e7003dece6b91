//! What an import says while it runs.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, Result};

/// A row that was not taken. `line` is where it begins in the file, from 1; `reason` never holds a whole phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    pub line: u64,
    pub field: &'static str,
    pub reason: String,
}

impl BadRow {
    pub fn new(line: u64, field: &'static str, reason: impl Into<String>) -> Self {
        Self { line, field, reason: reason.into() }
    }
}

/// Who is told how it goes.
pub trait Watch: Send {
    fn bad_row(&mut self, row: &BadRow) -> Result<()>;
    /// After each chunk: rows read and bytes read, of so many bytes.
    fn progress(&mut self, rows: u64, bytes: u64, of: u64);
}

/// Every bad row as CSV: line, field, reason.
pub struct ReportFile {
    writer: csv::Writer<File>,
}

impl ReportFile {
    pub fn create(path: &Path) -> Result<Self> {
        let mut writer = csv::Writer::from_path(path).map_err(|error| {
            Error::invalid("report", format!("{} can't be written: {error}", path.display()))
        })?;
        writer.write_record(["line", "field", "reason"]).map_err(Error::internal)?;
        Ok(Self { writer })
    }

    pub fn push(&mut self, row: &BadRow) -> Result<()> {
        self.writer.write_record([&row.line.to_string(), row.field, &row.reason]).map_err(Error::internal)
    }

    pub fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(Error::internal)
    }
}
