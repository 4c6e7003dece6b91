//! Segments as the console keeps them, and what a rule picks right now.

use entity::{member, segment};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Rule;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::SegmentId;
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone)]
pub struct SegmentDraft {
    pub name: String,
    pub rule: Rule,
}

impl SegmentDraft {
    fn validate(&self) -> Result<()> {
        if self.name.trim().is_empty() || self.name.chars().count() > 60 {
            return Err(Error::invalid("name", "needs 1 to 60 characters"));
        }
        self.rule.validate()
    }
}

/// # Refuses
/// `name_taken`
pub async fn create(ctx: &Context, caller: &StaffCaller, draft: SegmentDraft) -> Result<segment::Model> {
    caller.require(Permission::WriteCampaigns)?;
    draft.validate()?;
    let row = segment::Model {
        id: ctx.new_id(),
        name: draft.name.trim().to_owned(),
        rule: serde_json::to_value(&draft.rule).map_err(Error::internal)?,
        created_at: ctx.now(),
        updated_at: ctx.now(),
    };
    let txn = ctx.db.begin().await?;
    let inserted = segment::Entity::insert(segment::ActiveModel::from(row.clone()))
        .on_conflict(OnConflict::column(segment::Column::Name).do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if inserted == 0 {
        return Err(Refusal::NameTaken.into());
    }
    audit::record(ctx, &txn, act(caller, "segment.create", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

/// # Refuses
/// `name_taken`
pub async fn update(
    ctx: &Context,
    caller: &StaffCaller,
    id: SegmentId,
    draft: SegmentDraft,
) -> Result<segment::Model> {
    caller.require(Permission::WriteCampaigns)?;
    draft.validate()?;
    let txn = ctx.db.begin().await?;
    let namesake = segment::Entity::find()
        .filter(segment::Column::Name.eq(draft.name.trim()))
        .filter(segment::Column::Id.ne(id))
        .one(&txn)
        .await?;
    if namesake.is_some() {
        return Err(Refusal::NameTaken.into());
    }
    let before = segment::Entity::find_by_id(id).one(&txn).await?.ok_or(Error::NotFound("segment"))?;
    let mut row: segment::ActiveModel = before.into();
    row.name = Set(draft.name.trim().to_owned());
    row.rule = Set(serde_json::to_value(&draft.rule).map_err(Error::internal)?);
    row.updated_at = Set(ctx.now());
    let row = segment::Entity::update(row).exec(&txn).await?;
    audit::record(ctx, &txn, act(caller, "segment.update", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

pub async fn find(ctx: &Context, caller: &StaffCaller, id: SegmentId) -> Result<segment::Model> {
    caller.require(Permission::ReadCampaigns)?;
    segment::Entity::find_by_id(id).one(ctx.db.read()).await?.ok_or(Error::NotFound("segment"))
}

/// Newest first.
pub async fn list(ctx: &Context, caller: &StaffCaller, page: &PageRequest) -> Result<Page<segment::Model>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = segment::Entity::find().order_by_desc(segment::Column::Id).limit(page.limit() + 1);
    if let Some(after) = page.after::<SegmentId>()? {
        query = query.filter(segment::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// How many members the rule picks at this moment.
pub async fn count(ctx: &Context, caller: &StaffCaller, rule: &Rule) -> Result<u64> {
    caller.require(Permission::ReadCampaigns)?;
    rule.validate()?;
    Ok(picked(ctx, rule).count(ctx.db.read()).await?)
}

/// The first few members that the rule picks.
pub async fn sample(
    ctx: &Context,
    caller: &StaffCaller,
    rule: &Rule,
    size: u64,
) -> Result<Vec<member::Model>> {
    caller.require(Permission::ReadCampaigns)?;
    Ok(picked(ctx, rule).order_by_asc(member::Column::Id).limit(size).all(ctx.db.read()).await?)
}

fn picked(ctx: &Context, rule: &Rule) -> sea_orm::Select<member::Entity> {
    member::Entity::find().filter(rule.condition(ctx.now(), ctx.settings.timezone, ctx.db.backend()))
}

fn act<'a>(caller: &StaffCaller, action: &'a str, row: &segment::Model) -> Act<'a> {
    Act {
        actor: caller.actor(),
        action,
        subject: ("segment", row.id.to_string()),
        detail: serde_json::json!({ "name": row.name, "rule": row.rule }),
    }
}
