//! `huike import`: members and purchases from a file. docs/import.md explains every option.

use std::io::{IsTerminal, Write as _, stderr};
use std::path::PathBuf;

use anyhow::bail;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use service::import::{
    AmountUnit, BadRow, Encoding, FileOptions, Format, MemberImport, MemberKey, MemberTotals, Outcome,
    PurchaseImport, PurchaseTotals, ReportFile, Shift, Watch,
};
use service::{Context, Error};

use crate::{migrate, start};

/// Bad rows that are shown; --report has them all.
const BAD_ROWS_SHOWN: u64 = 20;
/// Rows between two lines of progress where standard error is no terminal.
const PROGRESS_ROWS: u64 = 50_000;

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Who bought when, where and how much.
    Purchases(PurchaseArgs),
    /// Who the members are.
    Members(MemberArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// Comma-, semicolon- or tab-separated text, or a table aligned with white space.
    file: PathBuf,
    /// Which column holds a field: FIELD=COLUMN, by the header's name or by number from 1; several with commas.
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// Found out when absent.
    #[arg(long)]
    format: Option<FormatArg>,
    /// Found out when absent.
    #[arg(long)]
    encoding: Option<EncodingArg>,
    /// Whether the first row names the columns. Found out when absent.
    #[arg(long)]
    header: Option<YesNo>,
    /// As in strftime, e.g. %Y%m%d; when absent, the usual ways to write a year first are read.
    #[arg(long)]
    date_format: Option<String>,
    /// Make stores whose code is unknown.
    #[arg(long)]
    create_store: bool,
    /// Count and check everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write nothing if any row is bad.
    #[arg(long)]
    strict: bool,
    /// Write every bad row to this file, as CSV.
    #[arg(long, value_name = "FILE.csv")]
    report: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct PurchaseArgs {
    #[command(flatten)]
    file: FileArgs,
    /// Move all dates by so many days.
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, conflicts_with = "shift_to")]
    shift_days: Option<i64>,
    /// Move all dates so that the file's last one falls on this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    shift_to: Option<NaiveDate>,
    /// Code of the store where rows without a store column were bought.
    #[arg(long, value_name = "CODE")]
    store: Option<String>,
    #[arg(long, default_value = "yuan")]
    amount_unit: AmountUnitArg,
    /// What the member column holds.
    #[arg(long, default_value = "external")]
    member_id: MemberIdArg,
    /// Enrol members whose external number is unknown.
    #[arg(long)]
    create_members: bool,
}

