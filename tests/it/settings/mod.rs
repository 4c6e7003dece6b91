//! What an installation is started with.

mod key_file;
mod variables;
