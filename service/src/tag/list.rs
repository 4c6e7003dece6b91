//! Reading tags, with how many members carry each.

use std::collections::HashMap;

use entity::{member_tag, tag, tag_rule};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};

use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, TagId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

pub struct CountedTag {
    pub tag: tag::Model,
    pub members: i64,
    /// By which members get it, where there is one.
    pub rule: Option<tag_rule::Model>,
}

/// A tag on a member: by whom, why, since when.
pub struct CarriedTag {
    pub tag: tag::Model,
    pub carried: member_tag::Model,
}

pub async fn list_tags(ctx: &Context, caller: &StaffCaller, page: &PageRequest) -> Result<Page<CountedTag>> {
    caller.require(Permission::ReadMembers)?;
    let mut query = tag::Entity::find().order_by_asc(tag::Column::Id).limit(page.limit() + 1);
    if let Some(after) = page.after::<TagId>()? {
        query = query.filter(tag::Column::Id.gt(after));
    }
    let rows = query.all(ctx.db.read()).await?;
    let counts: Vec<(TagId, i64)> = member_tag::Entity::find()
        .select_only()
        .column(member_tag::Column::TagId)
        .column_as(member_tag::Column::MemberId.count(), "members")
        .filter(member_tag::Column::TagId.is_in(rows.iter().map(|tag| tag.id)))
        .group_by(member_tag::Column::TagId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let counts: HashMap<TagId, i64> = counts.into_iter().collect();
    let rules = tag_rule::Entity::find()
        .filter(tag_rule::Column::TagId.is_in(rows.iter().map(|tag| tag.id)))
        .all(ctx.db.read())
        .await?;
    let mut rules: HashMap<TagId, tag_rule::Model> =
        rules.into_iter().map(|rule| (rule.tag_id, rule)).collect();
    let page = Page::from_rows(rows, page.limit(), |tag| tag.id.0);
    Ok(page.map(|tag| CountedTag {
        members: counts.get(&tag.id).copied().unwrap_or_default(),
        rule: rules.remove(&tag.id),
        tag,
    }))
}

pub(crate) async fn tags_of(ctx: &Context, member_id: MemberId) -> Result<Vec<CarriedTag>> {
    let carried =
        tag::Entity::belongs_to(member_tag::Entity).from(tag::Column::Id).to(member_tag::Column::TagId);
    let rows = tag::Entity::find()
        .join(JoinType::InnerJoin, carried.into())
        .select_also(member_tag::Entity)
        .filter(member_tag::Column::MemberId.eq(member_id))
        .order_by_asc(tag::Column::Name)
        .all(ctx.db.read())
        .await?;
    Ok(rows.into_iter().filter_map(|(tag, carried)| Some(CarriedTag { tag, carried: carried? })).collect())
}
