//! The document is the code's, complete, and the committed one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use service::Refusal;
use tests::TestApp;

use crate::house::sources::rust_files;

fn document() -> Value {
    serde_json::to_value(api::openapi()).expect("the document is JSON")
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("a path item");
        item.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = api::openapi().to_pretty_json().expect("the document is JSON") + "\n";

    assert!(committed == current, "docs/openapi.json is out of date: run `make openapi`");
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let app = TestApp::start().await;

    assert_eq!(app.get("/openapi.json").await.expect(200), document());
    let page = app.get("/docs").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.text().contains("swagger-ui"));
}

#[test]
fn it_is_openapi_3_1() {
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn an_operation_id_names_one_operation() {
    let document = document();
    let mut seen = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && seen.insert(id.to_owned()), "{name}: operation id {id:?}");
    }
}

#[test]
fn an_operation_is_named_like_its_handler() {
    let routes = include_str!("../../../api/src/routes/mod.rs");
    let handlers: BTreeSet<_> = routes
        .split(".service(")
        .skip(1)
        .filter_map(|rest| rest.split_once(')')?.0.rsplit_once("::"))
        .map(|(_, handler)| handler.to_owned())
        .collect();
    let document = document();
    let ids: BTreeSet<_> = operations(&document)
        .map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .collect();

    assert_eq!(ids, handlers);
}

#[test]
fn every_operation_has_a_summary_a_tag_and_says_which_token_it_needs() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().expect("the schemes");
    for (name, operation) in operations(&document) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!((8..=200).contains(&summary.len()), "{name}: summary {summary:?}");
        let tags = operation["tags"].as_array().expect("tags");
        assert!(tags.len() == 1 && tags[0].as_str().is_some_and(|tag| tag != "routes"), "{name}: {tags:?}");
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{name}: no security"));
        for token in security.iter().flat_map(|token| token.as_object().expect("a requirement").keys()) {
            assert!(schemes.contains_key(token), "{name}: {token} is no scheme");
        }
    }
}

#[test]
fn every_operation_documents_its_problems() {
    let document = document();
    for (name, operation) in operations(&document).filter(|(name, _)| name.contains(" /v1/")) {
        for (status, answer) in operation["responses"].as_object().expect("responses") {
            if status.as_str() >= "400" {
                let content = &answer["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(content, "#/components/schemas/Problem", "{name} {status}");
            }
        }
        assert!(operation["responses"]["500"].is_object(), "{name} has no 500");
    }
}

/// Of two types with one name the document would keep one and describe the other wrongly.
#[test]
fn a_schema_is_named_after_one_type() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for source in ["api/src", "service/src", "entity/src"].iter().flat_map(|folder| rust_files(folder)) {
        for name in schemas_of(&source.text) {
            let path = source.path.display().to_string();
            if let Some(other) = seen.insert(name.clone(), path.clone()) {
                panic!("{name} stands in {other} and in {path}");
            }
        }
    }
    assert!(seen.contains_key("TierProgressView") && seen.contains_key("ProgressView"));
}

/// The types below a `derive` with `ToSchema`.
fn schemas_of(text: &str) -> Vec<String> {
    let derived = text
        .split("#[derive(")
        .skip(1)
        .filter(|rest| rest.split(")]").next().is_some_and(|derived| derived.contains("ToSchema")));
    derived
        .filter_map(|rest| {
            let (_, after) = rest.split_once("\npub ")?;
            let mut words = after.split(|c: char| !c.is_alphanumeric() && c != '_');
            matches!(words.next(), Some("struct" | "enum"))
                .then(|| words.next().unwrap_or_default().to_owned())
        })
        .collect()
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| walk(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    walk(&document, &mut found);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn every_code_is_unique_has_words_and_stands_in_the_document() {
    let document = document();
    let listed: BTreeSet<_> = document["components"]["schemas"]["ProblemCode"]["enum"]
        .as_array()
        .expect("the codes are listed")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let codes: Vec<_> = api::problem::codes().collect();

    assert_eq!(codes.iter().copied().collect::<BTreeSet<_>>(), listed);
    assert_eq!(codes.len(), listed.len(), "a code stands twice");
    for refusal in Refusal::ALL {
        assert!(listed.contains(refusal.code()), "{refusal:?}");
        assert!(refusal.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{refusal:?}");
        assert!(!refusal.chinese().is_ascii() && refusal.english().is_ascii(), "{refusal:?} lacks words");
    }
}
