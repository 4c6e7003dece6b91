//! Stores: places where members buy and redeem.
//!
//! The code is the name that imports and tills use; it is unique and does not change. A closed store keeps its history
//! and takes no new acts. Written by the console, read by everybody.

mod change;
mod create;
mod list;

pub use change::{ChangeStore, change_store};
pub use create::{CreateStore, create_store};
pub use list::{list_open_stores, list_stores};

pub use entity::store::Model as StoreRow;

use crate::error::Result;
use crate::text;

const NAME_CHARACTERS: usize = 64;
const ADDRESS_CHARACTERS: usize = 200;

fn name(name: &str) -> Result<String> {
    text::line("name", name, NAME_CHARACTERS)
}

fn address(address: &str) -> Result<String> {
    text::line("address", address, ADDRESS_CHARACTERS)
}

fn zone(zone: &str) -> Result<String> {
    text::zone("zone", zone)
}
