//! What the messages of a member's history said: the wording of the campaign's version that was sent, filled for the member.
//! The brand is that of today. The name is the one that went out where the member has had it since before, else none, as older names are not
//! kept. All else is as it went out.

use std::collections::{BTreeMap, HashMap};

use entity::states::Channel;
use entity::{campaign_version, delivery, member};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::context::Context;
use crate::delivery::{MessageDraft, Rendered, Wordings, sms_text, worded};
use crate::error::Result;
use crate::ids::{CampaignId, MemberId};

/// What the member read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// Of the inbox, and the name of the template that the member subscribed to in WeChat.
    pub title: Option<String>,
    /// One text, or in WeChat the template's values in their order.
    pub lines: Vec<String>,
}

/// In the order of `rows`; none where the version is not kept.
pub async fn words_of(
    ctx: &Context,
    member_id: MemberId,
    rows: &[delivery::Model],
) -> Result<Vec<Option<Words>>> {
    let member = member::Entity::find_by_id(member_id).one(ctx.db.read()).await?;
    let Some(member) = member else { return Ok(vec![None; rows.len()]) };
    let wordings = wordings_of(ctx, rows).await?;
    let words = |row: &delivery::Model| {
        let message = wordings.get(&(row.campaign_id, row.version))?;
        let message = message.of_step(row.variant.as_deref(), row.step);
        let of_member = (name_then(&member, row), member.card_number.as_str());
        let filled = worded(ctx, (row.channel, row.id), message, of_member);
        Some(as_read(ctx, row.channel, message, filled))
    };
    Ok(rows.iter().map(words).collect())
}

/// Today's, where it was read when the message was made.
fn name_then<'a>(member: &'a member::Model, row: &delivery::Model) -> Option<&'a str> {
    let made = row.claimed_at.or(row.sent_at);
    let had = member.name_since.is_none_or(|since| made.is_some_and(|made| since <= made));
    member.name.as_deref().filter(|_| had)
}

async fn wordings_of(
    ctx: &Context,
    rows: &[delivery::Model],
) -> Result<HashMap<(CampaignId, i32), Wordings>> {
    let sent = campaign_version::Entity::find()
        .filter(campaign_version::Column::CampaignId.is_in(rows.iter().map(|row| row.campaign_id)))
        .filter(campaign_version::Column::Version.is_in(rows.iter().map(|row| row.version)))
        .all(ctx.db.read())
        .await?;
    sent.iter().map(|one| Ok(((one.campaign_id, one.version), Wordings::of_version(one)?))).collect()
}

fn as_read(ctx: &Context, channel: Channel, message: &MessageDraft, filled: Rendered) -> Words {
    match channel {
        Channel::Inbox => Words { title: Some(filled.title), lines: vec![filled.body] },
        Channel::Sms => {
            Words { title: None, lines: vec![sms_text(&ctx.settings.sms.sign_name, message, &filled)] }
        }
        Channel::WechatSubscribe => {
            let mut asked = ctx.settings.wechat.subscriptions.iter();
            let title = asked.find(|one| Some(&one.template_id) == message.template_id.as_ref());
            Words { title: title.map(|one| one.title.clone()), lines: in_order(filled.parameters) }
        }
    }
}

/// By the number at the end of each name: `thing1`, `time2`, `thing3`.
fn in_order(parameters: BTreeMap<String, String>) -> Vec<String> {
    let number = |name: &str| name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().ok();
    let mut parameters: Vec<_> = parameters.into_iter().collect();
    parameters.sort_by_key(|(name, _)| number(name));
    parameters.into_iter().map(|(_, value)| value).collect()
}
