mod merge;
pub mod purchase;
mod rules;
mod till;
