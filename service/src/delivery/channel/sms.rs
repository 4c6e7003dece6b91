//! Text messages: a phone number, and for marketing the member's yes to marketing. Which supplier takes one is decided by
//! [`crate::sms`].

use platform::sms::{ALIYUN, SmsTrouble, TENCENT, is_account, trouble};

use super::{
    Call, CallResult, Module, Needs, NotTaken, Taken, Verdict, common, filled, not_configured, require,
};
use crate::context::Context;
use crate::delivery::message::MessageDraft;
use crate::delivery::reason::Reason;
use crate::error::{FieldError, Result};
use crate::settings::Settings;
use crate::sms::{self, Letter, NO_TEMPLATE};

pub struct Sms;

const SUPPLIERS: [&str; 2] = [TENCENT, ALIYUN];

impl Module for Sms {
    const NEEDS: Needs = Needs { address: true, subscription: false, marketing_consent: true };

    fn check(draft: &MessageDraft, at: &str, wrong: &mut Vec<FieldError>) {
        let named = filled(draft.template_id.as_ref()) || !draft.templates.is_empty();
        require(wrong, named, format!("{at}.template_id"), "is needed, or templates by supplier");
        for (supplier, template) in &draft.templates {
            let field = format!("{at}.templates.{supplier}");
            require(
                wrong,
                SUPPLIERS.contains(&supplier.as_str()),
                field.clone(),
                "is no supplier; use tencent or aliyun",
            );
            require(wrong, filled(Some(template)), field, "needs a template's id");
        }
    }

    fn ready(ctx: &Context) -> Result<()> {
        ctx.platforms.sms().map(|_| ())
    }

    fn per_second(settings: &Settings) -> u32 {
        settings.rates.sms_per_second
    }

    fn verdict(error: &platform::Error) -> Verdict {
        match trouble(error) {
            SmsTrouble::Unheard => Verdict::Unheard,
            SmsTrouble::Template => Verdict::Campaign,
            SmsTrouble::Content => Verdict::Content,
            SmsTrouble::Number => Verdict::Member(Reason::NoAddress),
            SmsTrouble::Refused => Verdict::Member(Reason::OptedOut),
            SmsTrouble::Supplier if is_account(error) => Verdict::Campaign,
            SmsTrouble::Other if error.code == NO_TEMPLATE => Verdict::Campaign,
            SmsTrouble::Supplier | SmsTrouble::Limit | SmsTrouble::Other => common(error),
        }
    }

    async fn call(ctx: &Context, call: &Call<'_>) -> CallResult {
        let templates =
            SUPPLIERS.iter().filter_map(|supplier| Some((*supplier, call.message.template_at(supplier)?)));
        let out_id = call.out_id.to_string();
        let letter = Letter {
            phone: call.address,
            templates: templates.collect(),
            params: call.rendered.parameters.iter().map(|(key, text)| (key.clone(), text.clone())).collect(),
            key: &out_id,
            out_id: Some(out_id.clone()),
        };
        match sms::send(ctx, &letter).await.map_err(|error| not_configured(&error))? {
            Ok(sent) => Ok(Taken { message_id: Some(sent.message_id), supplier: Some(sent.supplier) }),
            Err(failed) => Err(NotTaken { error: failed.error, supplier: failed.supplier }),
        }
    }
}
