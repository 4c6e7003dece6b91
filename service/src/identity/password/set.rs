//! A signed-in member sets or changes the password. Other sessions end, as they may be somebody else's.

use super::{Tries, hash_of, save};
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::password;
use crate::refusal::Refusal;
use crate::session::{self, Client, MemberCaller, Subject};

pub struct ChangePassword {
    /// The one that stands; none for the first.
    pub current: Option<String>,
    pub new: String,
    pub client: Client,
}

/// # Refuses
/// `phone_required`, `login_wrong`, `password_too_weak`, `member_disabled`
pub async fn change_password(ctx: &Context, caller: &MemberCaller, command: ChangePassword) -> Result<()> {
    let sealed = caller.member.phone_cipher.as_deref().ok_or(Refusal::PhoneRequired)?;
    let phone = Phone::open(ctx, sealed)?;
    password::check_strength(&command.new, phone.expose())?;
    let before = hash_of(ctx.db.read(), caller.member.id).await?;
    if let Some(before) = &before {
        let current = command.current.as_deref().unwrap_or_default();
        let tries = Tries::take(ctx, &phone, &command.client).await?;
        if !password::verify(current, Some(before)).await? {
            return Err(Refusal::LoginWrong.into());
        }
        tries.give_back(ctx).await?;
        if current == command.new {
            return Err(Error::invalid("new", "is the current password"));
        }
    }
    let hash = password::hash(&command.new).await?;
    let txn = ctx.db.begin().await?;
    let member = session::require_active_member(crate::member::lock_present(&txn, caller.member.id).await?)?;
    if hash_of(&txn, member.id).await? != before {
        return Err(Refusal::LoginWrong.into());
    }
    save(ctx, &txn, member.id, hash).await?;
    let own = (Subject::Member(member.id), caller.session_id);
    session::revoke_others(ctx, &txn, own, "password_changed").await?;
    let act = Act {
        actor: Actor::Member(member.id),
        action: "member.change_password",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(())
}
