//! What members say of themselves, and what they allow.

use chrono::{Datelike, NaiveDate};
use entity::states::{Gender, StoreState};
use entity::{member, member_event, store};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel,
    QueryFilter,
};

use super::lock_present;
use crate::audit::{self, Act, Actor};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, StoreId};
use crate::session::{self, MemberCaller};
use crate::text;

pub(super) const NAME_CHARACTERS: usize = 40;
const FIRST_BIRTH_YEAR: i32 = 1900;

/// None leaves a field as it is; `Some(None)` clears it.
#[derive(Debug, Default)]
pub struct ChangeProfile {
    pub name: Option<Option<String>>,
    pub gender: Option<Option<Gender>>,
    pub birthday: Option<Option<NaiveDate>>,
    pub home_store_id: Option<Option<StoreId>>,
    pub zone: Option<Option<String>>,
    pub occupation: Option<Option<String>>,
    /// A yes to advertising, or its withdrawal.
    pub marketing_consent: Option<bool>,
    /// A yes to keeping what the member does in the mini-program, or its withdrawal, which deletes it.
    pub behaviour_consent: Option<bool>,
}

/// # Refuses
/// `member_disabled`
pub async fn change_profile(
    ctx: &Context,
    caller: &MemberCaller,
    change: ChangeProfile,
) -> Result<member::Model> {
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(lock_present(&txn, caller.member.id).await?)?;
    let id = member.id;
    let before = member.clone();
    let consent = change.marketing_consent.filter(|given| *given != member.marketing_consent);
    let behaviour = change.behaviour_consent.filter(|given| *given != member.behaviour_consent);
    let mut row = member.into_active_model();
    apply(ctx, &txn, &mut row, change).await?;
    if let Some(given) = consent {
        row.marketing_consent = Set(given);
        row.marketing_consent_at = Set(Some(ctx.now()));
        record_consent(ctx, &txn, id, ("member.marketing_consent", given)).await?;
    }
    if let Some(given) = behaviour {
        row.behaviour_consent = Set(given);
        row.behaviour_consent_at = Set(Some(ctx.now()));
        record_consent(ctx, &txn, id, ("member.behaviour_consent", given)).await?;
        if !given {
            let theirs = member_event::Column::MemberId.eq(id);
            member_event::Entity::delete_many().filter(theirs).exec(&txn).await?;
        }
    }
    if !row.is_changed() {
        return Ok(before);
    }
    row.updated_at = Set(ctx.now());
    let member = row.update(&txn).await?;
    txn.commit().await?;
    Ok(member)
}

async fn apply(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    row: &mut member::ActiveModel,
    change: ChangeProfile,
) -> Result<()> {
    if let Some(name) = change.name {
        let name = name.map(|name| text::line("name", &name, NAME_CHARACTERS)).transpose()?;
        if *row.name.as_ref() != name {
            row.name = Set(name);
            row.name_since = Set(Some(ctx.now()));
        }
    }
    if let Some(gender) = change.gender {
        row.gender = Set(gender);
    }
    if let Some(birthday) = change.birthday {
        row.birthday = Set(birthday.map(|date| check_birthday(ctx, date)).transpose()?);
    }
    if let Some(occupation) = change.occupation {
        let checked = occupation.map(|text| text::line("occupation", &text, NAME_CHARACTERS));
        row.occupation = Set(checked.transpose()?);
    }
    if let Some(zone) = change.zone {
        row.zone = Set(zone.map(|zone| text::zone("zone", &zone)).transpose()?);
    }
    if let Some(home_store_id) = change.home_store_id {
        if let Some(id) = home_store_id {
            require_open_store(txn, id).await?;
        }
        row.home_store_id = Set(home_store_id);
    }
    Ok(())
}

fn check_birthday(ctx: &Context, date: NaiveDate) -> Result<NaiveDate> {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    if date > today || date.year() < FIRST_BIRTH_YEAR {
        return Err(Error::invalid("birthday", "is not a date between 1900 and today"));
    }
    Ok(date)
}

async fn require_open_store(txn: &impl ConnectionTrait, id: StoreId) -> Result<()> {
    let store = store::Entity::find_by_id(id).one(txn).await?;
    match store {
        Some(store) if store.state == StoreState::Open => Ok(()),
        _ => Err(Error::invalid("home_store_id", "is not an open store")),
    }
}

/// Evidence of a yes or a withdrawal.
async fn record_consent(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    id: MemberId,
    (action, given): (&str, bool),
) -> Result<()> {
    let act = Act {
        actor: Actor::Member(id),
        action,
        subject: ("member", id.to_string()),
        detail: serde_json::json!({ "given": given }),
    };
    audit::record(ctx, txn, act).await
}
