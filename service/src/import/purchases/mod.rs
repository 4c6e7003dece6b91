//! Purchases from a file: who bought when, where, how much.
//!
//! A purchase is told apart by its order number, unique per store. A file without one gets numbers made of the row's own
//! content and of how many rows just like it came before, so that rows alike are all kept and the same file, reordered
//! or extended, adds only what is new.

mod row;
mod settle;
mod totals;

use std::collections::HashSet;

use chrono::NaiveDate;

use self::row::{Reader, Row};
pub use self::totals::PurchaseTotals;
use super::source::{Records, Source};
use super::value::{AmountUnit, DateReader};
use super::{BadRow, CHUNK_ROWS, FileOptions, Outcome, PURCHASE_FIELDS, Watch, look_up};
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};

/// What the file knows its members by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MemberKey {
    /// The number of the older system.
    #[default]
    External,
    CardNumber,
    Phone,
}

/// All dates of a file moved by one whole number of days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shift {
    #[default]
    None,
    Days(i64),
    /// So that the file's last date falls on this day.
    LastOn(NaiveDate),
}

#[derive(Debug, Clone, Default)]
pub struct PurchaseImport {
    pub file: FileOptions,
    pub shift: Shift,
    /// The store of rows without a `store` column.
    pub store: Option<String>,
    pub create_stores: bool,
    pub amount_unit: AmountUnit,
    pub member_key: MemberKey,
    /// Enrol members whose external number is unknown.
    pub create_members: bool,
    pub dry_run: bool,
    /// Write nothing if any row is bad.
    pub strict: bool,
}

/// Imports the purchases of a file. Dates are days of the brand's zone: a date alone is the start of that day. Rows that are
/// already there are counted and left alone; so it may be repeated, and go on after it was interrupted.
///
/// # Refuses
/// Nothing by a rule; `Invalid` when the file or its mapping can't be understood. Bad rows are told to `watch`.
pub async fn purchases(
    ctx: &Context,
    import: &PurchaseImport,
    watch: &mut dyn Watch,
) -> Result<Outcome<PurchaseTotals>> {
    let plan = Plan::prepare(ctx, import).await?;
    if import.strict && !import.dry_run {
        let totals = Pass::new(ctx, &plan, watch, false).run().await?;
        if totals.bad > 0 {
            return Ok(Outcome { totals, aborted: true });
        }
    }
    let totals = Pass::new(ctx, &plan, watch, !import.dry_run).run().await?;
    if !import.dry_run {
        record(ctx, &totals).await?;
    }
    Ok(Outcome { totals, aborted: false })
}

struct Plan<'a> {
    import: &'a PurchaseImport,
    source: Source,
    reader: Reader,
}

impl<'a> Plan<'a> {
    async fn prepare(ctx: &Context, import: &'a PurchaseImport) -> Result<Self> {
        if import.create_members && import.member_key != MemberKey::External {
            return Err(Error::invalid("create_members", "members are made from external numbers only"));
        }
        let source = Source::open(&import.file, PURCHASE_FIELDS)?;
        source.columns.require(&["member", "date", "amount"])?;
        require_store(ctx, import, &source).await?;
        let dates = DateReader::new(import.file.date_format.as_deref())?;
        let mut reader = Reader::new(ctx, import, source.columns.clone(), dates);
        reader.shift_days = match import.shift {
            Shift::None => 0,
            Shift::Days(days) => days,
            Shift::LastOn(day) => (day - last_date(&reader, source.records()?)?).num_days(),
        };
        Ok(Self { import, source, reader })
    }
}

async fn require_store(ctx: &Context, import: &PurchaseImport, source: &Source) -> Result<()> {
    let Some(code) = &import.store else {
        return if source.columns.has("store") {
            Ok(())
        } else {
            Err(Error::invalid(
                "store",
                "say which store the purchases belong to: --store CODE, or map a store column",
            ))
        };
    };
    let known = look_up::stores(ctx.db.read(), &[code.clone()].into()).await?;
    if known.is_empty() && !import.create_stores {
        return Err(Error::invalid("store", format!("there is no store {code}; --create-store makes it")));
    }
    Ok(())
}

fn last_date(reader: &Reader, records: Records) -> Result<NaiveDate> {
    let mut last = None;
    for record in records {
        last = last.max(reader.date(&record?));
    }
    last.ok_or_else(|| Error::invalid("shift_to", "no row of the file has a date"))
}

/// What deciding about a chunk needs.
#[derive(Clone, Copy)]
struct Scope<'a> {
    ctx: &'a Context,
    plan: &'a Plan<'a>,
    planned: &'a HashSet<String>,
    write: bool,
}

/// One way through the file, writing or only counting.
struct Pass<'a> {
    ctx: &'a Context,
    plan: &'a Plan<'a>,
    watch: &'a mut dyn Watch,
    write: bool,
    totals: PurchaseTotals,
    members: HashSet<String>,
    /// Members that a dry run would have made.
    planned: HashSet<String>,
    numbers: row::Numbers,
}

impl<'a> Pass<'a> {
    fn new(ctx: &'a Context, plan: &'a Plan<'a>, watch: &'a mut dyn Watch, write: bool) -> Self {
        let totals = PurchaseTotals { shift_days: plan.reader.shift_days, ..Default::default() };
        let (members, planned) = Default::default();
        Self { ctx, plan, watch, write, totals, members, planned, numbers: row::Numbers::default() }
    }

    async fn run(mut self) -> Result<PurchaseTotals> {
        let mut records = self.plan.source.records()?;
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while let Some(record) = records.next().transpose()? {
            self.totals.rows_read += 1;
            match self.plan.reader.read(record).and_then(|row| self.numbers.number(row)) {
                Ok(row) => chunk.push(row),
                Err(bad) => self.bad(&bad)?,
            }
            if chunk.len() == CHUNK_ROWS {
                self.settle(&mut chunk, records.bytes()).await?;
            }
        }
        self.settle(&mut chunk, self.plan.source.bytes).await?;
        Ok(self.totals)
    }

    fn bad(&mut self, bad: &BadRow) -> Result<()> {
        self.totals.bad += 1;
        self.watch.bad_row(bad)
    }

    async fn settle(&mut self, chunk: &mut Vec<Row>, bytes: u64) -> Result<()> {
        let scope = Scope { ctx: self.ctx, plan: self.plan, planned: &self.planned, write: self.write };
        let settled = settle::settle(scope, chunk).await?;
        for row in chunk.drain(..) {
            if let Some(bad) = settled.bad.iter().find(|bad| bad.line == row.line) {
                self.bad(bad)?;
                continue;
            }
            let first_seen = self.members.insert(row.member.clone());
            let made = settled.made.contains(&row.member);
            if made && !self.write {
                self.planned.insert(row.member.clone());
            }
            let is_new = settled.new.contains(&row.line);
            self.totals.count(&row, is_new, first_seen.then_some(made));
        }
        self.watch.progress(self.totals.rows_read, bytes, self.plan.source.bytes);
        Ok(())
    }
}

async fn record(ctx: &Context, totals: &PurchaseTotals) -> Result<()> {
    tracing::info!(
        rows = totals.rows_read,
        bad = totals.bad,
        new = totals.purchases_new,
        members_new = totals.members_new,
        "purchases imported"
    );
    let txn = ctx.db.begin().await?;
    let act = Act {
        actor: Actor::System,
        action: "purchase.import",
        subject: ("import", "purchases".to_owned()),
        detail: serde_json::to_value(totals).map_err(Error::internal)?,
    };
    audit::record(ctx, &txn, act).await?;
    Ok(txn.commit().await?)
}
