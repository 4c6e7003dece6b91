//! The SMS templates of the suppliers in use, asked of them now. What the settings say of a template fills in what a supplier
//! does not tell, and stands in for a supplier that can't be asked.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::settings::{self, SmsTemplateKind};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmsTemplateState {
    /// Can be sent.
    Approved,
    Pending,
    Refused,
    Cancelled,
    /// The settings name it, and the supplier has none such.
    Unlisted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsTemplateLine {
    pub supplier: String,
    pub id: String,
    /// Empty where only the settings know it.
    pub name: String,
    /// None: the supplier does not tell, and the settings don't either.
    pub kind: Option<SmsTemplateKind>,
    pub text: String,
    pub state: SmsTemplateState,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// A supplier that could not be asked, and the code of its no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SupplierAway {
    pub supplier: String,
    pub code: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmsTemplates {
    /// Those that can be sent first.
    pub lines: Vec<SmsTemplateLine>,
    pub away: Vec<SupplierAway>,
}

/// The templates; none where there is no SMS.
pub async fn sms_templates(ctx: &Context, caller: &StaffCaller) -> Result<SmsTemplates> {
    caller.require(Permission::ReadCampaigns)?;
    if ctx.settings.sms_suppliers().map_err(Error::internal)?.is_empty() {
        return Ok(SmsTemplates::default());
    }
    let asked = ctx
        .platforms
        .sms()?
        .iter()
        .map(|supplier| async { (supplier.client.provider(), supplier.client.templates().await) });
    let mut all = SmsTemplates::default();
    for (supplier, answer) in join_all(asked).await {
        let known: Vec<_> =
            ctx.settings.sms.templates.iter().filter(|template| template.supplier == supplier).collect();
        match answer {
            Ok(listed) => all.lines.extend(merged(supplier, listed, &known)),
            Err(error) => {
                all.lines.extend(known.iter().map(|one| of_settings(one, SmsTemplateState::Approved)));
                all.away.push(SupplierAway { supplier: supplier.to_owned(), code: error.code });
            }
        }
    }
    all.lines.sort_by_key(|line| line.state);
    Ok(all)
}

fn merged(
    supplier: &str,
    listed: Vec<platform::sms::SmsTemplate>,
    known: &[&settings::SmsTemplate],
) -> Vec<SmsTemplateLine> {
    let mut unlisted: HashMap<&str, &settings::SmsTemplate> =
        known.iter().map(|template| (template.id.as_str(), *template)).collect();
    let mut lines: Vec<SmsTemplateLine> = listed
        .into_iter()
        .map(|template| {
            let said = unlisted.remove(template.id.as_str()).map(|template| template.kind);
            let kind = template.kind.map(kind_of).or(said);
            SmsTemplateLine {
                supplier: supplier.to_owned(),
                id: template.id,
                name: template.name,
                kind,
                text: template.text,
                state: state_of(template.state),
                reason: template.reason,
            }
        })
        .collect();
    lines.extend(unlisted.into_values().map(|one| of_settings(one, SmsTemplateState::Unlisted)));
    lines
}

fn of_settings(template: &settings::SmsTemplate, state: SmsTemplateState) -> SmsTemplateLine {
    SmsTemplateLine {
        supplier: template.supplier.clone(),
        id: template.id.clone(),
        name: String::new(),
        kind: Some(template.kind),
        text: template.text.clone(),
        state,
        reason: None,
    }
}

fn kind_of(kind: platform::sms::SmsTemplateKind) -> SmsTemplateKind {
    match kind {
        platform::sms::SmsTemplateKind::Code => SmsTemplateKind::Code,
        platform::sms::SmsTemplateKind::Notice => SmsTemplateKind::Notice,
        platform::sms::SmsTemplateKind::Marketing => SmsTemplateKind::Marketing,
    }
}

fn state_of(state: platform::sms::SmsTemplateState) -> SmsTemplateState {
    match state {
        platform::sms::SmsTemplateState::Approved => SmsTemplateState::Approved,
        platform::sms::SmsTemplateState::Pending => SmsTemplateState::Pending,
        platform::sms::SmsTemplateState::Refused => SmsTemplateState::Refused,
        platform::sms::SmsTemplateState::Cancelled => SmsTemplateState::Cancelled,
    }
}
