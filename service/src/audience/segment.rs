//! Segments as the console keeps them, and what a rule picks right now.

use entity::states::CampaignState;
use entity::{campaign, member, segment};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::{Rule, size};
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::facts::Facts;
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
        deleted_at: None,
    };
    let members = picks(ctx, &draft.rule).await?;
    let txn = ctx.db.begin().await?;
    let inserted = segment::Entity::insert(segment::ActiveModel::from(row.clone()))
        .on_conflict(OnConflict::column(segment::Column::Name).do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    if inserted == 0 {
        return Err(Refusal::NameTaken.into());
    }
    size::keep_size(ctx, &txn, row.id, members).await?;
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
    let members = picks(ctx, &draft.rule).await?;
    let txn = ctx.db.begin().await?;
    let namesake = segment::Entity::find()
        .filter(segment::Column::Name.eq(draft.name.trim()))
        .filter(segment::Column::Id.ne(id))
        .one(&txn)
        .await?;
    if namesake.is_some() {
        return Err(Refusal::NameTaken.into());
    }
    let before = lock(&txn, id).await?;
    let mut row: segment::ActiveModel = before.into();
    row.name = Set(draft.name.trim().to_owned());
    row.rule = Set(serde_json::to_value(&draft.rule).map_err(Error::internal)?);
    row.updated_at = Set(ctx.now());
    let row = segment::Entity::update(row).exec(&txn).await?;
    size::keep_size(ctx, &txn, id, members).await?;
    audit::record(ctx, &txn, act(caller, "segment.update", &row)).await?;
    txn.commit().await?;
    Ok(row)
}

/// Takes a segment out of use. Campaigns that are over keep naming its row; its name is free again.
///
/// # Refuses
/// `segment_in_use`
pub async fn remove(ctx: &Context, caller: &StaffCaller, id: SegmentId) -> Result<()> {
    caller.require(Permission::WriteCampaigns)?;
    let txn = ctx.db.begin().await?;
    let row = lock(&txn, id).await?;
    let campaigns = unfinished_campaigns(&txn, id).await?;
    if !campaigns.is_empty() {
        return Err(Error::because(Refusal::SegmentInUse, Facts { campaigns, ..Facts::default() }));
    }
    audit::record(ctx, &txn, act(caller, "segment.delete", &row)).await?;
    let freed = format!("{} {id}", row.name);
    let mut gone: segment::ActiveModel = row.into();
    gone.name = Set(freed);
    gone.deleted_at = Set(Some(ctx.now()));
    segment::Entity::update(gone).exec(&txn).await?;
    txn.commit().await?;
    Ok(())
}

async fn unfinished_campaigns(connection: &impl ConnectionTrait, id: SegmentId) -> Result<Vec<String>> {
    Ok(campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Name)
        .filter(campaign::Column::SegmentId.eq(id))
        .filter(campaign::Column::State.is_not_in([CampaignState::Completed, CampaignState::Cancelled]))
        .order_by_asc(campaign::Column::Id)
        .into_tuple()
        .all(connection)
        .await?)
}

/// Those that were not deleted.
pub(super) fn live() -> Select<segment::Entity> {
    segment::Entity::find().filter(segment::Column::DeletedAt.is_null())
}

async fn lock(connection: &impl ConnectionTrait, id: SegmentId) -> Result<segment::Model> {
    let row = live().filter(segment::Column::Id.eq(id)).lock_exclusive().one(connection).await?;
    row.ok_or(Error::NotFound("segment"))
}

/// For a campaign that is to use it: it can't be deleted before the transaction ends. None where there is no such segment.
pub async fn hold(connection: &impl ConnectionTrait, id: SegmentId) -> Result<Option<segment::Model>> {
    Ok(live().filter(segment::Column::Id.eq(id)).lock_shared().one(connection).await?)
}

pub async fn find(ctx: &Context, caller: &StaffCaller, id: SegmentId) -> Result<segment::Model> {
    caller.require(Permission::ReadCampaigns)?;
    let row = live().filter(segment::Column::Id.eq(id)).one(ctx.db.read()).await?;
    row.ok_or(Error::NotFound("segment"))
}

/// Newest first.
pub async fn list(ctx: &Context, caller: &StaffCaller, page: &PageRequest) -> Result<Page<segment::Model>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = live().order_by_desc(segment::Column::Id).limit(page.limit() + 1);
    if let Some(after) = page.after::<SegmentId>()? {
        query = query.filter(segment::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// The names of the segments with their rules, by name. What another version wrote and this one can't read is left out.
pub async fn rules(connection: &impl ConnectionTrait) -> Result<Vec<(String, Rule)>> {
    let rows = live().order_by_asc(segment::Column::Name).all(connection).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.name, serde_json::from_value(row.rule).ok()?))).collect())
}

/// How many members the rule picks at this moment.
pub async fn count(ctx: &Context, caller: &StaffCaller, rule: &Rule) -> Result<u64> {
    caller.require(Permission::ReadCampaigns)?;
    rule.validate()?;
    picks(ctx, rule).await
}

pub(super) async fn picks(ctx: &Context, rule: &Rule) -> Result<u64> {
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

fn picked(ctx: &Context, rule: &Rule) -> Select<member::Entity> {
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
