mod audience;
mod check;
mod hand;
mod ladder;
mod plan;
mod right;
mod rise;
mod rules;
pub mod shop;
