//! The member's in-app inbox. Written by deliveries on the inbox channel; read and marked by the member alone.

mod basis;
mod stop;
mod why;
mod words;

use entity::{delivery, inbox_message};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

pub use basis::Basis;
pub use entity::inbox_message::Model as InboxRow;
pub use stop::{Reach, Stopped, stop, stop_delivery};
pub use why::{PastMessage, Why, history, why};
pub use words::Words;

use crate::context::Context;
use crate::delivery::Rendered;
use crate::error::Result;
use crate::ids::{InboxMessageId, MemberId};
use crate::page::{Page, PageRequest};

/// Writes a message that belongs to no delivery.
pub async fn put(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    rendered: &Rendered,
    page: Option<&str>,
) -> Result<()> {
    inbox_message::Entity::insert(inbox_message::ActiveModel {
        id: Set(ctx.new_id()),
        member_id: Set(member_id),
        delivery_id: Set(None),
        title: Set(rendered.title.clone()),
        body: Set(rendered.body.clone()),
        page: Set(page.map(str::to_owned)),
        created_at: Set(ctx.now()),
        read_at: Set(None),
    })
    .exec_without_returning(txn)
    .await?;
    Ok(())
}

/// Newest first.
pub async fn list(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<inbox_message::Model>> {
    let mut query = inbox_message::Entity::find()
        .filter(inbox_message::Column::MemberId.eq(member_id))
        .order_by_desc(inbox_message::Column::Id)
        .limit(page.limit() + 1);
    if let Some(after) = page.after::<InboxMessageId>()? {
        query = query.filter(inbox_message::Column::Id.lt(after));
    }
    Ok(Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0))
}

/// One message of the member's own.
pub async fn read_one(
    ctx: &Context,
    member_id: MemberId,
    id: InboxMessageId,
) -> Result<inbox_message::Model> {
    why::own(ctx.db.read(), member_id, id).await
}

pub async fn unread(ctx: &Context, member_id: MemberId) -> Result<u64> {
    Ok(inbox_message::Entity::find()
        .filter(inbox_message::Column::MemberId.eq(member_id))
        .filter(inbox_message::Column::ReadAt.is_null())
        .count(ctx.db.read())
        .await?)
}

/// Marks one as read; the first time counts, for its delivery too: only a member who is signed in can open a message, so no
/// program that follows links is taken for one.
pub async fn mark_read(ctx: &Context, member_id: MemberId, id: InboxMessageId) -> Result<()> {
    let txn = ctx.db.begin().await?;
    let message = why::own(&txn, member_id, id).await?;
    if let Some(delivery_id) = message.delivery_id {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::OpenedAt, Expr::value(ctx.now()))
            .filter(delivery::Column::Id.eq(delivery_id))
            .filter(delivery::Column::OpenedAt.is_null())
            .exec(&txn)
            .await?;
    }
    inbox_message::Entity::update_many()
        .col_expr(inbox_message::Column::ReadAt, Expr::value(ctx.now()))
        .filter(inbox_message::Column::Id.eq(id))
        .filter(inbox_message::Column::ReadAt.is_null())
        .exec(&txn)
        .await?;
    txn.commit().await?;
    Ok(())
}
