//! A forgotten password: whoever proves the phone sets a new one. All sessions end, and a new one begins.

use super::save;
use crate::allowance::count_attempt;
use crate::audit::{self, Act, Actor};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::identity::SignedIn;
use crate::identity::history::{self, Method};
use crate::identity::resolve::holder_of;
use crate::identity::sms_code;
use crate::member::{self, Phone};
use crate::password;
use crate::session::{self, Client, Subject};

pub struct ResetPassword {
    pub phone: String,
    /// From an SMS, as for signing in.
    pub code: String,
    pub new: String,
    pub client: Client,
}

/// Whose phone is no member's learns so, once the code is right.
///
/// # Refuses
/// `sms_code_wrong`, `sms_code_expired`, `sms_code_tries_exceeded`, `password_too_weak`, `member_disabled`
pub async fn reset_password(ctx: &Context, command: ResetPassword) -> Result<SignedIn> {
    let phone = Phone::parse(&command.phone)?;
    password::check_strength(&command.new, phone.expose())?;
    count_attempt(ctx, &command.client.address).await?;
    sms_code::take(ctx, &phone, command.code.trim()).await?;
    let hash = password::hash(&command.new).await?;
    let txn = ctx.db.begin().await?;
    let holder = holder_of(ctx, &txn, &phone).await?.ok_or(Error::NotFound("member"))?;
    let member = session::require_active_member(member::lock_present(&txn, holder).await?)?;
    save(ctx, &txn, member.id, hash).await?;
    session::revoke_all(ctx, &txn, Subject::Member(member.id), "password_reset").await?;
    let act = Act {
        actor: Actor::Member(member.id),
        action: "member.reset_password",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({}),
    };
    audit::record(ctx, &txn, act).await?;
    let tokens =
        history::open_session(ctx, &txn, (member.id, Method::PasswordReset), &command.client).await?;
    txn.commit().await?;
    Ok(SignedIn { tokens, member, enrolled: false })
}
