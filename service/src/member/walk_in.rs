//! Staff enrol who stands at the till, by the phone number that the person tells. It becomes theirs when they sign in with it; until then
//! nothing but the card and what is bought hangs on it.

use entity::member;
use entity::states::{IdentityProvider, MemberState};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryIntoModel};

use super::profile::NAME_CHARACTERS;
use super::{NewMember, Phone, identity_row, new_row};
use crate::allowance::Allowance;
use crate::audit::{self, Act};
use crate::card::till;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::StoreId;
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;
use crate::text;

#[derive(Debug, Clone)]
pub struct EnrolWalkIn {
    pub store_id: StoreId,
    pub phone: String,
    pub name: Option<String>,
    /// The person was shown the privacy notice and agreed.
    pub agreed: bool,
    /// The person asked for advertising.
    pub marketing_consent: bool,
}

#[derive(Debug, Clone)]
pub struct WalkIn {
    pub member: member::Model,
    /// False for a phone that was a member's already, who stays as they were.
    pub enrolled: bool,
}

/// The same phone again, also at the same moment, is the same member.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`, `member_disabled`
pub async fn enrol_walk_in(ctx: &Context, staff: &StaffCaller, command: EnrolWalkIn) -> Result<WalkIn> {
    till::require_open(ctx, staff, command.store_id).await?;
    let phone = Phone::parse(&command.phone)?;
    let name = command.name.as_deref().map(|name| text::line("name", name, NAME_CHARACTERS)).transpose()?;
    if !command.agreed {
        return Err(Error::invalid(
            "agreed",
            "must be true: the person has to agree to the privacy notice first",
        ));
    }
    let limit = ctx.settings.till.enrolments_per_hour;
    Allowance::per(ctx, &format!("enrol:{}", staff.id), limit, 3600).take(ctx).await?;
    if let Some(member) = holder_of(ctx, &phone).await? {
        return known(member);
    }
    let row = new_row(
        ctx,
        NewMember {
            name,
            phone: Some(phone.clone()),
            home_store_id: Some(command.store_id),
            marketing_consent: command.marketing_consent,
            source: "staff".to_owned(),
            ..NewMember::default()
        },
    )?;
    let member: member::Model = row.clone().try_into_model()?;
    let txn = ctx.db.begin().await?;
    member::Entity::insert(row).exec_without_returning(&txn).await?;
    if !bind(ctx, &txn, &member, &phone).await? {
        txn.rollback().await?;
        let winner = holder_of(ctx, &phone).await?;
        return known(winner.ok_or(Error::NotFound("member"))?);
    }
    let act = Act {
        actor: staff.actor(),
        action: "member.enrol",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({
            "store_id": command.store_id, "marketing_consent": command.marketing_consent,
        }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(WalkIn { member, enrolled: true })
}

/// False when somebody has taken the phone in this moment.
async fn bind(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member: &member::Model,
    phone: &Phone,
) -> Result<bool> {
    let row = identity_row(ctx, member.id, IdentityProvider::Phone, phone.index(ctx));
    let bound = entity::identity::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    Ok(bound == 1)
}

async fn holder_of(ctx: &Context, phone: &Phone) -> Result<Option<member::Model>> {
    use entity::identity::{Column, Entity};
    let identity = Entity::find()
        .filter(Column::Provider.eq(IdentityProvider::Phone))
        .filter(Column::Subject.eq(phone.index(ctx)))
        .one(ctx.db.read())
        .await?;
    match identity {
        Some(identity) => redirect::find_current(ctx.db.read(), identity.member_id).await,
        None => Ok(None),
    }
}

/// # Refuses
/// `member_disabled`
fn known(member: member::Model) -> Result<WalkIn> {
    match member.state {
        MemberState::Active => Ok(WalkIn { member, enrolled: false }),
        MemberState::Disabled => Err(Refusal::MemberDisabled.into()),
        MemberState::Deleted | MemberState::Merged => Err(Error::NotFound("member")),
    }
}
