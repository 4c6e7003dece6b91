//! The account's private subscription templates.

use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplateKind {
    OneTime,
    LongTerm,
}

#[derive(Clone, Debug)]
pub(crate) struct Keyword {
    /// `thing1`: the rule's name and the keyword's number.
    pub key: String,
    pub name: String,
    pub rule: String,
    pub example: String,
    pub choices: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Template {
    pub id: Arc<str>,
    pub tid: u64,
    pub title: String,
    pub kind: TemplateKind,
    pub keywords: Vec<Keyword>,
    pub banned: bool,
}

/// A template as `gettemplate` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateView {
    pri_tmpl_id: String,
    title: String,
    content: String,
    example: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keyword_enum_value_list: Vec<EnumView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnumView {
    keyword_code: String,
    enum_value_list: Vec<String>,
}

impl TemplateKind {
    pub fn number(self) -> u8 {
        match self {
            Self::OneTime => 2,
            Self::LongTerm => 3,
        }
    }
}

impl Template {
    pub fn is_long_term(&self) -> bool {
        self.kind == TemplateKind::LongTerm
    }

    pub fn view(&self) -> TemplateView {
        let written = |value: fn(&Keyword) -> String| -> String {
            self.keywords.iter().map(|keyword| format!("{}:{}\n", keyword.name, value(keyword))).collect()
        };
        let enums = self.keywords.iter().filter(|keyword| !keyword.choices.is_empty());
        TemplateView {
            pri_tmpl_id: self.id.to_string(),
            title: self.title.clone(),
            content: written(|keyword| format!("{{{{{}.DATA}}}}", keyword.key)),
            example: written(|keyword| keyword.example.clone()),
            kind: self.kind.number(),
            keyword_enum_value_list: enums
                .map(|keyword| EnumView {
                    keyword_code: format!("{}.DATA", keyword.key),
                    enum_value_list: keyword.choices.clone(),
                })
                .collect(),
        }
    }
}

pub(crate) struct TemplateShelf(RwLock<Vec<Arc<Template>>>);

impl TemplateShelf {
    pub fn new(templates: Vec<Template>) -> Self {
        Self(RwLock::new(templates.into_iter().map(Arc::new).collect()))
    }

    pub fn find(&self, id: &str) -> Option<Arc<Template>> {
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        shelf.iter().find(|template| &*template.id == id).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Template>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn add(&self, template: Template) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(template));
    }

    pub fn remove(&self, id: &str) -> bool {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = shelf.len();
        shelf.retain(|template| &*template.id != id);
        shelf.len() < before
    }

    pub fn ban(&self, id: &str, banned: bool) -> bool {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = shelf.iter_mut().find(|template| &*template.id == id) else { return false };
        *place = Arc::new(Template {
            id: Arc::clone(&place.id),
            tid: place.tid,
            title: place.title.clone(),
            kind: place.kind,
            keywords: place.keywords.clone(),
            banned,
        });
        true
    }
}
