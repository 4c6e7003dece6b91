//! A phone number proven by a code that was sent to it.

use std::time::Duration;

use entity::states::Channel;

use super::history::{self, Method};
use super::resolve::{Proof, SignedIn, holder_of, sign_in};
use super::sms_code::{self, SendPermit};
use crate::allowance::count_attempt;
use crate::context::Context;
use crate::delivery::permits::{Route, take_urgent};
use crate::error::{Error, Result};
use crate::member::Phone;
use crate::platforms;
use crate::session::Client;
use crate::sms::{self, Letter};

/// How long a code waits for the supplier's rate, of which what is urgent has its share.
const PATIENCE: Duration = Duration::from_secs(1);

pub struct SignInBySms {
    pub phone: String,
    pub code: String,
    pub marketing_consent: bool,
    pub client: Client,
}

/// Sends a code. The answer is the same whether or not the phone is a member's.
///
/// # Refuses
/// `channel_not_configured`
pub async fn send_sms_code(ctx: &Context, phone: &str, client: &Client) -> Result<()> {
    let phone = Phone::parse(phone)?;
    ctx.platforms.sms()?;
    count_attempt(ctx, &client.address).await?;
    let permit = SendPermit::take(ctx, &phone, client).await?;
    // Called here and not by a worker: who asked learns at once whether it was sent, and the code stands in no row.
    let template = Some(ctx.settings.sign_in.sms_template.as_str());
    let route = Route { channel: Channel::Sms, template_id: template };
    if !take_urgent(ctx, route, PATIENCE).await {
        permit.give_back(ctx).await?;
        return Err(Error::RateLimited { retry_after: PATIENCE });
    }
    let code = sms_code::make(ctx, &phone).await?;
    // Another request is another message, and may ask another supplier first.
    let key = format!("{}.{}", phone.index(ctx), ctx.now().timestamp_millis());
    let letter = Letter {
        phone: phone.expose(),
        templates: sms::sign_in_templates(&ctx.settings),
        params: vec![("code".to_owned(), code)],
        out_id: None,
        key: &key,
    };
    if let Err(failed) = sms::send(ctx, &letter).await? {
        permit.give_back(ctx).await?;
        return Err(platforms::unavailable("sms", failed.error));
    }
    Ok(())
}

/// # Refuses
/// `sms_code_wrong`, `sms_code_expired`, `sms_code_tries_exceeded`, `member_disabled`
pub async fn sign_in_by_sms(ctx: &Context, command: SignInBySms) -> Result<SignedIn> {
    let phone = Phone::parse(&command.phone)?;
    count_attempt(ctx, &command.client.address).await?;
    if let Err(error) = sms_code::take(ctx, &phone, command.code.trim()).await {
        let holder = holder_of(ctx, ctx.db.read(), &phone).await?;
        return Err(history::refused(ctx, holder, (Method::Sms, error), &command.client).await?);
    }
    let proof = Proof {
        member: None,
        accounts: Vec::new(),
        phone: Some(phone),
        method: Method::Sms,
        marketing_consent: command.marketing_consent,
        client: command.client,
    };
    sign_in(ctx, &proof).await
}
