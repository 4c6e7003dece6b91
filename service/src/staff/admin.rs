//! What an owner does to accounts besides changing them: make one, and give a new one-time password.

use entity::states::{StaffRole, StaffState};
use entity::{staff, staff_store, store};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryIntoModel};

use super::list::StaffRecord;
use super::{Permission, StaffCaller, password, sign_in};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{StaffId, StoreId};
use crate::refusal::Refusal;
use crate::session::{self, Subject};
use crate::text;

const LOGIN_CHARACTERS: usize = 64;
const NAME_CHARACTERS: usize = 64;

pub struct CreateStaff {
    pub login: String,
    pub name: String,
    pub role: StaffRole,
    /// None of them means all stores.
    pub store_ids: Vec<StoreId>,
}

/// `password` is shown this once.
pub struct Created {
    pub record: StaffRecord,
    pub password: String,
}

/// # Refuses
/// `login_taken`
pub async fn create_staff(ctx: &Context, caller: &StaffCaller, command: CreateStaff) -> Result<Created> {
    caller.require(Permission::WriteStaff)?;
    let login = sign_in::normalise(&text::code("login", &command.login, LOGIN_CHARACTERS)?);
    let name = name(&command.name)?;
    check_stores(ctx.db.read(), command.role, &command.store_ids).await?;
    let password = password::one_time();
    let now = ctx.now();
    let row = staff::ActiveModel {
        id: Set(ctx.new_id()),
        login: Set(login),
        name: Set(name),
        password_hash: Set(crate::password::hash(&password).await?),
        role: Set(command.role),
        state: Set(StaffState::Active),
        must_change_password: Set(true),
        created_at: Set(now),
        updated_at: Set(now),
        second_factor_at: Set(None),
    };
    let staff: staff::Model = row.clone().try_into_model()?;
    let txn = ctx.db.begin().await?;
    let first_wins = OnConflict::column(staff::Column::Login).do_nothing().to_owned();
    if staff::Entity::insert(row).on_conflict(first_wins).exec_without_returning(&txn).await? == 0 {
        return Err(Refusal::LoginTaken.into());
    }
    set_stores(&txn, staff.id, &command.store_ids).await?;
    let detail = serde_json::json!({
        "login": staff.login, "role": staff.role.as_str(), "store_ids": command.store_ids,
    });
    record(ctx, &txn, caller, ("staff.create", staff.id, detail)).await?;
    txn.commit().await?;
    Ok(Created { record: StaffRecord { staff, store_ids: command.store_ids }, password })
}

/// A new one-time password for somebody who lost theirs; their sessions end.
pub async fn reset_password(ctx: &Context, caller: &StaffCaller, id: StaffId) -> Result<String> {
    caller.require(Permission::WriteStaff)?;
    let password = password::one_time();
    let hash = crate::password::hash(&password).await?;
    let txn = ctx.db.begin().await?;
    let reset = staff::Entity::update_many()
        .col_expr(staff::Column::PasswordHash, Expr::value(hash))
        .col_expr(staff::Column::MustChangePassword, Expr::value(true))
        .col_expr(staff::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(staff::Column::Id.eq(id))
        .exec(&txn)
        .await?;
    if reset.rows_affected == 0 {
        return Err(Error::NotFound("staff"));
    }
    session::revoke_all(ctx, &txn, Subject::Staff(id), "password_reset").await?;
    record(ctx, &txn, caller, ("staff.reset_password", id, serde_json::json!({}))).await?;
    txn.commit().await?;
    Ok(password)
}

pub(super) fn name(name: &str) -> Result<String> {
    text::line("name", name, NAME_CHARACTERS)
}

/// An owner has all stores; every store named must exist.
pub(super) async fn check_stores(
    connection: &impl ConnectionTrait,
    role: StaffRole,
    ids: &[StoreId],
) -> Result<()> {
    if role == StaffRole::Owner && !ids.is_empty() {
        return Err(Error::invalid("store_ids", "an owner is not limited to stores"));
    }
    for (index, id) in ids.iter().enumerate() {
        let exists = store::Entity::find_by_id(*id).one(connection).await?.is_some();
        if !exists || ids[..index].contains(id) {
            return Err(Error::invalid(format!("store_ids[{index}]"), "is not a store, or named twice"));
        }
    }
    Ok(())
}

pub(super) async fn set_stores(txn: &impl ConnectionTrait, id: StaffId, stores: &[StoreId]) -> Result<()> {
    staff_store::Entity::delete_many().filter(staff_store::Column::StaffId.eq(id)).exec(txn).await?;
    for store_id in stores {
        let row = staff_store::ActiveModel { staff_id: Set(id), store_id: Set(*store_id) };
        let once = OnConflict::columns([staff_store::Column::StaffId, staff_store::Column::StoreId])
            .do_nothing()
            .to_owned();
        staff_store::Entity::insert(row).on_conflict(once).exec_without_returning(txn).await?;
    }
    Ok(())
}

pub(super) async fn record(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    caller: &StaffCaller,
    (action, id, detail): (&str, StaffId, serde_json::Value),
) -> Result<()> {
    let act = Act { actor: caller.actor(), action, subject: ("staff", id.to_string()), detail };
    audit::record(ctx, txn, act).await
}
