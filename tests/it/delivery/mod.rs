//! The pipeline: gates, guarantees, and what the platforms' answers do.

mod answer;
mod asking;
mod budget;
mod caps;
mod crowding;
mod facts;
mod fallback;
mod guarantee;
mod held;
mod lanes;
mod merge;
mod notice;
mod pipeline;
mod priority;
mod rates;
mod retry;
mod rules;
mod share;
mod stop;
