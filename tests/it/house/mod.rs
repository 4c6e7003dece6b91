//! The rules of the house that a compiler does not hold: which crate may use which, where a transport may be named,
//! which words are not used, and that the documents keep up with the code.

mod arrows;
mod documents;
pub mod sources;
mod words;
