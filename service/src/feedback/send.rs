//! A member tells the shop something.

use chrono::Duration;
use entity::states::{FeedbackKind, FeedbackState};
use entity::{feedback, store};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::list::{MyFeedback, mine};
use super::{FeedbackRow, words};
use crate::allowance::Allowance;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, StoreId};
use crate::member;
use crate::text;

const LONGEST_ORDER_NUMBER: usize = 64;

#[derive(Debug, Clone)]
pub struct NewFeedback {
    pub kind: FeedbackKind,
    pub text: String,
    pub store_id: Option<StoreId>,
    pub order_no: Option<String>,
}

/// The same words again while the first ones are still open give the first ones.
pub async fn send_feedback(ctx: &Context, member_id: MemberId, new: NewFeedback) -> Result<MyFeedback> {
    let words = words(&new.text)?;
    let order_no = new.order_no.as_deref().map(order_number).transpose()?;
    require_store(ctx, new.store_id).await?;
    let limit = ctx.settings.feedback.per_member_per_day;
    Allowance::per_day(ctx, &format!("feedback:{member_id}"), limit).take(ctx).await?;
    let now = ctx.now();
    let due_at = match new.kind {
        FeedbackKind::Complaint => Some(now + Duration::hours(ctx.settings.feedback.complaint_hours)),
        FeedbackKind::Message | FeedbackKind::Suggestion => None,
    };
    let txn = ctx.db.begin().await?;
    // Who answers for the id: a session may outlive a merge.
    let member_id = member::lock_present(&txn, member_id).await?.id;
    let row = FeedbackRow {
        id: ctx.new_id(),
        member_id,
        kind: new.kind,
        text: words,
        store_id: new.store_id,
        order_no,
        state: FeedbackState::Open,
        due_at,
        closed_by: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    };
    let row = match same_words(&txn, &row).await? {
        Some(first) => first,
        None => {
            let model = row.clone().into_active_model().reset_all();
            feedback::Entity::insert(model).exec_without_returning(&txn).await?;
            row
        }
    };
    txn.commit().await?;
    mine(ctx, vec![row]).await?.pop().ok_or(Error::NotFound("feedback"))
}

fn order_number(text: &str) -> Result<String> {
    text::line("order_no", text, LONGEST_ORDER_NUMBER)
}

async fn require_store(ctx: &Context, id: Option<StoreId>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let known = store::Entity::find_by_id(id).one(ctx.db.read()).await?;
    known.map(|_| ()).ok_or_else(|| Error::invalid("store_id", "is not a store"))
}

async fn same_words(txn: &impl ConnectionTrait, row: &FeedbackRow) -> Result<Option<FeedbackRow>> {
    let open = feedback::Entity::find()
        .filter(feedback::Column::MemberId.eq(row.member_id))
        .filter(feedback::Column::State.eq(FeedbackState::Open))
        .filter(feedback::Column::Text.eq(&row.text))
        .order_by_asc(feedback::Column::Id)
        .all(txn)
        .await?;
    let is_same = |one: &FeedbackRow| {
        (one.kind, one.store_id, &one.order_no) == (row.kind, row.store_id, &row.order_no)
    };
    Ok(open.into_iter().find(is_same))
}
