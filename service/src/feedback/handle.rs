//! Staff answer feedback, and close it.

use entity::states::{FeedbackKind, FeedbackState};
use entity::{feedback, feedback_reply};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::list::{HandledFeedback, handled, is_visible};
use super::{FeedbackRow, ReplyRow, words};
use crate::audit::{self, Act};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::FeedbackId;
use crate::notice::{self, Kind, NewNotice, Step};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// Answers; the member is told. The same answer again, when it was the last one, is given once.
///
/// # Refuses
/// `feedback_closed`
pub async fn reply_to_feedback(
    ctx: &Context,
    staff: &StaffCaller,
    id: FeedbackId,
    text: &str,
) -> Result<HandledFeedback> {
    let text = words(text)?;
    let txn = ctx.db.begin().await?;
    let row = lock(&txn, staff, id).await?;
    if row.state == FeedbackState::Closed {
        return Err(Refusal::FeedbackClosed.into());
    }
    let last = last_reply(&txn, id).await?;
    if last.is_some_and(|last| last.staff_id == staff.id && last.text == text) {
        drop(txn);
        return one(ctx, row).await;
    }
    let reply =
        ReplyRow { id: ctx.new_id(), feedback_id: id, staff_id: staff.id, text, created_at: ctx.now() };
    let reply_id = reply.id;
    feedback_reply::Entity::insert(reply.into_active_model().reset_all())
        .exec_without_returning(&txn)
        .await?;
    let row = move_to(ctx, &txn, row, |row| row.state = Set(FeedbackState::Answered)).await?;
    notice::send(ctx, &txn, told_of(ctx, &row, format!("{}:{reply_id}", Kind::FeedbackReply.as_str())))
        .await?;
    record(ctx, &txn, staff, ("feedback.reply", &row)).await?;
    txn.commit().await?;
    one(ctx, row).await
}

/// Needs no more answer. Doing it twice changes nothing.
///
/// # Refuses
/// `feedback_unanswered` for a complaint that nobody has answered
pub async fn close_feedback(ctx: &Context, staff: &StaffCaller, id: FeedbackId) -> Result<HandledFeedback> {
    let txn = ctx.db.begin().await?;
    let row = lock(&txn, staff, id).await?;
    if row.state == FeedbackState::Closed {
        drop(txn);
        return one(ctx, row).await;
    }
    if row.kind == FeedbackKind::Complaint && row.state == FeedbackState::Open {
        return Err(Refusal::FeedbackUnanswered.into());
    }
    let closed = |row: &mut feedback::ActiveModel| {
        row.state = Set(FeedbackState::Closed);
        row.closed_by = Set(Some(staff.id));
        row.closed_at = Set(Some(ctx.now()));
    };
    let row = move_to(ctx, &txn, row, closed).await?;
    record(ctx, &txn, staff, ("feedback.close", &row)).await?;
    txn.commit().await?;
    one(ctx, row).await
}

/// What names no store of theirs does not exist for staff who are limited to stores.
async fn lock(txn: &DatabaseTransaction, staff: &StaffCaller, id: FeedbackId) -> Result<FeedbackRow> {
    staff.require(Permission::HandleFeedback)?;
    let row = feedback::Entity::find_by_id(id).lock_exclusive().one(txn).await?;
    row.filter(|row| is_visible(staff, row)).ok_or(Error::NotFound("feedback"))
}

async fn last_reply(txn: &DatabaseTransaction, id: FeedbackId) -> Result<Option<ReplyRow>> {
    let replies = feedback_reply::Entity::find().filter(feedback_reply::Column::FeedbackId.eq(id));
    Ok(replies.order_by_desc(feedback_reply::Column::Id).one(txn).await?)
}

async fn move_to(
    ctx: &Context,
    txn: &DatabaseTransaction,
    row: FeedbackRow,
    change: impl FnOnce(&mut feedback::ActiveModel),
) -> Result<FeedbackRow> {
    let mut row = row.into_active_model();
    change(&mut row);
    row.updated_at = Set(ctx.now());
    Ok(row.update(txn).await?)
}

/// The words stand with the feedback alone, so that they are gone when the member leaves.
fn told_of(ctx: &Context, row: &FeedbackRow, business_key: String) -> NewNotice {
    let day = calendar::local_date(row.created_at, ctx.settings.timezone).format("%-m月%-d日");
    let body = format!("我们回复了您{day}的留言，请在“我的反馈”中查看。");
    NewNotice {
        member_id: row.member_id,
        kind: Kind::FeedbackReply,
        business_key,
        steps: vec![Step::inbox("您的反馈有了回复".to_owned(), body, None)],
        expires_at: None,
    }
}

async fn record(
    ctx: &Context,
    txn: &DatabaseTransaction,
    staff: &StaffCaller,
    (action, row): (&str, &FeedbackRow),
) -> Result<()> {
    let subject = ("feedback", row.id.to_string());
    let detail = serde_json::json!({ "kind": row.kind, "store_id": row.store_id });
    audit::record(ctx, txn, Act { actor: staff.actor(), action, subject, detail }).await
}

async fn one(ctx: &Context, row: FeedbackRow) -> Result<HandledFeedback> {
    handled(ctx, vec![row]).await?.pop().ok_or(Error::NotFound("feedback"))
}
