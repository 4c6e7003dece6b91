//! Who may take a copy of a template that is for certain tiers. It is asked when a copy is taken and not at the till: who has one keeps it.

use std::collections::HashSet;

use entity::{coupon_template, tier, tier_standing};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Conditions;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{MemberId, TierId};

/// Those of `members` who may take a copy. None: the template is for every tier.
pub(super) async fn entitled(
    connection: &impl ConnectionTrait,
    template: &coupon_template::Model,
    members: &[MemberId],
) -> Result<Option<HashSet<MemberId>>> {
    let conditions: Conditions =
        serde_json::from_value(template.conditions.clone()).map_err(Error::internal)?;
    if conditions.tiers.is_empty() {
        return Ok(None);
    }
    let of_members =
        is_any(connection.get_database_backend(), tier_standing::Column::MemberId, members.iter().copied());
    let standing: Vec<(MemberId, TierId)> = tier_standing::Entity::find()
        .select_only()
        .columns([tier_standing::Column::MemberId, tier_standing::Column::TierId])
        .filter(of_members)
        .into_tuple()
        .all(connection)
        .await?;
    let lowest = lowest_tier(connection).await?;
    let mut entitled: HashSet<MemberId> =
        match lowest.is_some_and(|lowest| conditions.tiers.contains(&lowest)) {
            true => members.iter().copied().collect(),
            false => HashSet::new(),
        };
    for (member, tier) in standing {
        if conditions.tiers.contains(&tier) {
            entitled.insert(member);
        } else {
            entitled.remove(&member);
        }
    }
    Ok(Some(entitled))
}

/// The tier that decides which templates a member may take. None where there is no ladder.
pub(super) async fn tier_of(connection: &impl ConnectionTrait, member: MemberId) -> Result<Option<TierId>> {
    match tier_standing::Entity::find_by_id(member).one(connection).await? {
        Some(standing) => Ok(Some(standing.tier_id)),
        None => lowest_tier(connection).await,
    }
}

/// Of whoever has no standing.
async fn lowest_tier(connection: &impl ConnectionTrait) -> Result<Option<TierId>> {
    let lowest = tier::Entity::find().order_by_asc(tier::Column::Rank).one(connection).await?;
    Ok(lowest.map(|tier| tier.id))
}
