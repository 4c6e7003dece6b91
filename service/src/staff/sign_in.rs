//! Login and password for a session. Wrong tries are limited per login, attempts per address.

use entity::staff;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::second_factor;
use crate::allowance::{Allowance, count_attempt};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::password;
use crate::refusal::Refusal;
use crate::session::{self, Client, Subject, Tokens};

const QUARTER_SECONDS: i64 = 15 * 60;

pub struct SignInStaff {
    pub login: String,
    pub password: String,
    /// Of the authenticator app, or a recovery code.
    pub second_factor: Option<String>,
    pub client: Client,
}

pub struct StaffSignedIn {
    pub tokens: Tokens,
    pub staff: staff::Model,
}

/// # Refuses
/// `login_wrong`, `staff_disabled`, `second_factor_required`, `second_factor_wrong`
pub async fn sign_in_staff(ctx: &Context, command: SignInStaff) -> Result<StaffSignedIn> {
    let login = normalise(&command.login);
    count_attempt(ctx, &command.client.address).await?;
    // Counted before the password is checked, so that parallel tries do not slip through; a right one is given back.
    let tries = wrong_tries(ctx, &login);
    tries.take(ctx).await?;
    let known = staff::Entity::find().filter(staff::Column::Login.eq(&login)).one(ctx.db.read()).await?;
    let hash = known.as_ref().map(|staff| staff.password_hash.as_str());
    let right = password::verify(&command.password, hash).await?;
    let known = known.filter(|_| right).ok_or(Refusal::LoginWrong)?;

    let txn = ctx.db.begin().await?;
    let staff = staff::Entity::find_by_id(known.id).lock_exclusive().one(&txn).await?;
    let staff = session::require_active_staff(staff.ok_or(Error::Unauthenticated)?)?;
    if staff.password_hash != known.password_hash {
        return Err(Refusal::LoginWrong.into());
    }
    let code = command.second_factor.as_deref();
    let checked = second_factor::check(ctx, &txn, &staff, code).await;
    if code.is_none() || checked.is_ok() {
        tries.give_back(ctx).await?;
    }
    checked?;
    let tokens = session::open(ctx, &txn, Subject::Staff(staff.id), command.client.device).await?;
    txn.commit().await?;
    Ok(StaffSignedIn { tokens, staff })
}

/// Logins differ neither by case nor by blanks around them.
pub(super) fn normalise(login: &str) -> String {
    login.trim().to_lowercase()
}

pub(super) fn wrong_tries(ctx: &Context, login: &str) -> Allowance {
    let limit = ctx.settings.sign_in.staff_wrong_tries;
    Allowance::per(ctx, &format!("staff-wrong:{login}"), limit, QUARTER_SECONDS)
}
