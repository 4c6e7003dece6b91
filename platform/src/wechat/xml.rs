//! A pushed XML document as the JSON the same push would have been: one reader then serves both.
//!
//! Elements become objects, text becomes strings, repeated elements become arrays. Attributes mean nothing in
//! these documents; entities other than XML's own five are refused.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// The real documents are four deep.
const MAX_DEPTH: usize = 16;

#[derive(Default)]
struct Element {
    name: String,
    children: Map<String, Value>,
    text: String,
}

impl Element {
    fn value(self) -> Value {
        // White space at the edges is layout.
        if self.children.is_empty() { self.text.trim().into() } else { Value::Object(self.children) }
    }

    fn adopt(&mut self, name: String, value: Value) {
        match self.children.get_mut(&name) {
            None => {
                self.children.insert(name, value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}

/// The content of the root element; `None` if the document is not well formed.
pub(super) fn to_json(document: &str) -> Option<Value> {
    let mut reader = Reader::from_str(document);
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) if stack.len() > MAX_DEPTH => return None,
            Event::Start(start) => stack.push(named(name(&start))),
            Event::Empty(empty) => stack.last_mut()?.adopt(name(&empty), Value::String(String::new())),
            Event::End(_) => close(&mut stack)?,
            Event::CData(text) => stack.last_mut()?.text.push_str(&text),
            Event::Text(text) => stack.last_mut()?.text.push_str(&text),
            Event::GeneralRef(reference) => stack.last_mut()?.text.push(character(&reference)?),
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let document = stack.pop().filter(|_| stack.is_empty())?;
    document.children.into_iter().next().map(|(_, root)| root)
}

fn named(name: String) -> Element {
    Element { name, ..Element::default() }
}

fn name(start: &quick_xml::events::BytesStart<'_>) -> String {
    start.name().as_ref().to_owned()
}

fn close(stack: &mut Vec<Element>) -> Option<()> {
    let mut element = stack.pop()?;
    let name = std::mem::take(&mut element.name);
    stack.last_mut()?.adopt(name, element.value());
    Some(())
}

fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}
