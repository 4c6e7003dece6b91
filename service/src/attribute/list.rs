//! The attributes with how much each is used: what is asked before one is archived.

use std::collections::HashMap;

use entity::{attribute, member_attribute};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::audience;
use crate::context::Context;
use crate::error::Result;
use crate::ids::AttributeId;
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

pub struct UsedAttribute {
    pub attribute: attribute::Model,
    /// How many members have a value of it.
    pub members: i64,
    /// The names of the segments that ask for it.
    pub segments: Vec<String>,
}

/// Oldest first, archived ones too.
pub async fn list_attributes(
    ctx: &Context,
    caller: &StaffCaller,
    page: &PageRequest,
) -> Result<Page<UsedAttribute>> {
    caller.require(Permission::ReadMembers)?;
    let connection = ctx.db.read();
    let mut query = attribute::Entity::find().order_by_asc(attribute::Column::Id).limit(page.limit() + 1);
    if let Some(after) = page.after::<AttributeId>()? {
        query = query.filter(attribute::Column::Id.gt(after));
    }
    let rows = query.all(connection).await?;
    let mut members = members_with(connection, &rows).await?;
    let rules = audience::rules(connection).await?;
    let used = |attribute: attribute::Model| {
        let asking = rules.iter().filter(|(_, rule)| rule.asks_for_attribute(&attribute.key));
        UsedAttribute {
            members: members.remove(&attribute.id).unwrap_or_default(),
            segments: asking.map(|(name, _)| name.clone()).collect(),
            attribute,
        }
    };
    let lines = rows.into_iter().map(used).collect();
    Ok(Page::from_rows(lines, page.limit(), |line: &UsedAttribute| line.attribute.id.0))
}

async fn members_with(
    connection: &impl ConnectionTrait,
    rows: &[attribute::Model],
) -> Result<HashMap<AttributeId, i64>> {
    use member_attribute::Column;
    let counts: Vec<(AttributeId, i64)> = member_attribute::Entity::find()
        .select_only()
        .column(Column::AttributeId)
        .column_as(Column::MemberId.count(), "members")
        .filter(Column::AttributeId.is_in(rows.iter().map(|row| row.id)))
        .group_by(Column::AttributeId)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(counts.into_iter().collect())
}
