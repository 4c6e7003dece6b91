//! Staff: accounts, passwords, roles.

mod account;
mod first_owner;
mod sign_in;
