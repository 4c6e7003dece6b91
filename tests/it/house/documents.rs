//! The documents keep up: every dependency has its reason, every setting its row, and what the documents link to exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::sources::{read, root};

/// The libraries of others that the workspace names, from `[workspace.dependencies]`.
fn libraries() -> BTreeSet<String> {
    let manifest = read("Cargo.toml");
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .filter(|(_, value)| !value.contains("path = "))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// What the two front ends name, for running and for building.
fn packages() -> BTreeSet<String> {
    let of = |folder: &str| {
        let manifest: Value = serde_json::from_str(&read(&format!("{folder}/package.json"))).expect("JSON");
        let names =
            |part: &str| manifest[part].as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        [names("dependencies"), names("devDependencies")].concat()
    };
    [of("miniprogram"), of("console")].concat().into_iter().collect()
}

/// The first cell of every table row: "| `name` | reason |"; of the libraries, and of the front ends' packages.
fn explained() -> [BTreeSet<String>; 2] {
    let document = read("docs/dependencies.md");
    let (libraries, packages) = document.split_once("\n## Front ends\n").expect("two parts");
    let names = |part: &str| {
        let cells = part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        cells.map(|(name, _)| name.to_owned()).collect()
    };
    [names(libraries), names(packages)]
}

#[test]
fn every_dependency_has_its_reason_in_the_dependencies_document() {
    for (named, explained) in [libraries(), packages()].into_iter().zip(explained()) {
        let unexplained: Vec<_> = named.difference(&explained).collect();
        assert!(unexplained.is_empty(), "without a line in docs/dependencies.md: {unexplained:?}");
    }
}

#[test]
fn the_dependencies_document_names_nothing_that_is_gone() {
    for (named, explained) in [libraries(), packages()].into_iter().zip(explained()) {
        let gone: Vec<_> = explained.difference(&named).collect();
        assert!(gone.is_empty(), "in docs/dependencies.md and named nowhere: {gone:?}");
    }
}

#[test]
fn the_makefile_has_at_most_a_dozen_targets_each_with_its_comment() {
    let makefile = read("Makefile");
    let is_target = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains(':');
    let targets: Vec<&str> =
        makefile.lines().filter(is_target).filter(|line| !line.starts_with("export")).collect();
    assert!(targets.len() <= 12, "{} targets", targets.len());
    for target in targets {
        assert!(target.contains(": ## "), "{target} has no comment");
    }
}

/// The rows of docs/configuration.md as default.toml says them: "| `setting` | `VARIABLE` | `default` | comment |". A comment
/// speaks for the settings below it up to the next comment or blank line.
fn setting_rows() -> Vec<String> {
    let defaults = read("service/src/default.toml");
    let (mut section, mut comment, mut rows) = (String::new(), Vec::new(), Vec::new());
    let mut comment_ended = true;
    for line in defaults.lines() {
        if let Some(words) = line.strip_prefix("# ") {
            if comment_ended {
                comment.clear();
            }
            comment.push(words);
            comment_ended = false;
        } else if let Some((name, value)) = line.split_once(" = ") {
            let setting = format!("{section}{name}");
            let variable = format!("HUIKE_{}", setting.replace('.', "_").to_uppercase());
            rows.push(format!("| `{setting}` | `{variable}` | `{value}` | {} |", comment.join(" ")));
            comment_ended = true;
        } else {
            comment.clear();
            if let Some(name) = line.strip_prefix('[') {
                section = name.replace(']', ".");
            }
        }
    }
    rows
}

#[test]
fn the_configuration_document_has_the_rows_that_default_toml_says() {
    let document = read("docs/configuration.md");
    let written: BTreeSet<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
    let rows = setting_rows();
    let due: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    let missing: Vec<_> = due.difference(&written).collect();
    assert!(missing.is_empty(), "docs/configuration.md lacks these rows: {missing:#?}");
    let gone: Vec<_> = written.difference(&due).collect();
    assert!(gone.is_empty(), "docs/configuration.md has rows that default.toml does not say: {gone:#?}");
}

#[test]
fn every_setting_has_a_comment() {
    let silent: Vec<_> = setting_rows().into_iter().filter(|row| row.ends_with("|  |")).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// The documents that people read.
fn documents() -> Vec<PathBuf> {
    let mut documents = vec!["README.md".into(), "README.zh-CN.md".into(), "CHANGELOG.md".into()];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder of the documents") {
            let path = entry.expect("a readable folder entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path.strip_prefix(root()).expect("a path below the root").to_path_buf());
            }
        }
    }
    documents
}

/// The targets of `[text](target)` that lie in the repository, without their anchors.
fn local_links(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target).to_owned())
        .collect()
}

#[test]
fn the_tests_that_hold_the_domain_rules_exist() {
    let document = read("docs/domain-rules.md");
    let quoted: Vec<&str> =
        document.split('`').skip(1).step_by(2).filter(|text| *text != "tests/it").collect();
    for pair in quoted.chunks(2) {
        let [file, name] = pair else { panic!("{pair:?} is no file with a test") };
        let function = format!("fn {name}(");
        assert!(read(&format!("tests/it/{file}")).contains(&function), "{file} has no test {name}");
    }
}

#[test]
fn what_the_documents_link_to_exists() {
    for document in documents() {
        let text = read(&document.to_string_lossy());
        let folder = root().join(&document);
        let folder = folder.parent().expect("a document lies in a folder");
        for target in local_links(&text) {
            assert!(folder.join(&target).exists(), "{}: {target} does not exist", document.display());
        }
    }
}
