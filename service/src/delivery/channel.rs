//! The channels: how one message is handed to its platform.

use entity::states::Channel;
use platform::Class;
use platform::sms::SmsMessage;
use platform::wechat::SubscribeMessage;

use super::message::{MessageDraft, Rendered};
use crate::context::Context;
use crate::error::Error;

pub struct Call<'a> {
    pub channel: Channel,
    pub message: &'a MessageDraft,
    pub rendered: &'a Rendered,
    pub address: &'a str,
    /// What the platform gives back with its receipt, where it can.
    pub out_id: String,
}

/// Answers the platform's id of the message. The inbox has no platform: its message is written when the batch is settled.
pub async fn call(ctx: &Context, call: Call<'_>) -> platform::Result<Option<String>> {
    match call.channel {
        Channel::Inbox => Ok(None),
        Channel::WechatSubscribe => call_wechat(ctx, call).await,
        Channel::Sms => call_sms(ctx, call).await,
    }
}

async fn call_wechat(ctx: &Context, call: Call<'_>) -> platform::Result<Option<String>> {
    let wechat = ctx.platforms.wechat().map_err(not_configured)?;
    let message = SubscribeMessage {
        touser: call.address.to_owned(),
        template_id: call.message.template_id.clone().unwrap_or_default(),
        page: call.message.page.clone(),
        data: call.rendered.parameters.clone(),
    };
    Ok(wechat.send_subscribe(&message).await?.msgid)
}

async fn call_sms(ctx: &Context, call: Call<'_>) -> platform::Result<Option<String>> {
    let sms = ctx.platforms.sms().map_err(not_configured)?;
    let message = SmsMessage {
        phone: call.address.to_owned(),
        template: call.message.template_id.clone().unwrap_or_default(),
        sign_name: None,
        params: call.rendered.parameters.clone().into_iter().collect(),
        out_id: Some(call.out_id),
    };
    Ok(Some(sms.send(&message).await?.message_id))
}

/// A channel that vanished from the settings: nothing was called, so it may be tried when it is back.
fn not_configured(error: Error) -> platform::Error {
    platform::Error::new(Class::Busy, "channel_not_configured", error.to_string())
}
