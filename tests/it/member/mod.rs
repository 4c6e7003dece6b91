//! Members: what they say of themselves, what staff see and do, and how they leave.

mod attribute;
mod console;
mod delete;
mod events;
mod merge;
mod profile;
mod tag;
mod tag_rule;
mod walk_in;
