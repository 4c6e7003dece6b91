//! What holds for every operation: problems, inputs, keys, limits, the document.

mod front_ends;
mod health;
mod idempotency_key;
mod input;
mod limits;
mod openapi;
mod problem;
mod request_id;
mod shutdown;
