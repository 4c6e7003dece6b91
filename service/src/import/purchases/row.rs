//! One record as a purchase, and its order number.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{MemberKey, PurchaseImport};
use crate::calendar;
use crate::context::Context;
use crate::crypto::sha256_hex;
use crate::error::Error;
use crate::import::BadRow;
use crate::import::mapping::Columns;
use crate::import::source::Record;
use crate::import::value::{AmountUnit, DateReader, amount_fen, shown, whole_number};
use crate::member::Phone;

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub line: u64,
    /// What the member is looked up by; for a phone its keyed hash.
    pub member: String,
    /// The same as a report may show it.
    pub member_shown: String,
    pub store: String,
    /// The order number; before it has been made, its stem.
    pub order_no: String,
    has_order_no: bool,
    /// The order stood in the file before, with the same values.
    pub repeated: bool,
    /// Wall-clock time in the brand's zone.
    pub at: NaiveDateTime,
    pub quantity: i64,
    pub total_fen: i64,
    content: u128,
}

pub(super) struct Reader {
    columns: Columns,
    dates: DateReader,
    pub shift_days: i64,
    store: String,
    amount_unit: AmountUnit,
    member_key: MemberKey,
    ctx: Context,
    end: DateTime<Utc>,
}

type Read<T> = std::result::Result<T, (&'static str, String)>;

impl Reader {
    pub fn new(ctx: &Context, import: &PurchaseImport, columns: Columns, dates: DateReader) -> Self {
        let zone = ctx.settings.timezone;
        Self {
            columns,
            dates,
            shift_days: 0,
            store: import.store.clone().unwrap_or_default(),
            amount_unit: import.amount_unit,
            member_key: import.member_key,
            ctx: ctx.clone(),
            end: calendar::end_of_day(calendar::local_date(ctx.now(), zone), zone),
        }
    }

    fn zone(&self) -> Tz {
        self.ctx.settings.timezone
    }

    /// The date of a record before any shift, if it has one.
    pub fn date(&self, record: &Record) -> Option<NaiveDate> {
        let text = self.columns.get(record.fields.as_ref().ok()?, "date")?;
        self.dates.read(text).ok().map(|at| at.date())
    }

    pub fn read(&self, record: Record) -> std::result::Result<Row, BadRow> {
        let line = record.line;
        let fields = record.fields.map_err(|problem| BadRow::new(line, "row", problem))?;
        self.row(line, &fields).map_err(|(field, reason)| BadRow::new(line, field, reason))
    }

    fn row(&self, line: u64, fields: &[String]) -> Read<Row> {
        let (member, member_shown) = self.member(required(&self.columns, fields, "member")?)?;
        let written =
            self.dates.read(required(&self.columns, fields, "date")?).map_err(|reason| ("date", reason))?;
        let total_fen = amount_fen(required(&self.columns, fields, "amount")?, self.amount_unit)
            .map_err(|reason| ("amount", reason))?;
        let quantity = match self.columns.get(fields, "quantity") {
            Some(text) => whole_number(text).map_err(|reason| ("quantity", reason))?,
            None if self.columns.has("quantity") => return Err(("quantity", "is missing".into())),
            None => 1,
        };
        let store = match self.columns.get(fields, "store") {
            Some(code) => code.to_owned(),
            None if !self.store.is_empty() => self.store.clone(),
            None => return Err(("store", "is missing".into())),
        };
        let order = match self.columns.get(fields, "order") {
            None if self.columns.has("order") => return Err(("order", "is missing".into())),
            order => order,
        };
        // The date as written, so that the same file under another shift is still the same purchases.
        let content = sha256_hex(format!("{member}\n{written}\n{quantity}\n{total_fen}\n{store}").as_bytes());
        let stem = self.stem(&member, written.date(), &content);
        Ok(Row {
            line,
            order_no: order.map_or(stem, str::to_owned),
            has_order_no: order.is_some(),
            repeated: false,
            at: self.shifted(written)?,
            content: u128::from_str_radix(&content[..32], 16).unwrap_or_default(),
            member,
            member_shown,
            store,
            quantity,
            total_fen,
        })
    }

    fn member(&self, text: &str) -> Read<(String, String)> {
        if self.member_key == MemberKey::Phone {
            let phone = Phone::parse(text).map_err(|error| ("member", said(&error)))?;
            return Ok((phone.index(&self.ctx), phone.masked()));
        }
        Ok((text.to_owned(), shown(text)))
    }

    fn stem(&self, member: &str, date: NaiveDate, content: &str) -> String {
        /// Enough of a keyed hash of a phone number to be told from another's.
        const PHONE_HASH: usize = 12;
        let member = if self.member_key == MemberKey::Phone { &member[..PHONE_HASH] } else { member };
        format!("{member}-{}-{}", date.format("%Y%m%d"), &content[..16])
    }

    fn shifted(&self, written: NaiveDateTime) -> Read<NaiveDateTime> {
        let days = Days::new(self.shift_days.unsigned_abs());
        let shifted =
            if self.shift_days < 0 { written.checked_sub_days(days) } else { written.checked_add_days(days) };
        let at = shifted.ok_or_else(|| ("date", "is out of range after the shift".to_owned()))?;
        if calendar::instant(at, self.zone()) > self.end {
            return Err(("date", format!("{} lies in the future", at.date())));
        }
        Ok(at)
    }
}

fn required<'a>(columns: &Columns, fields: &'a [String], field: &'static str) -> Read<&'a str> {
    columns.get(fields, field).ok_or_else(|| (field, "is missing".to_owned()))
}

/// The words of an invalid value.
pub(in crate::import) fn said(error: &Error) -> String {
    match error {
        Error::Invalid(fields) => fields.first().map(|field| field.message.clone()).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// The order numbers of a file so far. Grows by some 40 bytes a row.
#[derive(Default)]
pub(super) struct Numbers {
    /// How often a row like this came before.
    alike: HashMap<u128, u32>,
    /// Where an order number came first, and with what.
    orders: HashMap<u128, (u64, u128)>,
}

impl Numbers {
    pub fn number(&mut self, mut row: Row) -> std::result::Result<Row, BadRow> {
        if row.has_order_no {
            let key = sha256_hex(format!("{}\n{}", row.store, row.order_no).as_bytes());
            let key = u128::from_str_radix(&key[..32], 16).unwrap_or_default();
            let (line, content) = *self.orders.entry(key).or_insert((row.line, row.content));
            if content != row.content {
                return Err(BadRow::new(
                    row.line,
                    "order",
                    format!("stands on line {line} too, with other values"),
                ));
            }
            row.repeated = line != row.line;
            return Ok(row);
        }
        let count = self.alike.entry(row.content).or_default();
        *count += 1;
        row.order_no = format!("{}-{count}", row.order_no);
        Ok(row)
    }
}
