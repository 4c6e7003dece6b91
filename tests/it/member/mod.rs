//! Members: what they say of themselves, what staff see and do, and how they leave.

mod console;
mod delete;
mod merge;
mod profile;
mod tag;
