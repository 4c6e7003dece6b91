//! The shop that `huike demo` opens.

mod shop;
