//! WeChat's pushes: subscription answers, cancellations, receipts, withdrawn authorisations.

use platform::wechat::callback::{CallbackError, CallbackQuery};
use platform::wechat::{Event, SubscriptionItem};

use super::apply::{self, StoredEvent};
use crate::context::Context;
use crate::delivery::Receipt;
use crate::error::{Error, Result};
use crate::refusal::Refusal;

/// The `echostr` to answer when the URL is being configured.
///
/// # Refuses
/// `channel_not_configured`, `callback_signature_invalid`
pub fn verify_wechat_url(ctx: &Context, query: &CallbackQuery) -> Result<String> {
    ctx.platforms.wechat_callback()?.verify_url(query).ok_or_else(|| Refusal::CallbackSignatureInvalid.into())
}

/// Returns once everything the push tells is committed; only then may it be answered.
///
/// # Refuses
/// `channel_not_configured`, `callback_signature_invalid`
pub async fn receive_wechat(ctx: &Context, query: &CallbackQuery, body: &[u8]) -> Result<()> {
    let events = ctx.platforms.wechat_callback()?.open(query, body).map_err(|error| match error {
        CallbackError::BadSignature => Error::from(Refusal::CallbackSignatureInvalid),
        CallbackError::BadBody => Error::invalid("body", "is not a push that can be read"),
        CallbackError::WrongAppid => Error::invalid("body", "is for another appid"),
    })?;
    for event in events {
        let name = event.name().to_owned();
        let stored = stored_events(event);
        if stored.is_empty() {
            tracing::info!(event = name, "a push without a use here");
        }
        apply::store_and_apply(ctx, "wechat", stored).await?;
    }
    Ok(())
}

fn stored_events(event: Event) -> Vec<StoredEvent> {
    match event {
        Event::SubscribePopup { openid, created_at, items } => {
            items.into_iter().map(|item| answered(&openid, created_at, item)).collect()
        }
        Event::SubscribeChange { openid, created_at, items } => items
            .into_iter()
            .filter(|item| !item.accepted)
            .map(|item| StoredEvent::SubscriptionCancelled {
                openid: openid.clone(),
                template_id: item.template_id,
                created_at,
            })
            .collect(),
        Event::SubscribeSent { openid, items, .. } => items
            .into_iter()
            .map(|item| {
                StoredEvent::Receipt(Receipt {
                    message_id: item.msgid,
                    delivered: item.error_code == "0",
                    code: item.error_code,
                    out_id: None,
                    openid: Some(openid.clone()),
                    member_id: None,
                    template_id: Some(item.template_id),
                })
            })
            .collect(),
        Event::AuthorizationRevoked { openid, revoke_info, created_at } => {
            vec![StoredEvent::AuthorizationRevoked { openid, revoke_info, created_at }]
        }
        Event::AuthorizationCancelled { openid, created_at, .. } => {
            vec![StoredEvent::AccountClosed { openid, created_at }]
        }
        Event::Punished(punishment) => {
            tracing::error!(
                kind = punishment.kind,
                rule = punishment.rule,
                "the platform punished the mini-program"
            );
            Vec::new()
        }
        Event::UserInfoModified { .. } | Event::Other { .. } => Vec::new(),
    }
}

fn answered(openid: &str, created_at: i64, item: SubscriptionItem) -> StoredEvent {
    StoredEvent::SubscriptionAnswered {
        openid: openid.to_owned(),
        template_id: item.template_id,
        accepted: item.accepted,
        scene: item.scene,
        created_at,
    }
}
