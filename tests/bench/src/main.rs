//! The benchmarks of `make bench`: real processes of the release binary against real services, in turn with a peer or a
//! limit, each result in target/bench/<name>.json. A wrong count fails the benchmark. docs/performance.md says what each
//! one measures; `scripts/bench NAME` runs one.
#![allow(
    clippy::disallowed_methods,
    reason = "this process measures: it reads the clock and the environment"
)]

mod api;
mod audience;
mod bare;
mod claims;
mod client;
mod crowd;
mod fairness;
mod forecast;
mod growth;
mod hello;
mod load;
mod members;
mod memory;
mod mock;
mod peer;
mod place;
mod process;
mod project;
mod push;
mod quote;
mod rate;
mod redeem;
mod result;
mod servers;
mod tokens;
mod urgent;

use anyhow::{Result, bail};

use crate::place::Place;

type Bench = fn(&Place) -> Result<()>;

/// In the order in which `make bench` runs them.
const BENCHES: [(&str, Bench); 16] = [
    ("push", push::push),
    ("push_slow", push::push_slow),
    ("push_rate_accuracy", rate::push_rate_accuracy),
    ("push_urgent_latency", urgent::push_urgent_latency),
    ("push_fairness", fairness::push_fairness),
    ("audience_1m", audience::audience_1m),
    ("forecast_1m", forecast::forecast_1m),
    ("claim_hot", claims::claim_hot),
    ("sold_out", claims::sold_out),
    ("redeem", redeem::redeem),
    ("quote", quote::quote),
    ("member_read", members::member_read),
    ("sign_in", members::sign_in),
    ("growth", growth::growth),
    ("memory", memory::memory),
    ("cold_start", memory::cold_start),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        // Processes of their own, so that their processor time can be told apart.
        ["mock", port] => mock::serve(port.parse()?),
        ["bare", port, count, in_flight] => bare::run(port.parse()?, count.parse()?, in_flight.parse()?),
        ["hello", port] => hello::serve(port.parse()?),
        [] => run(&BENCHES.map(|(name, _)| name)),
        names => run(names),
    }
}

/// Every one is run, also after one that failed.
fn run(names: &[&str]) -> Result<()> {
    let place = Place::take()?;
    let mut failed = Vec::new();
    for name in names {
        let Some((_, bench)) = BENCHES.iter().find(|(known, _)| known == name) else {
            bail!("no benchmark is called {name}; there are {}", BENCHES.map(|(name, _)| name).join(", "));
        };
        println!("== {name}");
        if let Err(error) = bench(&place) {
            eprintln!("{name} FAILED: {error:#}");
            failed.push(*name);
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}
