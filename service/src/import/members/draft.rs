//! A member's record while a chunk is worked out: what is known, and what rows of the file add.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::member;
use entity::states::{Gender, IdentityProvider, MemberState};
use sea_orm::ActiveValue::Set;
use sea_orm::Value;

use super::Identity;
use super::row::Row;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, StoreId};
use crate::member::{NewMember, Phone, new_row};

#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub id: MemberId,
    pub fresh: bool,
    pub changed: bool,
    pub state: MemberState,
    name: Option<String>,
    gender: Option<Gender>,
    birthday: Option<NaiveDate>,
    home_store_id: Option<StoreId>,
    /// A phone number that the file brings.
    phone: Option<Phone>,
    consent: bool,
    /// An import made this member and nobody has asked them since.
    consent_open: bool,
    created_at: Option<DateTime<Utc>>,
    subjects: HashMap<IdentityProvider, String>,
}

/// What a row did to a draft.
#[derive(Default)]
pub(super) struct Filled {
    pub identities: Vec<Identity>,
    pub any: bool,
    pub kept: u64,
}

impl Draft {
    pub fn fresh(id: MemberId) -> Self {
        Self {
            id,
            fresh: true,
            changed: false,
            state: MemberState::Active,
            name: None,
            gender: None,
            birthday: None,
            home_store_id: None,
            phone: None,
            consent: false,
            consent_open: true,
            created_at: None,
            subjects: HashMap::new(),
        }
    }

    pub fn known(row: member::Model, subjects: HashMap<IdentityProvider, String>) -> Self {
        Self {
            fresh: false,
            state: row.state,
            name: row.name,
            gender: row.gender,
            birthday: row.birthday,
            home_store_id: row.home_store_id,
            consent: row.marketing_consent,
            consent_open: row.source == "import" && row.marketing_consent_at.is_none(),
            created_at: Some(row.created_at),
            subjects,
            ..Self::fresh(row.id)
        }
    }

    pub fn fill(&mut self, row: &Row, home_store_id: Option<StoreId>) -> Filled {
        let mut filled = Filled::default();
        fill_blank(&mut self.name, row.name.as_ref(), &mut filled);
        fill_blank(&mut self.gender, row.gender.as_ref(), &mut filled);
        fill_blank(&mut self.birthday, row.birthday.as_ref(), &mut filled);
        fill_blank(&mut self.home_store_id, home_store_id.as_ref(), &mut filled);
        for (provider, subject) in &row.identities {
            self.add_identity(*provider, subject, &mut filled);
        }
        if filled.identities.iter().any(|(provider, _)| *provider == IdentityProvider::Phone) {
            self.phone = row.phone.clone();
        }
        if row.consent && !self.consent && self.consent_open {
            self.consent = true;
            filled.any = true;
        }
        self.created_at = self.created_at.or(row.created_at);
        self.changed |= filled.any;
        filled
    }

    fn add_identity(&mut self, provider: IdentityProvider, subject: &str, filled: &mut Filled) {
        match self.subjects.get(&provider) {
            None => {
                self.subjects.insert(provider, subject.to_owned());
                filled.identities.push((provider, subject.to_owned()));
                filled.any = true;
            }
            Some(own) => filled.kept += u64::from(own != subject),
        }
    }

    /// The row of a member who is new.
    pub fn insert_row(&self, ctx: &Context) -> Result<member::ActiveModel> {
        let new = NewMember {
            name: self.name.clone(),
            gender: self.gender,
            birthday: self.birthday,
            phone: self.phone.clone(),
            home_store_id: self.home_store_id,
            marketing_consent: self.consent,
            source: "import".to_owned(),
        };
        let row = new_row(ctx, new)?;
        let created_at = self.created_at.map_or(row.created_at.clone(), Set);
        Ok(member::ActiveModel { id: Set(self.id), created_at, ..row })
    }

    /// The values that [`super::settle`] fills blanks from: id, name, gender, birthday, home store, phone, consent.
    pub fn update_values(&self, ctx: &Context) -> Result<[Value; 7]> {
        let phone = self.phone.as_ref().map(|phone| phone.seal(ctx)).transpose()?;
        Ok([
            self.id.0.into(),
            self.name.clone().into(),
            self.gender.map(|gender| gender.as_str().to_owned()).into(),
            self.birthday.into(),
            self.home_store_id.map(|id| id.0).into(),
            phone.into(),
            (self.consent && self.consent_open).into(),
        ])
    }
}

fn fill_blank<T: Clone + PartialEq>(own: &mut Option<T>, theirs: Option<&T>, filled: &mut Filled) {
    match (own.as_ref(), theirs) {
        (None, Some(value)) => {
            *own = Some(value.clone());
            filled.any = true;
        }
        (Some(own), Some(value)) => filled.kept += u64::from(own != value),
        (_, None) => {}
    }
}
