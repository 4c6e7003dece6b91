//! A campaign's message as it stands (of a variant, or of a step of the fall-back), sent to a few named members. It passes caps, quiet hours and the hold-out by, but never an
//! opt-out or a lost consent; it spends a consent like any other message.

use entity::states::{Channel, IdentityProvider, MessageClass};
use entity::{campaign, identity};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::find;
use crate::audit::{self, Act};
use crate::consent;
use crate::context::Context;
use crate::delivery::channel::{self, Call};
use crate::delivery::{
    Choice, Decision, MessageDraft, Reason, Recipient, Step, Terms, Variables, Wordings, choose, fallback_of,
    gather, variants_of,
};
use crate::error::{Error, Result};
use crate::ids::{CampaignId, DeliveryId, MemberId};
use crate::member::Phone;
use crate::staff::{Permission, StaffCaller};

const MOST: usize = 10;

#[derive(Debug, Clone)]
pub struct TestResult {
    /// Masked.
    pub phone: String,
    /// The channel of the fall-back order that was open; None where it never came to that.
    pub channel: Option<Channel>,
    /// None when it was sent; else the reason's or the platform's code.
    pub code: Option<String>,
    /// How many parts an SMS was charged as; 0 on other channels.
    pub sms_segments: i64,
    /// What such a message costs, its coupon included. A test issues no coupon and is charged to no budget.
    pub cost_fen: i64,
}

/// To whom, and which of the campaign's messages.
#[derive(Debug, Clone, Default)]
pub struct TestSend {
    pub phones: Vec<String>,
    /// None: the campaign's message, or its first variant's where it has any.
    pub variant: Option<String>,
    /// 0: the campaign's channel alone; n: the n-th of its fall-back alone; None: the first that is open.
    pub step: Option<usize>,
}

/// # Refuses
/// `channel_not_configured`
pub async fn test_send(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    test: TestSend,
) -> Result<Vec<TestResult>> {
    caller.require(Permission::WriteCampaigns)?;
    let phones = &test.phones;
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
    let campaign = narrowed(find(ctx, caller, id).await?, &test)?;
    let wordings = Wordings::of(&campaign)?;
    let mut terms = Terms::of(ctx, ctx.db.read(), &campaign).await?;
    terms.personalised = false;
    let mut results = Vec::new();
    for phone in &phones {
        results.push(send_one(ctx, (&terms, &wordings), phone).await?);
    }
    let txn = ctx.db.begin().await?;
    let detail = serde_json::json!({
        "phones": results.iter().map(|result| &result.phone).collect::<Vec<_>>(),
        "variant": test.variant,
        "step": test.step,
        "sent": results.iter().filter(|result| result.code.is_none()).count(),
    });
    let subject = ("campaign", id.to_string());
    audit::record(ctx, &txn, Act { actor: caller.actor(), action: "campaign.test_send", subject, detail })
        .await?;
    txn.commit().await?;
    Ok(results)
}

/// The campaign as if the named message were its only one; unless a step is named, the fall-back stands behind it.
fn narrowed(mut campaign: campaign::Model, test: &TestSend) -> Result<campaign::Model> {
    let variants = variants_of(&campaign)?;
    if let Some(index) = test.step.and_then(|step| step.checked_sub(1)) {
        if test.variant.is_some() {
            return Err(Error::invalid("variant", "is of step 0; the fall-back has none"));
        }
        let step = fallback_of(&campaign)?.into_iter().nth(index);
        let step = step.ok_or_else(|| Error::invalid("step", "is not a step of this campaign"))?;
        campaign.channel = step.channel;
        campaign.message = serde_json::to_value(step.message).map_err(Error::internal)?;
    } else if let Some(name) = &test.variant {
        let variant = variants.into_iter().find(|variant| variant.name == *name);
        let variant =
            variant.ok_or_else(|| Error::invalid("variant", "is not a variant of this campaign"))?;
        campaign.message = serde_json::to_value(variant.message).map_err(Error::internal)?;
    } else if let Some(first) = variants.into_iter().next() {
        campaign.message = serde_json::to_value(first.message).map_err(Error::internal)?;
    }
    if test.step.is_some() {
        campaign.fallback = serde_json::json!([]);
    }
    Ok(campaign)
}

async fn send_one(
    ctx: &Context,
    (terms, wordings): (&Terms, &Wordings),
    phone: &Phone,
) -> Result<TestResult> {
    let not_sent = |code: &str| TestResult {
        phone: phone.masked(),
        channel: None,
        code: Some(code.to_owned()),
        sms_segments: 0,
        cost_fen: 0,
    };
    let Some(member_id) = member_with(ctx.db.read(), ctx, phone).await? else {
        return Ok(not_sent("not_a_member"));
    };
    let facts = gather(ctx, ctx.db.read(), terms, &[member_id]).await?;
    let Some(recipient) = facts.get(&member_id) else { return Ok(not_sent("not_a_member")) };
    let choice = without_limits(ctx, terms, recipient);
    if let Decision::Suppress(reason) | Decision::Defer { reason, .. } = choice.decision {
        return Ok(not_sent(reason.code()));
    }
    let Some(step) = terms.steps.get(choice.step) else { return Ok(not_sent("no_address")) };
    let message = wordings.of_step(None, i32::try_from(choice.step).unwrap_or_default());
    let code = call_and_keep(ctx, step, message, recipient).await?;
    Ok(TestResult {
        phone: phone.masked(),
        channel: Some(step.channel),
        code,
        sms_segments: terms.prices.segments(step.channel, message, recipient),
        cost_fen: terms.prices.cost_fen(step.channel, message, recipient),
    })
}

/// Sends it and keeps what follows: the consent that it used, the message in the inbox.
async fn call_and_keep(
    ctx: &Context,
    step: &Step,
    message: &MessageDraft,
    recipient: &Recipient,
) -> Result<Option<String>> {
    let member_id = recipient.member_id;
    // A test is no delivery: its link leads nowhere, and its receipt to none.
    let no_delivery: DeliveryId = ctx.new_id();
    let rendered = message.render(&Variables {
        name: recipient.name.as_deref(),
        card_number: &recipient.card_number,
        brand: &ctx.settings.brand_name,
        opt_out: consent::opt_out_link(ctx, step.channel, no_delivery),
    });
    let address = recipient.address(step.channel).unwrap_or_default();
    let call = Call { channel: step.channel, message, rendered: &rendered, address, out_id: no_delivery.0 };
    let asked_at = ctx.now();
    let answer = channel::call(ctx, call).await;
    let txn = ctx.db.begin().await?;
    if step.channel == Channel::WechatSubscribe {
        let template = step.template_id.as_deref().unwrap_or_default();
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
    if step.channel == Channel::Inbox {
        crate::inbox::put(ctx, &txn, member_id, &rendered, message.page.as_deref()).await?;
    }
    txn.commit().await?;
    Ok(answer.err().map(|refused| refused.error.code))
}

/// The gates that even a test does not pass by, which is all but caps and quiet hours.
fn without_limits(ctx: &Context, terms: &Terms, recipient: &Recipient) -> Choice {
    let no_limits = Terms {
        caps: crate::policy::Caps { per_24_hours: 0, per_7_days: 0, per_calendar_day: 0 },
        cap_rules: Vec::new(),
        quiet: None,
        class: MessageClass::Marketing,
        ..terms.clone()
    };
    let asked =
        Recipient { quiet: None, weekly_limit: None, channel_limits: Vec::new(), ..recipient.clone() };
    choose(&no_limits, &asked, 0, ctx.now())
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
