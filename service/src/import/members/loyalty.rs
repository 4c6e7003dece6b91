//! What members bring along from an older system: a balance of points and a tier, each taken once.

use std::collections::HashMap;

use entity::states::PointsKind;
use entity::tier;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};

use crate::audit::Actor;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, TierId};
use crate::points::{self, Gift};
use crate::tier as tiers_of_members;

#[derive(Debug, Clone)]
pub(super) struct Brought {
    pub member_id: MemberId,
    pub points: Option<i64>,
    pub tier: Option<TierId>,
}

pub(super) async fn tiers(connection: &impl ConnectionTrait) -> Result<HashMap<String, TierId>> {
    let rows = tier::Entity::find().all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}

/// A member whose balance was imported before keeps what it has become since; so does one whose tier has moved.
pub(super) async fn bring(ctx: &Context, txn: &DatabaseTransaction, mut brought: Vec<Brought>) -> Result<()> {
    // Members are locked in the order of their ids.
    brought.sort_by_key(|one| one.member_id);
    for Brought { member_id, points, tier } in brought {
        let member_id = points::lock(txn, member_id).await?;
        let before = (member_id, PointsKind::Import);
        if let Some(points) = points
            && !points::is_written_of_any(txn, before, "").await?
        {
            let gift = Gift {
                member_id,
                kind: PointsKind::Import,
                business_id: member_id.to_string(),
                points,
                actor: Actor::System,
                reason: None,
            };
            points::give(ctx, txn, gift).await?;
        }
        if let Some(tier) = tier {
            tiers_of_members::bring_tier(ctx, txn, (member_id, tier)).await?;
        }
    }
    Ok(())
}
