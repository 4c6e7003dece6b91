//! All people, found by their id, openid, phone or Alipay name.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::dice::Dice;
use crate::world::person::{NewPerson, Person};

#[derive(Default)]
pub(crate) struct Directory(RwLock<Index>);

#[derive(Default)]
struct Index {
    list: Vec<Arc<Person>>,
    by_openid: HashMap<Arc<str>, Arc<Person>>,
    by_phone: HashMap<Arc<str>, Arc<Person>>,
    by_alipay: HashMap<Arc<str>, Arc<Person>>,
}

/// What the control API may say about a person to be made; the rest is drawn.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wish {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub openid: Option<String>,
    pub unionid: Option<String>,
    pub alipay_user_id: Option<String>,
    pub alipay_open_id: Option<String>,
}

impl Directory {
    /// Makes the people in order under one lock. Refuses, and makes nobody, when an openid is taken already.
    pub fn make(
        &self,
        wishes: Vec<Wish>,
        dice: &Dice,
        now: DateTime<Utc>,
    ) -> Result<Vec<Arc<Person>>, String> {
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let taken = wishes
            .iter()
            .filter_map(|wish| wish.openid.as_deref())
            .find(|id| index.by_openid.contains_key(*id));
        if let Some(openid) = taken {
            return Err(format!("openid {openid} is taken"));
        }
        Ok(wishes.into_iter().map(|wish| index.add(wish, dice, now)).collect())
    }

    pub fn count(&self) -> usize {
        self.read(|index| index.list.len())
    }

    /// By id (`p1`) or openid.
    pub fn find(&self, name: &str) -> Option<Arc<Person>> {
        let number = name.strip_prefix('p').and_then(|digits| digits.parse::<usize>().ok());
        self.read(|index| match number {
            Some(number) => index.list.get(number.wrapping_sub(1)).cloned(),
            None => index.by_openid.get(name).cloned(),
        })
    }

    pub fn by_openid(&self, openid: &str) -> Option<Arc<Person>> {
        self.read(|index| index.by_openid.get(openid).cloned())
    }

    pub fn by_alipay(&self, name: &str) -> Option<Arc<Person>> {
        self.read(|index| index.by_alipay.get(name).cloned())
    }

    /// A text message reaches whoever holds the number, so an unknown number gets its phone on the spot.
    pub fn holder_of(&self, phone: &str, dice: &Dice, now: DateTime<Utc>) -> Arc<Person> {
        if let Some(person) = self.read(|index| index.by_phone.get(phone).cloned()) {
            return person;
        }
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let late = index.by_phone.get(phone).cloned();
        late.unwrap_or_else(|| index.add(Wish { phone: Some(phone.into()), ..Wish::default() }, dice, now))
    }

    pub fn all(&self) -> Vec<Arc<Person>> {
        self.read(|index| index.list.clone())
    }

    /// People after `cursor` (a number), in the order they were made.
    pub fn page(&self, cursor: usize, limit: usize, keep: impl Fn(&Person) -> bool) -> Vec<Arc<Person>> {
        self.read(|index| {
            index.list.iter().skip(cursor).filter(|person| keep(person)).take(limit).cloned().collect()
        })
    }

    fn read<T>(&self, look: impl FnOnce(&Index) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Index {
    fn add(&mut self, wish: Wish, dice: &Dice, now: DateTime<Utc>) -> Arc<Person> {
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX).saturating_add(1);
        let person = Arc::new(Person::new(NewPerson {
            number,
            name: wish.name.unwrap_or_else(|| invented_name(number)),
            openid: wish.openid.unwrap_or_else(|| format!("oSb0x{}", dice.letters(23))),
            unionid: wish.unionid.unwrap_or_else(|| format!("oUn10{}", dice.letters(23))),
            phone: wish.phone.unwrap_or_else(|| format!("{}", INVENTED_PHONES_FROM + u64::from(number))),
            alipay_user_id: wish
                .alipay_user_id
                .unwrap_or_else(|| format!("2088{:012}", 102_000_000_000 + u64::from(number))),
            alipay_open_id: wish.alipay_open_id.unwrap_or_else(|| format!("0{}", dice.letters(31))),
            made_at: now,
        }));
        self.list.push(Arc::clone(&person));
        self.by_openid.insert(Arc::clone(&person.openid), Arc::clone(&person));
        self.by_phone.entry(Arc::clone(&person.phone)).or_insert_with(|| Arc::clone(&person));
        self.by_alipay.insert(Arc::clone(&person.alipay_user_id), Arc::clone(&person));
        self.by_alipay.insert(Arc::clone(&person.alipay_open_id), Arc::clone(&person));
        person
    }
}

/// A range that no test of ours picks by hand.
const INVENTED_PHONES_FROM: u64 = 19_900_000_000;

fn invented_name(number: u32) -> String {
    const FAMILY: [&str; 16] =
        ["林", "陈", "周", "吴", "沈", "许", "何", "苏", "叶", "江", "顾", "梁", "宋", "唐", "秦", "袁"];
    const GIVEN: [&str; 13] =
        ["晓", "安然", "明", "雨桐", "知夏", "文博", "若溪", "一诺", "静", "子涵", "思远", "乐", "清和"];
    let number = number as usize;
    format!("{}{}", FAMILY[number % FAMILY.len()], GIVEN[number % GIVEN.len()])
}
