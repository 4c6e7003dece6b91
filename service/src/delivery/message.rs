//! What a campaign says: the template's parameters or a title and text, with `{{variables}}` filled per member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consent::OptOutLink;
use crate::error::FieldError;

/// The wording as it is planned. WeChat: `template_id`, `page`, `parameters` (`thing1` and so on). SMS: `template_id` and
/// `parameters` in the order of their names; `templates` where the suppliers know the text by different ids. Inbox: `title`, `body`,
/// `page`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessageDraft {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// SMS: the template's id at a supplier (`tencent`, `aliyun`); `template_id` for those that are not named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    pub parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What a variable may stand for.
#[derive(Debug, Clone, Default)]
pub struct Variables<'a> {
    pub name: Option<&'a str>,
    pub card_number: &'a str,
    pub brand: &'a str,
    /// Needed only where [`MessageDraft::has_opt_out_link`].
    pub opt_out: OptOutLink,
}

/// The wording for one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub parameters: BTreeMap<String, String>,
    pub title: String,
    pub body: String,
}

const VARIABLES: [&str; 5] = ["name", "card_number", "brand", OPT_OUT_LINK, OPT_OUT_TOKEN];
/// The address at which the receiver says no, and its last part for templates that hold the rest as fixed text.
const OPT_OUT_LINK: &str = "opt_out_link";
const OPT_OUT_TOKEN: &str = "opt_out_token";
/// How a member without a name is addressed.
const UNNAMED: &str = "会员";

impl MessageDraft {
    pub fn render(&self, variables: &Variables<'_>) -> Rendered {
        let fill = |text: &str| fill(text, variables);
        Rendered {
            parameters: self.parameters.iter().map(|(key, text)| (key.clone(), fill(text))).collect(),
            title: self.title.as_deref().map(fill).unwrap_or_default(),
            body: self.body.as_deref().map(fill).unwrap_or_default(),
        }
    }

    /// The template's id at an SMS supplier.
    pub fn template_at(&self, supplier: &str) -> Option<&str> {
        self.templates.get(supplier).or(self.template_id.as_ref()).map(String::as_str)
    }

    /// Whether the receiver's link stands in it.
    pub fn has_opt_out_link(&self) -> bool {
        let mut texts = self.parameters.values().chain(&self.title).chain(&self.body);
        texts.any(|text| text.contains("{{opt_out_"))
    }

    /// What is wrong with its variables: unknown ones, and a link without a public address. `at` is where it stands in the body.
    pub fn variable_errors(&self, at: &str, public_url: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (field, text) in self.texts(at) {
            for name in variables_in(text) {
                let message = if !VARIABLES.contains(&name) {
                    let allowed = VARIABLES.join("}}, {{");
                    format!("{{{{{name}}}}} is unknown; use {{{{{allowed}}}}}")
                } else if name == OPT_OUT_LINK && public_url.is_empty() {
                    "{{opt_out_link}} needs the setting public_url".to_owned()
                } else {
                    continue;
                };
                errors.push(FieldError { field: field.clone(), message });
            }
        }
        errors
    }

    fn texts<'a>(&'a self, at: &'a str) -> impl Iterator<Item = (String, &'a str)> {
        self.parameters
            .iter()
            .map(move |(key, text)| (format!("{at}.parameters.{key}"), text.as_str()))
            .chain(self.title.iter().map(move |text| (format!("{at}.title"), text.as_str())))
            .chain(self.body.iter().map(move |text| (format!("{at}.body"), text.as_str())))
    }
}

fn fill(text: &str, variables: &Variables<'_>) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    text.replace("{{name}}", variables.name.unwrap_or(UNNAMED))
        .replace("{{card_number}}", variables.card_number)
        .replace("{{brand}}", variables.brand)
        .replace("{{opt_out_link}}", &variables.opt_out.address)
        .replace("{{opt_out_token}}", &variables.opt_out.token)
}

fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(name, _)| name.trim()))
}
