mod exchange;
mod hand_over;
mod item;
mod merge;
pub mod shop;
