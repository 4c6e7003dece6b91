//! What the brand leaves out of the baskets: a bag goes with everything and a bundle with its own parts, which tells nobody anything.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::staff::{Permission, StaffCaller};
use crate::text;

const NAME: &str = "association_exclusions";
const MOST: usize = 500;
const LONGEST: usize = 200;

/// Holds for runs that are asked for from then on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    /// Codes, or names of what has no code.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub products: BTreeSet<String>,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub categories: BTreeSet<String>,
}

pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<Exclusions> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_exclusions(ctx: &Context, caller: &StaffCaller) -> Result<Exclusions> {
    caller.require(Permission::AnalyseMembers)?;
    load(ctx.db.read()).await
}

pub async fn save_exclusions(
    ctx: &Context,
    caller: &StaffCaller,
    exclusions: Exclusions,
) -> Result<Exclusions> {
    caller.require(Permission::AnalyseMembers)?;
    let exclusions = Exclusions {
        products: lines("products", &exclusions.products)?,
        categories: lines("categories", &exclusions.categories)?,
    };
    let txn = ctx.db.begin().await?;
    let before = load(&txn).await?;
    let change = (&before, &exclusions);
    brand_setting::save(ctx, &txn, caller, (NAME, "association_exclusions.save"), change).await?;
    txn.commit().await?;
    Ok(exclusions)
}

fn lines(field: &str, given: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    if given.len() > MOST {
        return Err(Error::invalid(field, format!("are at most {MOST}")));
    }
    let numbered = given.iter().enumerate();
    numbered.map(|(index, one)| text::line(&format!("{field}[{index}]"), one, LONGEST)).collect()
}
