//! The in-app inbox: no platform, no address, no consent.

use super::{Call, CallResult, Module, Needs, Taken, Verdict, common, filled, require};
use crate::context::Context;
use crate::delivery::message::MessageDraft;
use crate::error::{FieldError, Result};
use crate::settings::Settings;

pub struct Inbox;

impl Module for Inbox {
    const NEEDS: Needs = Needs { address: false, subscription: false, marketing_consent: false };

    fn check(draft: &MessageDraft, at: &str, wrong: &mut Vec<FieldError>) {
        require(wrong, filled(draft.title.as_ref()), format!("{at}.title"), "is needed for the inbox");
        require(wrong, filled(draft.body.as_ref()), format!("{at}.body"), "is needed for the inbox");
    }

    fn ready(_: &Context) -> Result<()> {
        Ok(())
    }

    fn per_second(settings: &Settings) -> u32 {
        settings.rates.inbox_per_second
    }

    fn verdict(error: &platform::Error) -> Verdict {
        common(error)
    }

    async fn call(_: &Context, _: &Call<'_>) -> CallResult {
        Ok(Taken::default())
    }
}
