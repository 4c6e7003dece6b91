//! The days on which the mall is open at all, e.g. 感恩回馈月. Saved by the console as one row of `setting`.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::brand_setting;
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::staff::{Permission, StaffCaller};

const NAME: &str = "mall";
const MOST_WINDOWS: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MallPolicy {
    /// Exchanges are possible within these; without any, always.
    #[schema(max_items = 50)]
    pub windows: Vec<MallWindow>,
}

/// Days in the brand's zone, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MallWindow {
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    pub from: NaiveDate,
    pub until: NaiveDate,
}

impl MallPolicy {
    pub fn is_open(&self, now: DateTime<Utc>, zone: Tz) -> bool {
        let today = calendar::local_date(now, zone);
        self.windows.is_empty()
            || self.windows.iter().any(|window| (window.from..=window.until).contains(&today))
    }

    fn check(&self) -> Result<()> {
        let mut errors = Vec::new();
        let mut require = |holds: bool, field: String, message: &str| {
            if !holds {
                errors.push(FieldError { field, message: message.to_owned() });
            }
        };
        require(self.windows.len() <= MOST_WINDOWS, "windows".to_owned(), "are at most 50");
        for (index, window) in self.windows.iter().enumerate() {
            let name = (1..=40).contains(&window.name.trim().chars().count());
            require(name, format!("windows[{index}].name"), "has 1 to 40 characters");
            require(window.from <= window.until, format!("windows[{index}].until"), "is not before from");
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<MallPolicy> {
    Ok(brand_setting::load(connection, NAME).await?.unwrap_or_default())
}

pub async fn read_windows(ctx: &Context, caller: &StaffCaller) -> Result<MallPolicy> {
    caller.require(Permission::ReadCoupons)?;
    load(ctx.db.read()).await
}

pub async fn save_windows(ctx: &Context, caller: &StaffCaller, policy: MallPolicy) -> Result<MallPolicy> {
    caller.require(Permission::WriteCoupons)?;
    policy.check()?;
    let txn = ctx.db.begin().await?;
    let before = load(&txn).await?;
    brand_setting::save(ctx, &txn, caller, (NAME, "mall.windows"), (&before, &policy)).await?;
    txn.commit().await?;
    Ok(policy)
}
