//! What a campaign says: the template's parameters or a title and text, with `{{variables}}` filled per member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};

/// The wording as it is planned. WeChat: `template_id`, `page`, `parameters` (`thing1` and so on). SMS: `template_id` and
/// `parameters` in the order of their names. Inbox: `title`, `body`, `page`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MessageDraft {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
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
}

/// The wording for one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    pub parameters: BTreeMap<String, String>,
    pub title: String,
    pub body: String,
}

const VARIABLES: [&str; 3] = ["name", "card_number", "brand"];
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

    /// Names a variable that does not exist.
    pub fn check_variables(&self) -> Result<()> {
        let texts = self
            .parameters
            .iter()
            .map(|(key, text)| (format!("message.parameters.{key}"), text.as_str()))
            .chain(self.title.iter().map(|text| ("message.title".to_owned(), text.as_str())))
            .chain(self.body.iter().map(|text| ("message.body".to_owned(), text.as_str())));
        for (field, text) in texts {
            for name in variables_in(text) {
                if !VARIABLES.contains(&name) {
                    let allowed = VARIABLES.join("}}, {{");
                    return Err(Error::invalid(
                        field,
                        format!("{{{{{name}}}}} is unknown; use {{{{{allowed}}}}}"),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn fill(text: &str, variables: &Variables<'_>) -> String {
    text.replace("{{name}}", variables.name.unwrap_or(UNNAMED))
        .replace("{{card_number}}", variables.card_number)
        .replace("{{brand}}", variables.brand)
}

fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(name, _)| name.trim()))
}
