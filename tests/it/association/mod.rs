//! Which goods go together: rules over baskets, and runs of a day.

mod real;
mod rules;
mod run;
