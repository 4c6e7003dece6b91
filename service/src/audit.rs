//! Who did what to whom. Append-only; written in the transaction of the act.

use entity::audit_entry;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, StaffId};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Member(MemberId),
    Staff(StaffId),
    /// A schedule, an import, a platform's event.
    System,
}

impl Actor {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Staff(_) => "staff",
            Self::System => "system",
        }
    }

    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Member(id) => Some(id.0),
            Self::Staff(id) => Some(id.0),
            Self::System => None,
        }
    }
}

/// One act: `action` is `noun.verb`, e.g. `staff.create`; `detail` holds no secrets and no phone numbers.
pub struct Act<'a> {
    pub actor: Actor,
    pub action: &'a str,
    pub subject: (&'a str, String),
    pub detail: serde_json::Value,
}

pub async fn record(ctx: &Context, connection: &impl ConnectionTrait, act: Act<'_>) -> Result<()> {
    let row = audit_entry::ActiveModel {
        id: Set(ctx.new_id()),
        actor_kind: Set(act.actor.kind().to_owned()),
        actor_id: Set(act.actor.id()),
        action: Set(act.action.to_owned()),
        subject_kind: Set(act.subject.0.to_owned()),
        subject_id: Set(act.subject.1),
        detail: Set(act.detail),
        request_id: Set(None),
        created_at: Set(ctx.now()),
    };
    audit_entry::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}
