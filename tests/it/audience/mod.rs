//! Segments and the language of their rules.

mod deed;
mod rule;
mod segment;
