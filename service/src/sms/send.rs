//! One text message to one number, by the first supplier that takes it.

use chrono::{DateTime, Duration, Utc};
use platform::Class;
use platform::sms::{SmsMessage, SmsTrouble, trouble};

use super::health::{self, Standing};
use super::rules;
use crate::context::Context;
use crate::error::Result;

/// How long a supplier rests that throttles without saying for how long.
const THROTTLED: Duration = Duration::seconds(60);
/// While a probe is under way the others look again soon.
const LONGEST_WAIT: Duration = Duration::seconds(5);

/// What is sent to whom. `templates` are the text's ids by supplier; a supplier without one is not asked.
pub struct Letter<'a> {
    pub phone: &'a str,
    pub templates: Vec<(&'static str, &'a str)>,
    /// In the order in which they stand in the template.
    pub params: Vec<(String, String)>,
    /// Comes back with the receipt, and decides which supplier is asked first.
    pub out_id: Option<String>,
    pub key: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    pub supplier: &'static str,
}

#[derive(Debug, Clone)]
pub struct Failed {
    pub error: platform::Error,
    /// Who was asked last; None when nobody was.
    pub supplier: Option<&'static str>,
}

/// Asks the suppliers in the message's order until one takes it or the answer is not one to go on from.
pub async fn send(ctx: &Context, letter: &Letter<'_>) -> Result<std::result::Result<Sent, Failed>> {
    let suppliers = ctx.platforms.sms()?;
    let weights: Vec<_> =
        suppliers.iter().map(|supplier| (supplier.client.provider(), supplier.weight)).collect();
    let alone = weights.len() == 1;
    let mut refusal: Option<Failed> = None;
    let mut open_from: Option<DateTime<Utc>> = None;
    for name in rules::order(letter.key, &weights) {
        let Some(template) = template_of(letter, name) else { continue };
        let Some(client) = suppliers.iter().find(|one| one.client.provider() == name) else { continue };
        let standing = if alone { Standing::Usable } else { health::standing(ctx, name, template).await };
        if let Standing::LeftOut { until } = standing {
            open_from = Some(open_from.map_or(until, |other| other.min(until)));
            continue;
        }
        let answer = client.client.send(&message(letter, template)).await;
        if !alone {
            tell_health(ctx, name, template, &answer, standing == Standing::Probe).await;
        }
        match answer {
            Ok(sent) => return Ok(Ok(Sent { message_id: sent.message_id, supplier: name })),
            Err(error) if rules::goes_on(trouble(&error)) => {
                let error = refusal
                    .map_or_else(|| error.clone(), |before| rules::milder(before.error, error.clone()));
                refusal = Some(Failed { error, supplier: Some(name) });
            }
            Err(error) => return Ok(Err(Failed { error, supplier: Some(name) })),
        }
    }
    Ok(Err(nobody_took_it(ctx, refusal, open_from)))
}

fn template_of<'a>(letter: &Letter<'a>, supplier: &str) -> Option<&'a str> {
    letter.templates.iter().find(|(name, _)| *name == supplier).map(|(_, template)| *template)
}

fn message(letter: &Letter<'_>, template: &str) -> SmsMessage {
    SmsMessage {
        phone: letter.phone.to_owned(),
        template: template.to_owned(),
        sign_name: None,
        params: letter.params.clone(),
        out_id: letter.out_id.clone(),
    }
}

async fn tell_health(
    ctx: &Context,
    supplier: &'static str,
    template: &str,
    answer: &platform::Result<platform::sms::SmsSent>,
    was_probe: bool,
) {
    let Err(error) = answer else { return health::note(ctx, supplier, false, was_probe).await };
    let trouble = trouble(error);
    let throttled = error.class == Class::Throttled;
    if trouble == SmsTrouble::Template {
        health::refuse_template(ctx, supplier, template).await;
    } else if trouble == SmsTrouble::Supplier && throttled {
        health::rest(ctx, supplier, ctx.now() + wait_of(error)).await;
    }
    health::note(ctx, supplier, rules::is_failure(trouble, throttled), was_probe).await;
}

fn wait_of(error: &platform::Error) -> Duration {
    error.retry_after.and_then(|wait| Duration::from_std(wait).ok()).unwrap_or(THROTTLED)
}

/// Everybody who could be asked refused, or is left out: it waits for the first that may be asked again.
fn nobody_took_it(ctx: &Context, refusal: Option<Failed>, open_from: Option<DateTime<Utc>>) -> Failed {
    let Some(until) = open_from else {
        let no_template =
            || platform::Error::new(Class::Permanent, NO_TEMPLATE, "no supplier has this template");
        return refusal.unwrap_or_else(|| Failed { error: no_template(), supplier: None });
    };
    let wait = (until - ctx.now()).clamp(Duration::seconds(1), LONGEST_WAIT);
    let error = platform::Error::new(Class::Throttled, NO_SUPPLIER, "every supplier is left out for now")
        .with_retry_after(wait.to_std().ok());
    Failed { error, supplier: refusal.and_then(|refusal| refusal.supplier) }
}

/// Our own codes for what no supplier said.
pub const NO_TEMPLATE: &str = "sms_template_missing";
pub const NO_SUPPLIER: &str = "sms_suppliers_left_out";
