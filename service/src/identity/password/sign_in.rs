//! A phone and its member's password.

use super::{Tries, hash_of};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::error::Result;
use crate::identity::SignedIn;
use crate::identity::history::{self, Method};
use crate::identity::resolve::holder_of;
use crate::member::{self, Phone};
use crate::password;
use crate::refusal::Refusal;
use crate::session::{self, Client};

pub struct SignInByPassword {
    pub phone: String,
    pub password: String,
    pub client: Client,
}

/// # Refuses
/// `login_wrong`, `member_disabled`
pub async fn sign_in_by_password(ctx: &Context, command: SignInByPassword) -> Result<SignedIn> {
    let phone = Phone::parse(&command.phone)?;
    count_attempt(ctx, &command.client.address).await?;
    let tries = Tries::take(ctx, &phone, &command.client).await?;
    let holder = holder_of(ctx, ctx.db.read(), &phone).await?;
    let hash = match holder {
        Some(id) => hash_of(ctx.db.read(), id).await?,
        None => None,
    };
    let right = password::verify(&command.password, hash.as_deref()).await?;
    let Some(id) = holder.filter(|_| right) else {
        history::note_refused(ctx, holder, (Method::Password, Refusal::LoginWrong), &command.client).await?;
        return Err(Refusal::LoginWrong.into());
    };
    tries.give_back(ctx).await?;
    let txn = ctx.db.begin().await?;
    let row = member::lock_present(&txn, id).await?;
    let row = match session::require_active_member(row) {
        Ok(row) => row,
        Err(error) => {
            txn.rollback().await?;
            return Err(history::refused(ctx, Some(id), (Method::Password, error), &command.client).await?);
        }
    };
    // It may have been changed since it was looked at.
    if hash_of(&txn, row.id).await? != hash {
        return Err(Refusal::LoginWrong.into());
    }
    let tokens = history::open_session(ctx, &txn, (row.id, Method::Password), &command.client).await?;
    txn.commit().await?;
    Ok(SignedIn { tokens, member: row, enrolled: false })
}
