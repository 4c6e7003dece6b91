//! A file as records with line numbers: encoding, delimiter and header are found out, or as declared.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs::GB18030;

use super::FileOptions;
use super::mapping::{Columns, Field, Mapping};
use super::split::{Delimiter, SplitError, detect, split_csv, split_table};
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// The superset of GBK and GB2312, which Excel writes on Chinese Windows.
    Gb18030,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Separated by commas, semicolons or tabs.
    Csv,
    Table,
}

/// How many lines decide about delimiter and header.
const SAMPLE_LINES: usize = 50;
/// A quoted field that runs over more lines than this is a stray quote, not a field.
const LONGEST_RECORD_LINES: usize = 100;
const BOM: &[u8] = b"\xef\xbb\xbf";

pub struct Source {
    path: PathBuf,
    encoding: Encoding,
    delimiter: Delimiter,
    has_header: bool,
    width: usize,
    pub columns: Columns,
    pub bytes: u64,
}

/// One row of the file, or why its text can't be split.
#[derive(Debug)]
pub struct Record {
    pub line: u64,
    pub fields: std::result::Result<Vec<String>, String>,
}

impl Source {
    pub fn open(options: &FileOptions, fields: &'static [Field]) -> Result<Self> {
        let mapping = Mapping::parse(&options.map, fields)?;
        let (encoding, bytes) = examine(&options.path, options.encoding)?;
        let sample = sample(&options.path, encoding)?;
        let delimiter = match options.format {
            Some(Format::Table) => Delimiter::WhiteSpace,
            Some(Format::Csv) => Delimiter::Char(detect(&sample).unwrap_or(',')),
            None => detect(&sample).map_or(Delimiter::WhiteSpace, Delimiter::Char),
        };
        let path = options.path.clone();
        let first = Records::open(&path, encoding, delimiter)?.next().transpose()?;
        let first = match first.map(|record| record.fields) {
            Some(Ok(fields)) => fields,
            Some(Err(problem)) => return Err(Error::invalid("file", format!("the first line {problem}"))),
            None => return Err(Error::invalid("file", "there is nothing in it")),
        };
        let has_header = has_header(options.header, &mapping, &first)?;
        let header: &[String] = if has_header { &first } else { &[] };
        let columns = mapping.resolve(header, first.len())?;
        Ok(Self { path, encoding, delimiter, has_header, width: first.len(), columns, bytes })
    }

    pub fn records(&self) -> Result<Records> {
        let mut records = Records::open(&self.path, self.encoding, self.delimiter)?;
        if self.has_header {
            records.next().transpose()?;
        }
        records.width = Some(self.width);
        Ok(records)
    }
}

/// Without a word from the user: a header is needed by the mapping, or no mapped column of the first row has a digit.
fn has_header(declared: Option<bool>, mapping: &Mapping, first: &[String]) -> Result<bool> {
    match declared {
        Some(false) if mapping.needs_header() => {
            Err(Error::invalid("map", "without a header, columns are mapped by number: FIELD=1"))
        }
        Some(declared) => Ok(declared),
        None if mapping.needs_header() => Ok(true),
        None => Ok(mapping
            .numbers()
            .filter_map(|index| first.get(index))
            .all(|text| !text.chars().any(|c| c.is_ascii_digit()))),
    }
}

/// The encoding and the length of a file: UTF-8 when every line of it is, else GB18030.
fn examine(path: &Path, declared: Option<Encoding>) -> Result<(Encoding, u64)> {
    let bytes = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if let Some(encoding) = declared {
        return Ok((encoding, bytes));
    }
    let mut reader = open(path)?;
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(|error| unreadable(path, &error))? > 0 {
        if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
            return Err(Error::invalid("file", "is UTF-16; save it as CSV UTF-8"));
        }
        if std::str::from_utf8(&line).is_err() {
            return Ok((Encoding::Gb18030, bytes));
        }
        line.clear();
    }
    Ok((Encoding::Utf8, bytes))
}

