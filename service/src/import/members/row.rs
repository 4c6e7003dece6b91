//! One record as what a file says of a member.

use chrono::{DateTime, NaiveDate, Utc};
use entity::states::{Gender, IdentityProvider};

use super::Identity;
use crate::calendar;
use crate::context::Context;
use crate::import::BadRow;
use crate::import::mapping::Columns;
use crate::import::source::Record;
use crate::import::value::{DateReader, shown, yes_or_no};
use crate::member::Phone;

const LONGEST_NAME: usize = 64;
const LONGEST_TAG: usize = 32;
const MOST_POINTS: i64 = 100_000_000;

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub line: u64,
    pub identities: Vec<Identity>,
    pub phone: Option<Phone>,
    pub name: Option<String>,
    pub gender: Option<Gender>,
    pub birthday: Option<NaiveDate>,
    pub store: Option<String>,
    pub tags: Vec<String>,
    pub consent: bool,
    pub created_at: Option<DateTime<Utc>>,
    /// The balance that the member brings along.
    pub points: Option<i64>,
    /// The name of the tier that the member had.
    pub tier: Option<String>,
}

impl Row {
    pub fn has(&self, provider: IdentityProvider) -> bool {
        self.identities.iter().any(|(of, _)| *of == provider)
    }
}

pub(super) struct Reader {
    ctx: Context,
    columns: Columns,
    dates: DateReader,
    today: NaiveDate,
}

type Read<T> = std::result::Result<T, (&'static str, String)>;

impl Reader {
    pub fn new(ctx: &Context, columns: Columns, dates: DateReader) -> Self {
        let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
        Self { ctx: ctx.clone(), columns, dates, today }
    }

    pub fn read(&self, record: Record) -> std::result::Result<Row, BadRow> {
        let line = record.line;
        let fields = record.fields.map_err(|problem| BadRow::new(line, "row", problem))?;
        self.row(line, &fields).map_err(|(field, reason)| BadRow::new(line, field, reason))
    }

    fn row(&self, line: u64, fields: &[String]) -> Read<Row> {
        let get = |field| self.columns.get(fields, field);
        let phone = get("phone")
            .map(|text| {
                Phone::parse(text).map_err(|_| ("phone", format!("{} is not a mobile number", shown(text))))
            })
            .transpose()?;
        let created = self.date(fields, "created")?;
        Ok(Row {
            line,
            identities: self.identities(fields, phone.as_ref())?,
            phone,
            name: get("name").map(|text| short("name", text, LONGEST_NAME)).transpose()?,
            gender: get("gender").map(gender).transpose()?,
            birthday: self.date(fields, "birthday")?,
            store: get("store").map(str::to_owned),
            tags: tags(get("tags").unwrap_or_default())?,
            consent: get("consent")
                .map(yes_or_no)
                .transpose()
                .map_err(|reason| ("consent", reason))?
                .unwrap_or(false),
            points: get("points").map(points).transpose()?,
            tier: get("tier").map(str::to_owned),
            created_at: created.map(|date| calendar::start_of_day(date, self.ctx.settings.timezone)),
        })
    }

    fn identities(&self, fields: &[String], phone: Option<&Phone>) -> Read<Vec<Identity>> {
        let named = [
            ("external", IdentityProvider::External),
            ("openid", IdentityProvider::WechatOpenid),
            ("unionid", IdentityProvider::WechatUnionid),
        ];
        let mut identities: Vec<Identity> = named
            .into_iter()
            .filter_map(|(field, provider)| Some((provider, self.columns.get(fields, field)?.to_owned())))
            .collect();
        identities.extend(phone.map(|phone| (IdentityProvider::Phone, phone.index(&self.ctx))));
        if identities.is_empty() {
            return Err(("row", "has neither number, phone nor WeChat identity".to_owned()));
        }
        Ok(identities)
    }

    fn date(&self, fields: &[String], field: &'static str) -> Read<Option<NaiveDate>> {
        let Some(text) = self.columns.get(fields, field) else { return Ok(None) };
        let date = self.dates.read(text).map_err(|reason| (field, reason))?.date();
        if date > self.today { Err((field, format!("{date} lies in the future"))) } else { Ok(Some(date)) }
    }
}

fn points(text: &str) -> Read<i64> {
    let number = text.parse().ok().filter(|points| (0..=MOST_POINTS).contains(points));
    number.ok_or_else(|| ("points", format!("{} is not a number from 0 to {MOST_POINTS}", shown(text))))
}

fn gender(text: &str) -> Read<Gender> {
    match text.to_lowercase().as_str() {
        "f" | "female" | "女" => Ok(Gender::Female),
        "m" | "male" | "男" => Ok(Gender::Male),
        "other" | "其他" => Ok(Gender::Other),
        _ => Err(("gender", format!("{} is not female, male or other", shown(text)))),
    }
}

fn tags(text: &str) -> Read<Vec<String>> {
    text.split([';', '；'])
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(|tag| short("tags", tag, LONGEST_TAG))
        .collect()
}

fn short(field: &'static str, text: &str, longest: usize) -> Read<String> {
    if text.chars().count() > longest {
        return Err((field, format!("is longer than {longest} characters")));
    }
    Ok(text.to_owned())
}
