//! WeChat subscribe messages: an openid, and a subscription of the template that a send uses up.

use platform::wechat::SubscribeMessage;

use super::{
    Call, CallResult, Module, Needs, NotTaken, Taken, Verdict, common, filled, not_configured, require,
};
use crate::context::Context;
use crate::delivery::message::MessageDraft;
use crate::delivery::reason::Reason;
use crate::error::{FieldError, Result};
use crate::settings::Settings;

pub struct Wechat;

impl Module for Wechat {
    const NEEDS: Needs = Needs { address: true, subscription: true, marketing_consent: false };

    fn check(draft: &MessageDraft, at: &str, wrong: &mut Vec<FieldError>) {
        require(wrong, filled(draft.template_id.as_ref()), format!("{at}.template_id"), "is needed");
        require(wrong, !draft.parameters.is_empty(), format!("{at}.parameters"), "are needed");
        require(wrong, draft.templates.is_empty(), format!("{at}.templates"), "are for SMS alone");
        // Texts without variables can be held against the template's rules before anything is sent.
        let fixed = draft.parameters.iter().filter(|(_, text)| !text.contains("{{"));
        wrong.extend(fixed.filter_map(|(key, text)| {
            let message = platform::wechat::template::parameter_error(key, text)?;
            Some(FieldError { field: format!("{at}.parameters.{key}"), message })
        }));
    }

    fn ready(ctx: &Context) -> Result<()> {
        ctx.platforms.wechat().map(|_| ())
    }

    fn per_second(settings: &Settings) -> u32 {
        settings.rates.wechat_per_second
    }

    fn verdict(error: &platform::Error) -> Verdict {
        match error.code.as_str() {
            "43101" => Verdict::Member(Reason::NoConsent),
            "40003" | "43104" => Verdict::Member(Reason::NoAddress),
            "47003" | "45168" => Verdict::Content,
            "40037" | "41030" | "43107" | "48001" | "48004" => Verdict::Campaign,
            _ => common(error),
        }
    }

    async fn call(ctx: &Context, call: &Call<'_>) -> CallResult {
        let wechat = ctx.platforms.wechat().map_err(|error| not_configured(&error))?;
        let message = SubscribeMessage {
            touser: call.address,
            template_id: call.message.template_id.as_deref().unwrap_or_default(),
            page: call.message.page.as_deref(),
            data: &call.rendered.parameters,
        };
        match wechat.send_subscribe(message).await {
            Ok(sent) => Ok(Taken { message_id: sent.msgid, supplier: None }),
            Err(error) => Err(NotTaken { error, supplier: None }),
        }
    }
}