fn sample(path: &Path, encoding: Encoding) -> Result<Vec<String>> {
    let mut lines = Lines { reader: open(path)?, encoding, line: 0, bytes: 0 };
    let mut sample = Vec::new();
    while sample.len() < SAMPLE_LINES {
        let Some((_, text)) = lines.next().transpose()? else { break };
        sample.extend(text.ok().filter(|text| !text.trim().is_empty()));
    }
    Ok(sample)
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let mut reader =
        BufReader::with_capacity(1 << 16, File::open(path).map_err(|error| unreadable(path, &error))?);
    let marked = reader.fill_buf().map_err(|error| unreadable(path, &error))?.starts_with(BOM);
    if marked {
        reader.consume(BOM.len());
    }
    Ok(reader)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid("file", format!("{} can't be read: {error}", path.display()))
}

type Line = (u64, std::result::Result<String, String>);

/// Physical lines, decoded. A line feed is never part of another character in either encoding.
struct Lines {
    reader: BufReader<File>,
    encoding: Encoding,
    line: u64,
    bytes: u64,
}

impl Iterator for Lines {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        /// No row is this long; without a bound, a file without line ends would be held whole.
        const LONGEST_LINE: u64 = 1 << 20;
        let mut bytes = Vec::new();
        match (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', &mut bytes) {
            Ok(0) => None,
            Ok(length) => {
                self.bytes += length as u64;
                self.line += 1;
                Some(Ok((self.line, decode(&bytes, self.encoding))))
            }
            Err(error) => Some(Err(Error::internal(error))),
        }
    }
}

fn decode(bytes: &[u8], encoding: Encoding) -> std::result::Result<String, String> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    match encoding {
        Encoding::Utf8 => {
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "is not UTF-8".to_owned())
        }
        Encoding::Gb18030 => GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(std::borrow::Cow::into_owned)
            .ok_or_else(|| "is neither UTF-8 nor GB18030".to_owned()),
    }
}

pub struct Records {
    lines: Lines,
    delimiter: Delimiter,
    /// Lines that were read ahead for a quote that never closed, to be read again on their own.
    pushed_back: VecDeque<Line>,
    width: Option<usize>,
}

impl Records {
    fn open(path: &Path, encoding: Encoding, delimiter: Delimiter) -> Result<Self> {
        let lines = Lines { reader: open(path)?, encoding, line: 0, bytes: 0 };
        Ok(Self { lines, delimiter, pushed_back: VecDeque::new(), width: None })
    }

    pub fn bytes(&self) -> u64 {
        self.lines.bytes
    }

    fn line(&mut self) -> Result<Option<Line>> {
        match self.pushed_back.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next().transpose(),
        }
    }

    fn record(&mut self) -> Result<Option<Record>> {
        loop {
            let Some((line, text)) = self.line()? else { return Ok(None) };
            let fields = match text {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => self.fields(text)?,
                Err(problem) => Err(problem),
            };
            return Ok(Some(Record { line, fields: fields.and_then(|fields| self.fitting(fields)) }));
        }
    }

    fn fields(&mut self, text: String) -> Result<std::result::Result<Vec<String>, String>> {
        let Delimiter::Char(delimiter) = self.delimiter else { return Ok(Ok(split_table(&text))) };
        let mut whole = text;
        let mut ahead = Vec::new();
        loop {
            let next = match split_csv(&whole, delimiter) {
                Ok(fields) => return Ok(Ok(fields)),
                Err(SplitError::Open) if ahead.len() < LONGEST_RECORD_LINES => self.line()?,
                Err(_) => None,
            };
            let Some((line, Ok(text))) = next else {
                ahead.extend(next);
                ahead.into_iter().rev().for_each(|line| self.pushed_back.push_front(line));
                return Ok(Err("has a quote without its fellow".to_owned()));
            };
            whole.push('\n');
            whole.push_str(&text);
            ahead.push((line, Ok(text)));
        }
    }

    /// A row may end early, its last fields blank; a row with more than the first one is split in a wrong place.
    fn fitting(&self, fields: Vec<String>) -> std::result::Result<Vec<String>, String> {
        let filled = fields.iter().rposition(|field| !field.is_empty()).map_or(0, |last| last + 1);
        match self.width {
            Some(width) if filled > width => {
                Err(format!("has {filled} columns where the first row has {width}"))
            }
            _ => Ok(fields),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}
