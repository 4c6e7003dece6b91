//! The members of a JSON object as the exact text they were written in: a signature covers bytes, and writing a
//! value again need not give the same ones.

use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};

pub(super) struct Members<'a>(Vec<(String, &'a str)>);

impl<'a> Members<'a> {
    /// `None` if the text is not one JSON object.
    pub fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut rest = text.trim_start().strip_prefix('{')?.trim_start();
        let mut members = Vec::new();
        while !rest.starts_with('}') {
            let (name, after) = split_value(rest)?;
            let (value, after) = split_value(after.trim_start().strip_prefix(':')?.trim_start())?;
            members.push((serde_json::from_str(name).ok()?, value));
            rest = after.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        Some(Self(members))
    }

    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw)
    }

    pub fn value(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.raw(name)?).ok()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.as_str().map(str::to_owned)
    }
}

/// The JSON value the text begins with, and what follows it.
fn split_value(text: &str) -> Option<(&str, &str)> {
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}
