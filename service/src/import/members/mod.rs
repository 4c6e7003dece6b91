//! Members from a file: found again by number, phone or WeChat identity, enrolled when unknown, filled in where blank.
//!
//! What a member's record already says is never overwritten, so an old file can't undo what a member has changed since.
//! Marketing consent is taken for members that an import has made and who have not answered themselves.

mod draft;
mod loyalty;
mod row;
mod settle;

use std::collections::HashMap;

use entity::states::IdentityProvider;
use serde::Serialize;

use self::draft::Draft;
use self::row::{Reader, Row};
use super::source::Source;
use super::value::DateReader;
use super::{BadRow, CHUNK_ROWS, FileOptions, MEMBER_FIELDS, Outcome, Watch};
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;

#[derive(Debug, Clone, Default)]
pub struct MemberImport {
    pub file: FileOptions,
    pub create_stores: bool,
    pub dry_run: bool,
    /// Write nothing if any row is bad.
    pub strict: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MemberTotals {
    pub rows_read: u64,
    pub bad: u64,
    pub members_new: u64,
    /// Rows of members who were there, or stood in the file before.
    pub members_known: u64,
    /// Rows that filled in something blank.
    pub filled: u64,
    /// Values that differ from the member's own and were left out.
    pub kept: u64,
    pub with_phone: u64,
    pub with_wechat: u64,
    pub with_consent: u64,
}

/// Imports the members of a file; may be repeated, and go on after it was interrupted.
///
/// # Refuses
/// Nothing by a rule; `Invalid` when the file or its mapping can't be understood. Bad rows are told to `watch`.
pub async fn members(
    ctx: &Context,
    import: &MemberImport,
    watch: &mut dyn Watch,
) -> Result<Outcome<MemberTotals>> {
    let source = Source::open(&import.file, MEMBER_FIELDS)?;
    if !["external", "phone", "openid", "unionid"].iter().any(|field| source.columns.has(field)) {
        return Err(Error::invalid("map", "map at least one of external, phone, openid and unionid"));
    }
    let dates = DateReader::new(import.file.date_format.as_deref())?;
    let plan = Plan { import, reader: Reader::new(ctx, source.columns.clone(), dates), source };
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
    import: &'a MemberImport,
    source: Source,
    reader: Reader,
}

/// A provider and the subject it knows a member by.
type Identity = (IdentityProvider, String);

/// What deciding about a chunk needs.
#[derive(Clone, Copy)]
struct Scope<'a> {
    ctx: &'a Context,
    plan: &'a Plan<'a>,
    planned: &'a Planned,
    write: bool,
}

/// One way through the file, writing or only counting.
struct Pass<'a> {
    ctx: &'a Context,
    plan: &'a Plan<'a>,
    watch: &'a mut dyn Watch,
    write: bool,
    totals: MemberTotals,
    /// What a dry run would have written.
    planned: Planned,
}

#[derive(Default)]
struct Planned {
    identities: HashMap<Identity, MemberId>,
    drafts: HashMap<MemberId, Draft>,
}

impl<'a> Pass<'a> {
    fn new(ctx: &'a Context, plan: &'a Plan<'a>, watch: &'a mut dyn Watch, write: bool) -> Self {
        Self { ctx, plan, watch, write, totals: MemberTotals::default(), planned: Planned::default() }
    }

    async fn run(mut self) -> Result<MemberTotals> {
        let mut records = self.plan.source.records()?;
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while let Some(record) = records.next().transpose()? {
            self.totals.rows_read += 1;
            match self.plan.reader.read(record) {
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
        for (row, fate) in chunk.drain(..).zip(settled.fates) {
            match fate {
                settle::Fate::Bad(reason) => self.bad(&BadRow::new(row.line, "row", reason))?,
                settle::Fate::Taken { new, filled, kept } => self.count(&row, new, (filled, kept)),
            }
        }
        if !self.write {
            self.planned.identities.extend(settled.identities);
            self.planned.drafts.extend(settled.drafts);
        }
        self.watch.progress(self.totals.rows_read, bytes, self.plan.source.bytes);
        Ok(())
    }

    fn count(&mut self, row: &Row, new: bool, (filled, kept): (bool, u64)) {
        let totals = &mut self.totals;
        totals.members_new += u64::from(new);
        totals.members_known += u64::from(!new);
        totals.filled += u64::from(!new && filled);
        totals.kept += kept;
        totals.with_phone += u64::from(row.phone.is_some());
        totals.with_wechat += u64::from(row.has(IdentityProvider::WechatOpenid));
        totals.with_consent += u64::from(row.consent);
    }
}

async fn record(ctx: &Context, totals: &MemberTotals) -> Result<()> {
    tracing::info!(rows = totals.rows_read, bad = totals.bad, new = totals.members_new, "members imported");
    let txn = ctx.db.begin().await?;
    let act = Act {
        actor: Actor::System,
        action: "member.import",
        subject: ("import", "members".to_owned()),
        detail: serde_json::to_value(totals).map_err(Error::internal)?,
    };
    audit::record(ctx, &txn, act).await?;
    Ok(txn.commit().await?)
}
