//! The documents keep up: every dependency has its reason, and the targets that the documents name exist.

use std::collections::BTreeSet;

use super::sources::read;

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

/// The first cell of every table row: "| `name` | reason |".
fn explained() -> BTreeSet<String> {
    let document = read("docs/dependencies.md");
    let names = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_library_has_its_reason_in_the_dependencies_document() {
    let (libraries, explained) = (libraries(), explained());
    let unexplained: Vec<_> = libraries.difference(&explained).collect();
    assert!(unexplained.is_empty(), "without a line in docs/dependencies.md: {unexplained:?}");
}

#[test]
fn the_dependencies_document_names_no_library_that_is_gone() {
    let (libraries, explained) = (libraries(), explained());
    let gone: Vec<_> = explained.difference(&libraries).collect();
    assert!(gone.is_empty(), "in docs/dependencies.md but not in Cargo.toml: {gone:?}");
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
