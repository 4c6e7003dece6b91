//! Notices as the console sees them.

use entity::notice;
use entity::states::DeliveryState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::NoticeRow;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, NoticeId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, Default)]
pub struct NoticeFilter {
    pub state: Option<DeliveryState>,
    pub member_id: Option<MemberId>,
}

/// Newest first.
pub async fn list_notices(
    ctx: &Context,
    caller: &StaffCaller,
    filter: NoticeFilter,
    page: &PageRequest,
) -> Result<Page<NoticeRow>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = notice::Entity::find().order_by_desc(notice::Column::Id).limit(page.limit() + 1);
    if let Some(state) = filter.state {
        query = query.filter(notice::Column::State.eq(state));
    }
    if let Some(member_id) = filter.member_id {
        query = query.filter(notice::Column::MemberId.eq(member_id));
    }
    if let Some(after) = page.after::<NoticeId>()? {
        query = query.filter(notice::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}
