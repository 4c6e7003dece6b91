//! Feedback with its answers, as its member and as staff see it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use entity::states::FeedbackState;
use entity::{feedback, feedback_reply, staff as staff_row, store};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{FeedbackRow, ReplyRow};
use crate::context::Context;
use crate::error::Result;
use crate::ids::{FeedbackId, MemberId, StaffId, StoreId};
use crate::member::{self, MemberRow};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller, StoreScope};

/// What is to be answered within this time is due.
const SOON: Duration = Duration::hours(24);

#[derive(Debug, Clone)]
pub struct MyFeedback {
    pub row: FeedbackRow,
    pub store_name: Option<String>,
    /// The oldest first.
    pub replies: Vec<ReplyRow>,
}

/// The member's own, the latest first.
pub async fn list_my_feedback(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<MyFeedback>> {
    let mut query = feedback::Entity::find().filter(feedback::Column::MemberId.eq(member_id));
    if let Some(after) = page.after::<FeedbackId>()? {
        query = query.filter(feedback::Column::Id.lt(after));
    }
    let rows = query.order_by_desc(feedback::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    Ok(Page { items: mine(ctx, page.items).await?, next_cursor: page.next_cursor })
}

pub(super) async fn mine(ctx: &Context, rows: Vec<FeedbackRow>) -> Result<Vec<MyFeedback>> {
    let mut replies = replies_to(ctx, &rows).await?;
    let stores = store_names(ctx, &rows).await?;
    let one = |row: FeedbackRow| MyFeedback {
        store_name: row.store_id.and_then(|id| stores.get(&id).cloned()),
        replies: replies.remove(&row.id).unwrap_or_default(),
        row,
    };
    Ok(rows.into_iter().map(one).collect())
}

#[derive(Debug, Clone, Default)]
pub struct FeedbackFilter {
    pub state: Option<FeedbackState>,
    /// Only complaints that wait and whose time is past or ends within a day; the oldest first.
    pub due: bool,
}

/// As staff see it.
#[derive(Debug, Clone)]
pub struct HandledFeedback {
    pub row: FeedbackRow,
    pub member: Option<MemberRow>,
    pub store_name: Option<String>,
    pub is_overdue: bool,
    /// The oldest first.
    pub replies: Vec<Reply>,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub row: ReplyRow,
    pub staff_name: Option<String>,
}

/// The latest first, but what is due.
pub async fn list_feedback(
    ctx: &Context,
    staff: &StaffCaller,
    filter: &FeedbackFilter,
    page: &PageRequest,
) -> Result<Page<HandledFeedback>> {
    use feedback::Column::{DueAt, Id, State, StoreId as Store};
    staff.require(Permission::HandleFeedback)?;
    let mut query = feedback::Entity::find();
    if let StoreScope::Only(stores) = &staff.stores {
        query = query.filter(Store.is_in(stores.iter().copied()));
    }
    if let Some(state) = filter.state {
        query = query.filter(State.eq(state));
    }
    let after = page.after::<FeedbackId>()?;
    let query = if filter.due {
        let due = query.filter(State.eq(FeedbackState::Open)).filter(DueAt.lte(ctx.now() + SOON));
        after.map_or(due.clone(), |after| due.filter(Id.gt(after))).order_by_asc(Id)
    } else {
        after.map_or(query.clone(), |after| query.filter(Id.lt(after))).order_by_desc(Id)
    };
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    Ok(Page { items: handled(ctx, page.items).await?, next_cursor: page.next_cursor })
}

pub(super) fn is_visible(staff: &StaffCaller, row: &FeedbackRow) -> bool {
    match &staff.stores {
        StoreScope::All => true,
        StoreScope::Only(stores) => row.store_id.is_some_and(|store| stores.contains(&store)),
    }
}

pub(super) async fn handled(ctx: &Context, rows: Vec<FeedbackRow>) -> Result<Vec<HandledFeedback>> {
    let mut replies = replies_to(ctx, &rows).await?;
    let stores = store_names(ctx, &rows).await?;
    let members = member::find_all(ctx, rows.iter().map(|row| row.member_id)).await?;
    let names = staff_names(ctx, replies.values().flatten().map(|reply| reply.staff_id)).await?;
    let reply = |row: ReplyRow| Reply { staff_name: names.get(&row.staff_id).cloned(), row };
    let one = |row: FeedbackRow| HandledFeedback {
        member: members.get(&row.member_id).cloned(),
        store_name: row.store_id.and_then(|id| stores.get(&id).cloned()),
        is_overdue: is_overdue(&row, ctx.now()),
        replies: replies.remove(&row.id).unwrap_or_default().into_iter().map(reply).collect(),
        row,
    };
    Ok(rows.into_iter().map(one).collect())
}

fn is_overdue(row: &FeedbackRow, now: DateTime<Utc>) -> bool {
    row.state == FeedbackState::Open && row.due_at.is_some_and(|due| due <= now)
}

async fn replies_to(ctx: &Context, rows: &[FeedbackRow]) -> Result<HashMap<FeedbackId, Vec<ReplyRow>>> {
    let all = feedback_reply::Entity::find()
        .filter(feedback_reply::Column::FeedbackId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(feedback_reply::Column::Id)
        .all(ctx.db.read())
        .await?;
    let mut replies: HashMap<FeedbackId, Vec<ReplyRow>> = HashMap::new();
    for reply in all {
        replies.entry(reply.feedback_id).or_default().push(reply);
    }
    Ok(replies)
}

async fn store_names(ctx: &Context, rows: &[FeedbackRow]) -> Result<HashMap<StoreId, String>> {
    let ids: BTreeSet<StoreId> = rows.iter().filter_map(|row| row.store_id).collect();
    let stores = store::Entity::find().filter(store::Column::Id.is_in(ids)).all(ctx.db.read()).await?;
    Ok(stores.into_iter().map(|store| (store.id, store.name)).collect())
}

async fn staff_names(ctx: &Context, ids: impl Iterator<Item = StaffId>) -> Result<HashMap<StaffId, String>> {
    let ids: BTreeSet<StaffId> = ids.collect();
    let rows = staff_row::Entity::find().filter(staff_row::Column::Id.is_in(ids)).all(ctx.db.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}
