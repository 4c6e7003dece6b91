//! What a policy must be before it is saved.

use std::collections::BTreeSet;

use entity::states::MessageClass;

use super::{CapRule, Policy};
use crate::error::{Error, FieldError, Result};

const MOST_RULES: usize = 50;
/// Ten yuan for one part of an SMS is a slip of the pen.
const DEAREST_SEGMENT_FEN: i64 = 1_000;

pub fn check(policy: &Policy) -> Result<()> {
    policy.quiet_hours.window()?;
    let mut errors = Vec::new();
    let mut require = |holds: bool, field: &str, message: &str| {
        if !holds {
            errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        }
    };
    let price = 0..=DEAREST_SEGMENT_FEN;
    require(price.contains(&policy.sms_segment_fen), "sms_segment_fen", "is a number from 0 to 1000");
    let budgets = &policy.budgets;
    require(budgets.month_fen.is_none_or(|fen| fen >= 0), "budgets.month_fen", "is not negative");
    require(budgets.brand_fen.is_none_or(|fen| fen >= 0), "budgets.brand_fen", "is not negative");
    require(policy.cap_rules.len() <= MOST_RULES, "cap_rules", "are at most 50");
    let mut seen = BTreeSet::new();
    for (index, rule) in policy.cap_rules.iter().enumerate() {
        let field = |name: &str| format!("cap_rules[{index}]{name}");
        let new = seen.insert((rule.class, rule.topic.as_deref(), rule.channel));
        require(new, &field(""), "is for the same messages as another");
        check_rule(rule, field, &mut require);
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

fn check_rule(rule: &CapRule, field: impl Fn(&str) -> String, require: &mut impl FnMut(bool, &str, &str)) {
    let named = rule.class.is_some() || rule.topic.is_some() || rule.channel.is_some();
    require(named, &field(""), "names a class, a topic or a channel; `caps` is for all");
    let capped = rule.class != Some(MessageClass::Transactional);
    require(capped, &field(".class"), "is marketing; transactional messages are exempt from caps");
    let topic = rule.topic.as_deref().map_or(1, |topic| topic.chars().count());
    require((1..=40).contains(&topic), &field(".topic"), "needs 1 to 40 characters");
    let caps = rule.caps();
    let limits = caps.per_24_hours + caps.per_7_days + caps.per_calendar_day > 0;
    require(limits, &field(""), "limits nothing; one of its numbers is above 0");
}
