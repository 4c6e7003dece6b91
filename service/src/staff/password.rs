//! Passwords of staff: changed by their holders, one-time ones made here.

use entity::staff;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::StaffCaller;
use super::sign_in::wrong_tries;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::password;
use crate::refusal::Refusal;
use crate::session::{self, Subject};

/// Changes one's own password and ends one's other sessions.
///
/// # Refuses
/// `login_wrong`, `password_too_weak`
pub async fn change_password(ctx: &Context, caller: &StaffCaller, current: &str, new: &str) -> Result<()> {
    let staff = staff::Entity::find_by_id(caller.id).one(ctx.db.read()).await?;
    let staff = staff.ok_or(Error::Unauthenticated)?;
    password::check_strength(new, &staff.login)?;
    if new == current {
        return Err(Error::invalid("new", "is the current password"));
    }
    let tries = wrong_tries(ctx, &staff.login);
    tries.take(ctx).await?;
    if !password::verify(current, Some(&staff.password_hash)).await? {
        return Err(Refusal::LoginWrong.into());
    }
    tries.give_back(ctx).await?;
    let hash = password::hash(new).await?;
    let txn = ctx.db.begin().await?;
    let changed = staff::Entity::update_many()
        .col_expr(staff::Column::PasswordHash, Expr::value(hash))
        .col_expr(staff::Column::MustChangePassword, Expr::value(false))
        .col_expr(staff::Column::UpdatedAt, Expr::value(ctx.now()))
        .filter(staff::Column::Id.eq(caller.id).and(staff::Column::PasswordHash.eq(staff.password_hash)))
        .exec(&txn)
        .await?;
    if changed.rows_affected == 0 {
        return Err(Refusal::LoginWrong.into());
    }
    let own = (Subject::Staff(caller.id), caller.session_id);
    session::revoke_others(ctx, &txn, own, "password_changed").await?;
    let act = Act {
        actor: caller.actor(),
        action: "staff.change_password",
        subject: ("staff", caller.id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}

/// A password to be told once and changed at the first sign-in.
pub(super) fn one_time() -> String {
    crypto::random_token().chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}
