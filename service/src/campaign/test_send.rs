//! A campaign's message as it stands, sent to a few named members. It passes caps, quiet hours and the hold-out by, but never an
//! opt-out or a lost consent; it spends a consent like any other message.

use entity::identity;
use entity::states::{Channel, IdentityProvider, MessageClass};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::find;
use crate::audit::{self, Act};
use crate::consent;
use crate::context::Context;
use crate::delivery::channel::{self, Call};
use crate::delivery::{Decision, MessageDraft, Reason, Recipient, Terms, Variables, decide, gather};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, DeliveryId, MemberId};
use crate::member::Phone;
use crate::staff::{Permission, StaffCaller};

const MOST: usize = 10;

#[derive(Debug, Clone)]
pub struct TestResult {
    /// Masked.
    pub phone: String,
    /// None when it was sent; else the reason's or the platform's code.
    pub code: Option<String>,
}

/// # Refuses
/// `channel_not_configured`
pub async fn test_send(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    phones: &[String],
) -> Result<Vec<TestResult>> {
    caller.require(Permission::WriteCampaigns)?;
    if phones.is_empty() || phones.len() > MOST {
        return Err(Error::invalid("phones", "are 1 to 10"));
    }
    let phones = phones
        .iter()
        .enumerate()
        .map(|(index, text)| {
            Phone::parse(text)
                .map_err(|_| Error::invalid(format!("phones[{index}]"), "is not a mobile number"))
        })
        .collect::<Result<Vec<_>>>()?;
    let campaign = find(ctx, caller, id).await?;
    let message: MessageDraft = serde_json::from_value(campaign.message.clone()).map_err(Error::internal)?;
    let mut terms = Terms::of(ctx, ctx.db.read(), &campaign).await?;
    terms.personalised = false;
    let mut results = Vec::new();
    for phone in &phones {
        let code = send_one(ctx, &terms, &message, phone).await?;
        results.push(TestResult { phone: phone.masked(), code });
    }
    let txn = ctx.db.begin().await?;
    let detail = serde_json::json!({
        "phones": results.iter().map(|result| &result.phone).collect::<Vec<_>>(),
        "sent": results.iter().filter(|result| result.code.is_none()).count(),
    });
    let subject = ("campaign", id.to_string());
    audit::record(ctx, &txn, Act { actor: caller.actor(), action: "campaign.test_send", subject, detail })
        .await?;
    txn.commit().await?;
    Ok(results)
}

async fn send_one(
    ctx: &Context,
    terms: &Terms,
    message: &MessageDraft,
    phone: &Phone,
) -> Result<Option<String>> {
    let Some(member_id) = member_with(ctx.db.read(), ctx, phone).await? else {
        return Ok(Some("not_a_member".to_owned()));
    };
    let facts = gather(ctx, ctx.db.read(), terms, &[member_id]).await?;
    let Some(recipient) = facts.get(&member_id) else { return Ok(Some("not_a_member".to_owned())) };
    if let Some(code) = refused(ctx, terms, recipient) {
        return Ok(Some(code));
    }
    let rendered = message.render(&Variables {
        name: recipient.name.as_deref(),
        card_number: &recipient.card_number,
        brand: &ctx.settings.brand_name,
        // A test is no delivery, so its link leads nowhere.
        opt_out: consent::opt_out_link(ctx, terms.channel, ctx.new_id::<DeliveryId>()),
    });
    let address = recipient.address.as_deref().unwrap_or_default();
    let out_id = format!("test-{member_id}");
    let call = Call { channel: terms.channel, message, rendered: &rendered, address, out_id };
    let asked_at = ctx.now();
    let answer = channel::call(ctx, call).await;
    let txn = ctx.db.begin().await?;
    if terms.channel == Channel::WechatSubscribe {
        let template = terms.template_id.as_deref().unwrap_or_default();
        match &answer {
            // A message whose answer was never heard may have arrived.
            Ok(_) | Err(channel::Refused { verdict: channel::Verdict::Unheard, .. }) => {
                consent::reserve(ctx, &txn, template, &[member_id]).await?;
                consent::spend(ctx, &txn, template, &[member_id]).await?;
            }
            Err(refused) if refused.verdict == channel::Verdict::Member(Reason::NoConsent) => {
                let key = format!("test|{}|exhausted", ctx.new_id::<DeliveryId>());
                let emptied = consent::Emptied { member_id, key, asked_at };
                consent::exhaust(ctx, &txn, template, &[emptied]).await?
            }
            Err(_) => {}
        }
    }
    if terms.channel == Channel::Inbox {
        crate::inbox::put(ctx, &txn, member_id, &rendered, message.page.as_deref()).await?;
    }
    txn.commit().await?;
    Ok(answer.err().map(|refused| refused.error.code))
}

/// The gates that even a test does not pass by, which is all but caps and quiet hours.
fn refused(ctx: &Context, terms: &Terms, recipient: &Recipient) -> Option<String> {
    let no_limits = Terms {
        caps: crate::policy::Caps { per_24_hours: 0, per_7_days: 0, per_calendar_day: 0 },
        quiet: None,
        class: MessageClass::Marketing,
        ..terms.clone()
    };
    let asked = Recipient { quiet: None, weekly_limit: None, ..recipient.clone() };
    match decide(&no_limits, &asked, ctx.now()) {
        Decision::Send => None,
        Decision::Suppress(reason) | Decision::Defer { reason, .. } => Some(reason.code().to_owned()),
    }
}

async fn member_with(
    connection: &impl ConnectionTrait,
    ctx: &Context,
    phone: &Phone,
) -> Result<Option<MemberId>> {
    let row = identity::Entity::find()
        .filter(identity::Column::Provider.eq(IdentityProvider::Phone))
        .filter(identity::Column::Subject.eq(phone.index(ctx)))
        .one(connection)
        .await?;
    Ok(row.map(|row| row.member_id))
}
