//! One message to one member: the gates, the six guarantees, and what each answer of a platform leads to.

mod answer;
mod guarantee;
mod pipeline;
mod rules;
mod stop;
