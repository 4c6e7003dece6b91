//! Staff: accounts, passwords, roles.

mod account;
mod audit;
mod cookie;
mod first_owner;
mod second_factor;
mod sessions;
mod sign_in;
