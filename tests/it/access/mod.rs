//! Every operation against every kind of caller: who may is let in, everybody else is refused in one way.

mod caller;
mod log;
mod matrix;
mod request;
mod table;
mod world;
