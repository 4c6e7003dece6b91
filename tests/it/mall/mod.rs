mod exchange;
mod hand_over;
mod item;
pub mod shop;
