//! The full number, for somebody who must call the member. Each look leaves a row with its reason.

use super::{Phone, REASON_CHARACTERS, is_present};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::MemberId;
use crate::redirect;
use crate::staff::{Permission, StaffCaller};
use crate::text;

/// None when the member has proven no phone.
pub async fn reveal_phone(
    ctx: &Context,
    caller: &StaffCaller,
    id: MemberId,
    reason: &str,
) -> Result<Option<Phone>> {
    caller.require(Permission::RevealPhones)?;
    let reason = text::line("reason", reason, REASON_CHARACTERS)?;
    let txn = ctx.db.begin().await?;
    let member = redirect::find_current(&txn, id).await?;
    let member = member.filter(is_present).ok_or(Error::NotFound("member"))?;
    let phone = member.phone_cipher.as_deref().map(|sealed| Phone::open(ctx, sealed)).transpose()?;
    let act = Act {
        actor: caller.actor(),
        action: "member.reveal_phone",
        subject: ("member", member.id.to_string()),
        detail: serde_json::json!({ "reason": reason }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(phone)
}
