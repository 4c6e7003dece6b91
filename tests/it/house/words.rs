//! Words that the glossary (docs/glossary.md) rules out, where a name is given to something of ours. `platform` and
//! `sandbox` speak the words of the platforms and are left out.

use super::sources::{Source, rust_files};

const FOLDERS: [&str; 6] = ["api/src", "cli/src", "entity/src", "migration/src", "service/src", "worker/src"];
const BANNED: [&str; 6] = ["voucher", "vouchers", "helper", "helpers", "util", "utils"];
const DEFINING: [&str; 8] = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];

/// The name that a line defines, if it defines one: `pub fn redeem_coupon(` gives `redeem_coupon`.
fn defined_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| !DEFINING.contains(word));
    words.next()?;
    let rest = words.next()?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end]).filter(|name| !name.is_empty())
}

/// The words of a name in snake or camel case, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().expect("one word at least").extend(c.to_lowercase());
        }
    }
    words
}

fn is_banned(name: &str) -> bool {
    words_of(name).iter().any(|word| BANNED.contains(&word.as_str()))
}

fn file_names(source: &Source) -> Vec<String> {
    source.path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

#[test]
fn nothing_of_ours_is_named_by_a_word_that_the_glossary_rules_out() {
    for source in FOLDERS.iter().flat_map(|folder| rust_files(folder)) {
        let path = source.path.display();
        for name in file_names(&source) {
            assert!(!is_banned(&name), "{path}: {name} is not a word of the glossary");
        }
        for (number, line) in source.code_lines() {
            let name = defined_name(line).unwrap_or_default();
            assert!(!is_banned(name), "{path}:{number}: {name} is not a word of the glossary");
        }
    }
}

#[test]
fn a_defined_name_is_found_and_split_into_words() {
    assert_eq!(defined_name("    pub async fn redeem_coupon(ctx: &Context) {"), Some("redeem_coupon"));
    assert_eq!(defined_name("let kind = coupon.kind;"), None);
    assert_eq!(words_of("VoucherTemplate"), ["", "voucher", "template"]);
    assert!(is_banned("string_utils") && is_banned("VoucherId") && !is_banned("utility_bill"));
}
