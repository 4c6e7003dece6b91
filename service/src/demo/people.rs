//! Who the members are: names, birthdays, habits. Pure: the same number is always the same person.

use chrono::{Days, NaiveDate};
use entity::states::Gender;
use entity::states::Gender::{Female, Male};

use super::dice::Dice;
use crate::purchase::NewLine;

pub const MEMBERS: usize = 60;
/// Nobody has shopped here for longer.
const LOOK_BACK: u32 = 360;

pub struct Person {
    pub name: String,
    pub gender: Gender,
    pub birthday: NaiveDate,
    pub phone: String,
    pub openid: String,
    /// Index of the store nearest to home.
    pub store: usize,
    pub tags: Vec<usize>,
    pub marketing_consent: bool,
    /// Newest first.
    pub visits: Vec<Visit>,
    /// Accepts of [`ARRIVAL`] and of [`MEMBER_DAY`].
    pub accepts: [(&'static str, u32); 2],
    pub opted_out: bool,
}

pub struct Visit {
    pub days_ago: u32,
    /// Of the day, in the shop's zone.
    pub minute: u32,
    pub store: usize,
    pub lines: Vec<NewLine>,
}

impl Visit {
    pub fn total_fen(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity * line.price_fen).sum()
    }
}

/// Subscription templates of the sandbox's account.
pub const ARRIVAL: &str = "TMPL_COUPON_ARRIVAL_0000000000000000000000B";
pub const MEMBER_DAY: &str = "TMPL_MEMBER_DAY_00000000000000000000000000D";

pub const TAGS: [&str; 3] = ["爱喝乌龙", "面包控", "常带礼盒"];

const FAMILY: [&str; 20] = [
    "林", "陈", "周", "吴", "沈", "许", "何", "苏", "叶", "江", "顾", "梁", "宋", "唐", "秦", "袁", "邓",
    "冯", "曾", "彭",
];

const GIVEN: [(&str, Gender); 30] = [
    ("晓", Female),
    ("文博", Male),
    ("安然", Female),
    ("子谦", Male),
    ("雨桐", Female),
    ("思远", Male),
    ("知夏", Female),
    ("景明", Male),
    ("若溪", Female),
    ("浩然", Male),
    ("静怡", Female),
    ("一鸣", Male),
    ("诗涵", Female),
    ("家乐", Male),
    ("梓晴", Female),
    ("志强", Male),
    ("佳宁", Female),
    ("俊杰", Male),
    ("婉清", Female),
    ("建国", Male),
    ("语嫣", Female),
    ("立行", Male),
    ("秋月", Female),
    ("承宇", Male),
    ("可欣", Female),
    ("远山", Male),
    ("小曼", Female),
    ("嘉树", Male),
    ("青禾", Female),
    ("牧之", Male),
];

/// Code, name, category, price in fen.
const MENU: [(&str, &str, &str, i64); 11] = [
    ("T01", "桂花乌龙", "茶饮", 2200),
    ("T02", "高山青茶", "茶饮", 2000),
    ("T03", "茉莉白毫", "茶饮", 1900),
    ("T04", "老丛红茶", "茶饮", 2600),
    ("T05", "陈皮熟普", "茶饮", 2400),
    ("B01", "海盐可颂", "烘焙", 1600),
    ("B02", "核桃软欧", "烘焙", 2200),
    ("B03", "红豆吐司", "烘焙", 1800),
    ("B04", "绿豆糕", "烘焙", 1200),
    ("G01", "凤梨酥礼盒", "礼盒", 6800),
    ("G02", "冷泡茶礼盒", "礼盒", 12800),
];

/// Days since the last visit, turn by turn: some were here yesterday, some have not come since last year.
const LAST_VISIT: [u32; 12] = [47, 3, 95, 12, 130, 33, 8, 61, 210, 20, 75, 5];

pub fn everybody() -> impl Iterator<Item = Person> {
    (0..MEMBERS).map(person)
}

pub fn person(number: usize) -> Person {
    let mut dice = Dice::of(number);
    let (given, gender) = GIVEN[number * 7 % GIVEN.len()];
    let store = [0, 0, 1, 2, 0, 1][number % 6];
    Person {
        name: format!("{}{given}", FAMILY[number % FAMILY.len()]),
        gender,
        birthday: NaiveDate::from_ymd_opt(1972, 1, 1).unwrap_or_default()
            + Days::new(u64::from(dice.between(0, 34 * 365))),
        phone: format!("138{:08}", number + 1),
        openid: format!("oShanYue{:020}", number + 1),
        store,
        tags: (0..TAGS.len()).filter(|tag| (number + tag * 5).is_multiple_of(4)).collect(),
        marketing_consent: number % 5 != 2,
        visits: visits(number, store, &mut dice),
        accepts: [
            (ARRIVAL, if number % 6 == 4 { 0 } else { 2 }),
            (MEMBER_DAY, if number % 8 == 6 { 0 } else { 1 }),
        ],
        opted_out: matches!(number, 10 | 29),
    }
}

fn visits(number: usize, home: usize, dice: &mut Dice) -> Vec<Visit> {
    let mut days_ago = LAST_VISIT[number % LAST_VISIT.len()];
    let usual_gap = dice.between(9, 60);
    let mut visits = Vec::new();
    while days_ago <= LOOK_BACK {
        let elsewhere = dice.between(0, 9) == 0;
        visits.push(Visit {
            days_ago,
            minute: dice.between(9 * 60, 21 * 60),
            store: if elsewhere { (home + 1) % 3 } else { home },
            lines: lines(dice),
        });
        days_ago += dice.between(usual_gap / 2, usual_gap * 2);
    }
    visits
}

fn lines(dice: &mut Dice) -> Vec<NewLine> {
    let count = dice.between(1, 3) as usize;
    let mut lines: Vec<NewLine> = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(&(code, name, category, price_fen)) = dice.pick(&MENU) else { continue };
        let is_gift = category == "礼盒";
        if lines.iter().any(|line| line.name == name) || (is_gift && dice.between(0, 2) > 0) {
            continue;
        }
        lines.push(NewLine {
            product_code: Some(code.to_owned()),
            name: name.to_owned(),
            category: Some(category.to_owned()),
            quantity: i64::from(if is_gift { 1 } else { dice.between(1, 2) }),
            price_fen,
            cost_fen: None,
        });
    }
    if lines.is_empty() {
        let (code, name, category, price_fen) = MENU[0];
        let (product_code, category) = (Some(code.to_owned()), Some(category.to_owned()));
        lines.push(NewLine {
            product_code,
            name: name.to_owned(),
            category,
            quantity: 1,
            price_fen,
            cost_fen: None,
        });
    }
    lines
}
