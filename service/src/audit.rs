//! Who did what to whom. Append-only; written in the transaction of the act.

use entity::audit_entry;
pub use entity::audit_entry::Model as AuditRow;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::ids::{AuditEntryId, MemberId, StaffId};
use crate::page::{Page, PageRequest};
use crate::request_id;
use crate::staff::{Permission, StaffCaller};

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
        request_id: Set(request_id::current()),
        created_at: Set(ctx.now()),
    };
    audit_entry::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// What a reader of the log looks for; None means any.
#[derive(Debug, Default)]
pub struct AuditFilter {
    pub actor_id: Option<Uuid>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<String>,
    pub action: Option<String>,
}

/// The log, newest first.
pub async fn list_audit(
    ctx: &Context,
    caller: &StaffCaller,
    filter: AuditFilter,
    page: &PageRequest,
) -> Result<Page<audit_entry::Model>> {
    caller.require(Permission::ReadAudit)?;
    let mut wanted = Condition::all()
        .add_option(filter.actor_id.map(|id| audit_entry::Column::ActorId.eq(id)))
        .add_option(filter.subject_kind.map(|kind| audit_entry::Column::SubjectKind.eq(kind)))
        .add_option(filter.subject_id.map(|id| audit_entry::Column::SubjectId.eq(id)))
        .add_option(filter.action.map(|action| audit_entry::Column::Action.eq(action)));
    if let Some(after) = page.after::<AuditEntryId>()? {
        wanted = wanted.add(audit_entry::Column::Id.lt(after));
    }
    let rows = audit_entry::Entity::find()
        .filter(wanted)
        .order_by_desc(audit_entry::Column::Id)
        .limit(page.limit() + 1)
        .all(ctx.db.read())
        .await?;
    Ok(Page::from_rows(rows, page.limit(), |entry| entry.id.0))
}
