//! Who may depend on whom. `deny.toml` says the same to cargo-deny; this runs wherever the tests run.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::sources::{Source, root, rust_files};

/// Our crates, and which of ours each may use. `tests` may use all and is not listed.
const ARROWS: [(&str, &[&str]); 9] = [
    ("huike", &["api", "migration", "sandbox", "service", "worker"]),
    ("api", &["service"]),
    ("worker", &["service"]),
    ("service", &["entity", "platform"]),
    ("platform", &[]),
    ("entity", &[]),
    ("migration", &[]),
    ("sandbox", &[]),
    ("bench", &[]),
];

/// Libraries with a home: only these of ours may depend on them. `tests` may use all and is not listed.
const HOMES: [(&str, &[&str]); 6] = [
    ("actix-web", &["api", "sandbox", "bench"]),
    ("lapin", &["worker"]),
    ("redis", &["service"]),
    ("reqwest", &["platform", "bench"]),
    ("sea-orm", &["entity", "service"]),
    ("sea-orm-migration", &["migration"]),
];

/// The dependencies that each crate of the workspace names in its manifest, of every kind.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata starts");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(|package| (text(&package["name"]), names(&package["dependencies"]))).collect()
}

fn names(dependencies: &Value) -> BTreeSet<String> {
    dependencies
        .as_array()
        .expect("dependencies")
        .iter()
        .map(|dependency| text(&dependency["name"]))
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

#[test]
fn our_crates_depend_on_each_other_only_downwards() {
    let dependencies = dependencies();
    let ours: BTreeSet<String> = dependencies.keys().cloned().collect();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    for (name, uses) in dependencies.iter().filter(|(name, _)| *name != "tests") {
        let allowed =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not in the table of arrows"));
        for used in uses.intersection(&ours) {
            assert!(allowed.contains(&used.as_str()), "{name} must not depend on {used}");
        }
    }
}

#[test]
fn a_library_with_a_home_is_used_only_there() {
    let dependencies = dependencies();
    for (library, homes) in HOMES {
        for (name, uses) in dependencies.iter().filter(|(name, _)| *name != "tests") {
            let at_home = homes.contains(&name.as_str());
            assert!(
                at_home || !uses.contains(library),
                "{name} must not depend on {library}: only {homes:?} may"
            );
        }
    }
}

#[test]
fn lapin_is_named_only_by_the_broker() {
    assert_named_only_below("lapin", "worker/src", "worker/src/broker");
}

#[test]
fn redis_is_named_only_by_the_shared_state() {
    assert_named_only_below("redis", "service/src", "service/src/shared_state");
}

fn assert_named_only_below(library: &str, folder: &str, home: &str) {
    for source in rust_files(folder).iter().filter(|source| !source.path.starts_with(home)) {
        for (number, line) in source.code_lines() {
            assert!(
                !names_crate(line, library),
                "{}:{number} names {library}: {line}",
                source.path.display()
            );
        }
    }
}

/// True for a path that begins with the crate (`lapin::Channel`) and for `use lapin`, false for a module of ours of
/// the same name behind another path (`shared_state::redis::connect`).
fn names_crate(line: &str, library: &str) -> bool {
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let begins_path = |at: usize| {
        let before = &line[..at];
        let inner = before.strip_suffix("::").is_some_and(|path| path.ends_with(is_part_of_word));
        !inner && !before.ends_with(is_part_of_word)
    };
    let is_used = |at: usize| {
        let (before, after) = (line[..at].trim_end(), &line[at + library.len()..]);
        after.starts_with("::")
            || ((before == "use" || before.ends_with(" use")) && !after.starts_with(is_part_of_word))
    };
    line.match_indices(library).any(|(at, _)| begins_path(at) && is_used(at))
}

#[test]
fn a_crate_is_told_from_a_module_of_ours_with_its_name() {
    for line in [
        "use redis::Client;",
        "let c: redis::Client = x;",
        "use redis;",
        "pub use redis as r;",
        "f(::redis::cmd())",
    ] {
        assert!(names_crate(line, "redis"), "{line}");
    }
    for line in [
        "shared_state::redis::connect(url)",
        "mod redis;",
        "redis_url: String",
        "use crate::shared_state::redis;",
    ] {
        assert!(!names_crate(line, "redis"), "{line}");
    }
}

/// Feature folders of the service (`coupon`, `member`, ...) and the features that each one names.
fn features() -> BTreeMap<String, BTreeSet<String>> {
    let sources = rust_files("service/src");
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        if let Some(feature) = feature_of(source) {
            uses.entry(feature).or_default();
        }
    }
    let all: BTreeSet<String> = uses.keys().cloned().collect();
    for source in &sources {
        let Some(feature) = feature_of(source) else { continue };
        let named =
            named_modules(source).into_iter().filter(|named| all.contains(named) && *named != feature);
        uses.entry(feature.clone()).or_default().extend(named);
    }
    uses
}

fn feature_of(source: &Source) -> Option<String> {
    let inner = source.path.strip_prefix("service/src").ok()?;
    let folder = inner.parent()?.components().next()?;
    Some(folder.as_os_str().to_string_lossy().into_owned())
}

/// The first segment of every path that begins with `crate::`, with `crate::{a, b::C}` taken apart.
fn named_modules(source: &Source) -> BTreeSet<String> {
    let code: String = source.code_lines().map(|(_, line)| line).collect::<Vec<_>>().join(" ");
    let mut modules = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(group_heads(group)),
            None => modules.extend(head(rest)),
        }
    }
    modules
}

fn head(path: &str) -> Option<String> {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}

fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut heads: Vec<String> = head(group.trim_start()).into_iter().collect();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.extend(head(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    heads
}

#[test]
fn a_group_of_paths_is_taken_apart() {
    let text =
        "use crate::{coupon::{self, rules}, member, points::Entry};\nuse crate::clock::Clock;".to_owned();
    let named = named_modules(&Source { path: "x.rs".into(), text });
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["clock", "coupon", "member", "points"]);
}

/// What is left after features that use none of the others left are taken away, again and again: the circles, and
/// whatever uses them.
fn circles_in(mut left: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        left.values_mut().for_each(|uses| uses.retain(|used| names.contains(used)));
        left.retain(|_, uses| !uses.is_empty());
        if left.len() == names.len() {
            return left;
        }
    }
}

#[test]
fn the_features_of_the_service_do_not_depend_on_each_other_in_a_circle() {
    let circles = circles_in(features());
    assert!(circles.is_empty(), "these features stand in a circle, or use one that does: {circles:#?}");
}

#[test]
fn a_circle_is_found_and_a_chain_is_none() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert!(circles_in(graph(&[("campaign", "delivery"), ("delivery", "consent")])).is_empty());
    assert_eq!(
        circles_in(graph(&[("coupon", "member"), ("member", "points"), ("points", "coupon")])).len(),
        3
    );
}
