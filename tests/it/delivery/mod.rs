//! The pipeline: gates, guarantees, and what the platforms' answers do.

mod answer;
mod budget;
mod caps;
mod facts;
mod fallback;
mod guarantee;
mod pipeline;
mod priority;
mod retry;
mod rules;
mod stop;
