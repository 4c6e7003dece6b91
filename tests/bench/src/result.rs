//! What a benchmark writes: target/bench/<name>.json, and one line for who watches.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::place::Place;

pub struct Outcome<'a> {
    pub name: &'a str,
    pub unit: &'a str,
    pub value: f64,
    /// The limit or the peer, measured in the same run.
    pub baseline: f64,
    pub ratio: f64,
    pub target: &'a str,
    pub detail: Value,
}

pub fn write(place: &Place, outcome: Outcome<'_>) -> Result<()> {
    let Outcome { name, unit, value, baseline, ratio, target, detail } = outcome;
    let date = crate::process::output(std::process::Command::new("date").args(["-u", "+%FT%TZ"]))?;
    let json = json!({
        "name": name, "unit": unit, "value": round(value), "baseline": round(baseline), "ratio": round(ratio),
        "target": target, "date": date, "machine": place.machine(), "quick": place.quick, "detail": detail,
    });
    std::fs::write(place.results.join(format!("{name}.json")), format!("{json:#}\n"))?;
    println!("{name}: {value:.1} {unit}, baseline {baseline:.1}, ratio {ratio:.3} (target {target})");
    println!("{detail}");
    Ok(())
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// The value below which `share` of all lie.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The ratios of the pairs in their order, their median and their span.
pub fn ratios(values: &[f64], baselines: &[f64]) -> (f64, Value) {
    let ratios: Vec<f64> = values.iter().zip(baselines).map(|(value, baseline)| value / baseline).collect();
    let rounded: Vec<f64> = ratios.iter().copied().map(round).collect();
    let span = [quantile(&ratios, 0.0), quantile(&ratios, 1.0)].map(round);
    (median(&ratios), json!({ "pairs": rounded, "span": span }))
}

/// Microseconds of processor time per operation, of each group of processes and of all.
pub fn per_operation(runs: &[BTreeMap<String, f64>], operations: u64) -> Value {
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for run in runs {
        let all: f64 = run.values().sum();
        for (name, seconds) in
            run.iter().map(|(name, seconds)| (name.as_str(), *seconds)).chain([("all", all)])
        {
            groups.entry(name.to_owned()).or_default().push(seconds * 1e6 / operations as f64);
        }
    }
    json!(groups.into_iter().map(|(name, values)| (name, round(median(&values)))).collect::<BTreeMap<_, _>>())
}

pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
