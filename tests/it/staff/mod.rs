//! Staff: accounts, passwords, roles.

mod account;
mod cookie;
mod first_owner;
mod sign_in;
