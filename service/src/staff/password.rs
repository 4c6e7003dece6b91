//! Passwords: hashed off the async threads, at least ten characters, one-time ones made here.

use std::sync::OnceLock;

use entity::staff;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::StaffCaller;
use super::sign_in::wrong_tries;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::refusal::Refusal;
use crate::session::{self, Subject};

const MIN_CHARACTERS: usize = 10;
/// Long enough for any phrase, short enough that hashing it costs nothing extra.
const MAX_CHARACTERS: usize = 128;

/// Changes one's own password and ends one's other sessions.
///
/// # Refuses
/// `login_wrong`, `password_too_weak`
pub async fn change_password(ctx: &Context, caller: &StaffCaller, current: &str, new: &str) -> Result<()> {
    let staff = staff::Entity::find_by_id(caller.id).one(ctx.db.read()).await?;
    let staff = staff.ok_or(Error::Unauthenticated)?;
    check_strength(new, current, &staff.login)?;
    let tries = wrong_tries(ctx, &staff.login);
    tries.take(ctx).await?;
    if !verify(current, Some(&staff.password_hash)).await? {
        return Err(Refusal::LoginWrong.into());
    }
    tries.give_back(ctx).await?;
    let hash = hash(new).await?;
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
    session::revoke_others(ctx, &txn, Subject::Staff(caller.id), caller.session_id).await?;
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

fn check_strength(new: &str, current: &str, login: &str) -> Result<()> {
    let characters = new.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(Error::invalid("new", format!("is longer than {MAX_CHARACTERS} characters")));
    }
    if characters < MIN_CHARACTERS || new.eq_ignore_ascii_case(login) {
        return Err(Refusal::PasswordTooWeak.into());
    }
    if new == current {
        return Err(Error::invalid("new", "is the current password"));
    }
    Ok(())
}

/// A password to be told once and changed at the first sign-in.
pub(super) fn one_time() -> String {
    crypto::random_token().chars().filter(char::is_ascii_alphanumeric).take(16).collect()
}

pub(super) async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    off_the_async_threads(move || crypto::hash_password(&password)).await?
}

/// Takes as long for a login that does not exist as for one that does.
pub(super) async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let password = password.to_owned();
    let hash = hash.map(str::to_owned);
    off_the_async_threads(move || {
        let nobody = match NOBODY.get() {
            Some(nobody) => nobody,
            None => {
                let made = crypto::hash_password(&crypto::random_token())?;
                NOBODY.get_or_init(|| made)
            }
        };
        let right = crypto::verify_password(&password, hash.as_deref().unwrap_or(nobody));
        Ok(right && hash.is_some())
    })
    .await?
}

async fn off_the_async_threads<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)
}