#[derive(Debug, Args)]
struct MemberArgs {
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    Csv,
    Table,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingArg {
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    #[value(name = "gb18030", aliases = ["gbk", "gb2312"])]
    Gb18030,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AmountUnitArg {
    Yuan,
    Fen,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MemberIdArg {
    External,
    #[value(name = "card_number")]
    CardNumber,
    Phone,
}

pub async fn command(args: ImportArgs) -> anyhow::Result<()> {
    let ctx = start::context().await?;
    migrate::ensure_current(&ctx).await?;
    run(args, &ctx).await?;
    ctx.db.close().await;
    Ok(())
}

pub async fn run(args: ImportArgs, ctx: &Context) -> anyhow::Result<()> {
    match args.what {
        What::Purchases(args) => purchases(args, ctx).await,
        What::Members(args) => members(args, ctx).await,
    }
}

async fn purchases(args: PurchaseArgs, ctx: &Context) -> anyhow::Result<()> {
    let mut console = Console::open(&args.file)?;
    let import = PurchaseImport {
        file: args.file.options(),
        shift: match (args.shift_days, args.shift_to) {
            (Some(days), _) => Shift::Days(days),
            (None, Some(day)) => Shift::LastOn(day),
            (None, None) => Shift::None,
        },
        store: args.store,
        create_stores: args.file.create_store,
        amount_unit: match args.amount_unit {
            AmountUnitArg::Yuan => AmountUnit::Yuan,
            AmountUnitArg::Fen => AmountUnit::Fen,
        },
        member_key: match args.member_id {
            MemberIdArg::External => MemberKey::External,
            MemberIdArg::CardNumber => MemberKey::CardNumber,
            MemberIdArg::Phone => MemberKey::Phone,
        },
        create_members: args.create_members,
        dry_run: args.file.dry_run,
        strict: args.file.strict,
    };
    let outcome = service::import::purchases(ctx, &import, &mut console).await.map_err(explained)?;
    print!("{}", purchase_lines(&outcome.totals));
    console.close(&args.file, &outcome)
}

async fn members(args: MemberArgs, ctx: &Context) -> anyhow::Result<()> {
    let mut console = Console::open(&args.file)?;
    let import = MemberImport {
        file: args.file.options(),
        create_stores: args.file.create_store,
        dry_run: args.file.dry_run,
        strict: args.file.strict,
    };
    let outcome = service::import::members(ctx, &import, &mut console).await.map_err(explained)?;
    print!("{}", member_lines(&outcome.totals));
    console.close(&args.file, &outcome)
}

impl FileArgs {
    fn options(&self) -> FileOptions {
        FileOptions {
            path: self.file.clone(),
            map: self.map.clone(),
            format: self.format.map(|format| match format {
                FormatArg::Csv => Format::Csv,
                FormatArg::Table => Format::Table,
            }),
            encoding: self.encoding.map(|encoding| match encoding {
                EncodingArg::Utf8 => Encoding::Utf8,
                EncodingArg::Gb18030 => Encoding::Gb18030,
            }),
            header: self.header.map(|header| matches!(header, YesNo::Yes)),
            date_format: self.date_format.clone(),
        }
    }
}

/// An invalid field in the words of the command line.
fn explained(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(fields) => {
            let lines =
                fields.iter().map(|field| format!("{}: {}", field.field.replace('_', "-"), field.message));
            anyhow::anyhow!("{}", lines.collect::<Vec<_>>().join("; "))
        }
        other => other.into(),
    }
}

fn purchase_lines(totals: &PurchaseTotals) -> String {
    let mut lines = Lines::default();
    lines.push("rows read", count(totals.rows_read), "");
    lines.push("bad rows", count(totals.bad), "");
    lines.push("new purchases", count(totals.purchases_new), &money(totals.new_fen));
    lines.push("already there", count(totals.purchases_known), &money(totals.total_fen - totals.new_fen));
    lines.push("new members", count(totals.members_new), "");
    lines.push("known members", count(totals.members_known), "");
    lines.push("distinct members", count(totals.members()), "");
    lines.push("quantity", grouped(&totals.quantity.to_string()), "");
    lines.push("money", money(totals.total_fen), "");
    lines.push("rows of 0.00", count(totals.zero_amounts), "");
    let day = |date: Option<NaiveDate>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let shifted = match totals.shift_days {
        0 => String::new(),
        days => format!("shifted by {days} days"),
    };
    lines.push("first date", day(totals.first_date), "");
    lines.push("last date", day(totals.last_date), &shifted);
    lines.0
}

fn member_lines(totals: &MemberTotals) -> String {
    let mut lines = Lines::default();
    lines.push("rows read", count(totals.rows_read), "");
    lines.push("bad rows", count(totals.bad), "");
    lines.push("new members", count(totals.members_new), "");
    lines.push("known members", count(totals.members_known), "");
    lines.push("blanks filled in", count(totals.filled), "of known members");
    lines.push("values kept", count(totals.kept), "where the file says otherwise");
    lines.push("with a phone", count(totals.with_phone), "");
    lines.push("with an openid", count(totals.with_wechat), "");
    lines.push("with consent", count(totals.with_consent), "");
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn push(&mut self, name: &str, value: String, note: &str) {
        let line = format!("{name:<18}{value:>16}   {note}");
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

fn count(number: u64) -> String {
    grouped(&number.to_string())
}

fn money(fen: i64) -> String {
    format!("{}.{:02}", grouped(&(fen / 100).to_string()), fen % 100)
}

/// `1234567` -> `1,234,567`
fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bad rows and progress to standard error, totals alone to standard output.
struct Console {
    report: Option<ReportFile>,
    bad: u64,
    rows: u64,
    terminal: bool,
}

impl Console {
    fn open(args: &FileArgs) -> anyhow::Result<Self> {
        let report = args.report.as_deref().map(ReportFile::create).transpose().map_err(explained)?;
        Ok(Self { report, bad: 0, rows: 0, terminal: stderr().is_terminal() })
    }

    fn close<Totals>(self, args: &FileArgs, outcome: &Outcome<Totals>) -> anyhow::Result<()> {
        if self.bad > BAD_ROWS_SHOWN {
            eprintln!("... and {} more bad rows", count(self.bad - BAD_ROWS_SHOWN));
        }
        if let (Some(report), Some(path)) = (self.report, &args.report) {
            report.finish().map_err(explained)?;
            eprintln!("bad rows are listed in {}", path.display());
        }
        if outcome.aborted {
            bail!("{} bad rows; nothing was written, because of --strict", count(self.bad));
        }
        if args.dry_run {
            println!("dry run: nothing was written");
        }
        Ok(())
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

impl Watch for Console {
    fn bad_row(&mut self, row: &BadRow) -> service::Result<()> {
        self.bad += 1;
        if self.bad <= BAD_ROWS_SHOWN {
            self.clear();
            eprintln!("line {}: {} {}", row.line, row.field, row.reason);
        }
        self.report.as_mut().map_or(Ok(()), |report| report.push(row))
    }

    fn progress(&mut self, rows: u64, bytes: u64, of: u64) {
        let percent = (bytes * 100).checked_div(of).unwrap_or(100).min(100);
        if self.terminal {
            eprint!("\r{} rows, {percent}%", count(rows));
            let _ = stderr().flush();
            if bytes >= of {
                self.clear();
            }
        } else if rows / PROGRESS_ROWS > self.rows / PROGRESS_ROWS {
            eprintln!("{} rows, {percent}%", count(rows));
        }
        self.rows = rows;
    }
}
