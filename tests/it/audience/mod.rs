//! Segments and the language of their rules.

mod rule;
mod segment;
