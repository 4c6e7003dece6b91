//! Who did what to whom. Append-only; written in the transaction of the act.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::audit_entry;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::ids::{AuditEntryId, MemberId, StaffId};
use crate::names::{self, Names};
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
    pub actor_kind: Option<String>,
    /// From then, until before then.
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<String>,
    pub action: Option<String>,
}

/// An entry with what people call the two it names: staff and things by name, a member by the card's number. What is gone, or was
/// never named, has none.
#[derive(Debug, Clone)]
pub struct AuditLine {
    pub entry: audit_entry::Model,
    pub actor_name: Option<String>,
    pub subject_name: Option<String>,
}

/// The log, newest first.
pub async fn list_audit(
    ctx: &Context,
    caller: &StaffCaller,
    filter: AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditLine>> {
    caller.require(Permission::ReadAudit)?;
    let mut wanted = Condition::all()
        .add_option(filter.actor_kind.map(|kind| audit_entry::Column::ActorKind.eq(kind)))
        .add_option(filter.since.map(|since| audit_entry::Column::CreatedAt.gte(since)))
        .add_option(filter.until.map(|until| audit_entry::Column::CreatedAt.lt(until)))
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
    let page = Page::from_rows(rows, page.limit(), |entry| entry.id.0);
    let named = Named::read(ctx, &page.items).await?;
    Ok(page.map(|entry| named.line(entry)))
}

/// Names by kind and id.
struct Named(HashMap<&'static str, Names>);

impl Named {
    async fn read(ctx: &Context, entries: &[audit_entry::Model]) -> Result<Self> {
        let ids = |kind: &'static str| {
            let actors = entries.iter().filter(move |entry| entry.actor_kind == kind);
            let subjects = entries.iter().filter(move |entry| entry.subject_kind == kind);
            let subjects = subjects.filter_map(|entry| Uuid::parse_str(&entry.subject_id).ok());
            actors.filter_map(|entry| entry.actor_id).chain(subjects)
        };
        Ok(Self(HashMap::from([
            ("campaign", names::of_campaigns(ctx, ids("campaign")).await?),
            ("coupon_pack", names::of_coupon_packs(ctx, ids("coupon_pack")).await?),
            ("coupon_template", names::of_coupon_templates(ctx, ids("coupon_template")).await?),
            ("mall_item", names::of_mall_items(ctx, ids("mall_item")).await?),
            ("member", names::of_members(ctx, ids("member")).await?),
            ("segment", names::of_segments(ctx, ids("segment")).await?),
            ("staff", names::of_staff(ctx, ids("staff")).await?),
            ("store", names::of_stores(ctx, ids("store")).await?),
            ("tag", names::of_tags(ctx, ids("tag")).await?),
        ])))
    }

    fn line(&self, entry: audit_entry::Model) -> AuditLine {
        let name = |kind: &str, id: Uuid| self.0.get(kind)?.get(&id).cloned();
        AuditLine {
            actor_name: entry.actor_id.and_then(|id| name(&entry.actor_kind, id)),
            subject_name: Uuid::parse_str(&entry.subject_id)
                .ok()
                .and_then(|id| name(&entry.subject_kind, id)),
            entry,
        }
    }
}
