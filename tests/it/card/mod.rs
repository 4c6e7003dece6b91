//! The card: codes made with and without the server, scans, replays.

mod code;
mod scan;
