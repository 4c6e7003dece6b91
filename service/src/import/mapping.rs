//! Which column holds which field.

use crate::error::{Error, Result};

/// A field that a file may have: its name, and what else it is often called.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub also: &'static [&'static str],
}

impl Field {
    fn is_called(&self, name: &str) -> bool {
        same(self.name, name) || self.also.iter().any(|also| same(also, name))
    }
}

const fn field(name: &'static str, also: &'static [&'static str]) -> Field {
    Field { name, also }
}

pub const PURCHASE_FIELDS: &[Field] = &[
    field("member", &["会员", "会员号"]),
    field("date", &["日期", "purchased_at"]),
    field("amount", &["金额"]),
    field("quantity", &["数量"]),
    field("order", &["order_no", "订单号"]),
    field("store", &["store_code", "门店"]),
];

pub const MEMBER_FIELDS: &[Field] = &[
    field("external", &["会员号", "customer_id"]),
    field("phone", &["手机", "手机号"]),
    field("openid", &["wechat_openid"]),
    field("unionid", &["wechat_unionid"]),
    field("name", &["姓名"]),
    field("gender", &["性别"]),
    field("birthday", &["生日"]),
    field("store", &["store_code", "门店"]),
    field("tags", &["标签"]),
    field("consent", &["marketing_consent"]),
    field("created", &["created_at", "注册日期"]),
    field("points", &["积分"]),
    field("tier", &["等级"]),
];

#[derive(Debug, Clone)]
enum Place {
    Number(usize),
    Name(String),
}

/// `field=column` pairs as given.
#[derive(Debug, Clone)]
pub struct Mapping {
    pairs: Vec<(&'static str, Place)>,
    fields: &'static [Field],
}

impl Mapping {
    pub fn parse(map: &[String], fields: &'static [Field]) -> Result<Self> {
        let mut pairs = Vec::new();
        for pair in map.iter().flat_map(|part| part.split(',')).map(str::trim).filter(|pair| !pair.is_empty())
        {
            let (name, column) =
                pair.split_once('=').ok_or_else(|| unreadable(pair, "write FIELD=COLUMN"))?;
            let field =
                fields.iter().find(|field| field.is_called(name)).ok_or_else(|| unknown(name, fields))?;
            if pairs.iter().any(|(taken, _)| *taken == field.name) {
                return Err(unreadable(pair, "this field is mapped twice"));
            }
            pairs.push((field.name, place(pair, column.trim())?));
        }
        Ok(Self { pairs, fields })
    }

    /// Whether the file must have a header for this to be understood.
    pub fn needs_header(&self) -> bool {
        self.pairs.is_empty() || self.pairs.iter().any(|(_, place)| matches!(place, Place::Name(_)))
    }

    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        self.pairs.iter().filter_map(|(_, place)| match place {
            Place::Number(index) => Some(*index),
            Place::Name(_) => None,
        })
    }

    pub fn resolve(&self, header: &[String], width: usize) -> Result<Columns> {
        let columns = if self.pairs.is_empty() {
            self.by_usual_names(header)
        } else {
            self.pairs
                .iter()
                .map(|(field, place)| Ok((*field, find(place, header, width)?)))
                .collect::<Result<_>>()?
        };
        Ok(Columns { columns })
    }

    fn by_usual_names(&self, header: &[String]) -> Vec<(&'static str, usize)> {
        let named = |name: &str| header.iter().position(|column| same(column, name));
        self.fields
            .iter()
            .filter_map(|field| {
                let index = named(field.name).or_else(|| field.also.iter().find_map(|also| named(also)))?;
                Some((field.name, index))
            })
            .collect()
    }
}

/// Where each mapped field stands in a record, counted from 0.
#[derive(Debug, Clone)]
pub struct Columns {
    columns: Vec<(&'static str, usize)>,
}

impl Columns {
    pub fn has(&self, field: &str) -> bool {
        self.columns.iter().any(|(name, _)| *name == field)
    }

    /// Fails unless all of these fields are mapped.
    pub fn require(&self, fields: &[&str]) -> Result<()> {
        match fields.iter().find(|field| !self.has(field)) {
            None => Ok(()),
            Some(field) => Err(Error::invalid(
                "map",
                format!("no column is mapped to {field}; add --map {field}=COLUMN"),
            )),
        }
    }

    /// The field's text; `None` when it is not mapped, missing in this record, or blank.
    pub fn get<'a>(&self, record: &'a [String], field: &str) -> Option<&'a str> {
        let (_, index) = self.columns.iter().find(|(name, _)| *name == field)?;
        record.get(*index).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

fn place(pair: &str, column: &str) -> Result<Place> {
    match column.parse::<usize>() {
        Ok(0) => Err(unreadable(pair, "columns are counted from 1")),
        Ok(number) => Ok(Place::Number(number - 1)),
        Err(_) if column.is_empty() => Err(unreadable(pair, "write FIELD=COLUMN")),
        Err(_) => Ok(Place::Name(column.to_owned())),
    }
}

fn find(place: &Place, header: &[String], width: usize) -> Result<usize> {
    match place {
        Place::Number(index) if *index < width => Ok(*index),
        Place::Number(index) => {
            Err(Error::invalid("map", format!("there is no column {}; the file has {width}", index + 1)))
        }
        Place::Name(name) => header.iter().position(|column| same(column, name)).ok_or_else(|| {
            Error::invalid(
                "map",
                format!("there is no column {name:?}; the header has {}", header.join(", ")),
            )
        }),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn unreadable(pair: &str, problem: &str) -> Error {
    Error::invalid("map", format!("{pair:?}: {problem}"))
}

fn unknown(name: &str, fields: &[Field]) -> Error {
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    Error::invalid("map", format!("{name:?} is not a field; the fields are {}", known.join(", ")))
}
