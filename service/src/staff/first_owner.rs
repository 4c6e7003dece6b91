//! The first owner, made when there is no staff yet. Of two processes that start at once, one makes it.

use entity::staff;
use entity::states::{StaffRole, StaffState};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait};

use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::Result;
use crate::ids::StaffId;

const LOGIN: &str = "owner";

/// To be shown once: the password is kept only as a hash.
pub struct FirstOwner {
    pub login: String,
    pub password: String,
}

/// None when there is staff already.
pub async fn ensure_first_owner(ctx: &Context) -> Result<Option<FirstOwner>> {
    if staff::Entity::find().count(ctx.db.read()).await? > 0 {
        return Ok(None);
    }
    let password = super::password::one_time();
    let password_hash = crate::password::hash(&password).await?;
    let id: StaffId = ctx.new_id();
    let txn = ctx.db.begin().await?;
    let row = staff::ActiveModel {
        id: Set(id),
        login: Set(LOGIN.to_owned()),
        name: Set(LOGIN.to_owned()),
        password_hash: Set(password_hash),
        role: Set(StaffRole::Owner),
        state: Set(StaffState::Active),
        must_change_password: Set(true),
        created_at: Set(ctx.now()),
        updated_at: Set(ctx.now()),
        second_factor_at: Set(None),
    };
    let first_wins = OnConflict::column(staff::Column::Login).do_nothing().to_owned();
    let made = staff::Entity::insert(row).on_conflict(first_wins).exec_without_returning(&txn).await?;
    if made == 0 {
        return Ok(None);
    }
    let act = Act {
        actor: Actor::System,
        action: "staff.create",
        subject: ("staff", id.to_string()),
        detail: serde_json::json!({ "login": LOGIN, "role": StaffRole::Owner.as_str() }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(Some(FirstOwner { login: LOGIN.to_owned(), password }))
}
