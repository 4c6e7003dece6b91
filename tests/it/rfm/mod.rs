//! What buyers are worth: scores and classes, runs of a day, what stands.

mod real;
mod rules;
mod run;
mod standing;
