//! Codes that members type in: one for everybody, which stands on the template, or one for each, made in batches and good
//! once.

use entity::{coupon_code, coupon_template, member};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::issue::{IssueOrder, issue_copies, lock_template};
use super::redeem::find;
use super::template::typed;
use super::{HeldCoupon, code, rules};
use crate::allowance::Allowance;
use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponId, CouponTemplateId, MemberId};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

/// How the audit log names the making of codes.
pub(super) const MADE: &str = "coupon_code.create";
/// Codes made by one request.
const MOST: usize = 10_000;
const LONGEST_BATCH: usize = 60;
/// Rows per INSERT: far below both databases' limits on bound values.
const INSERT_ROWS: usize = 500;

/// Codes that a member may try in a minute: one for everybody may be short, and must not be found by trying.
const TRIES_PER_MINUTE: i64 = 20;

/// Makes codes of a template, each good for one copy, once. `batch` is a name to find them by.
pub async fn create_codes(
    ctx: &Context,
    staff: &StaffCaller,
    template_id: CouponTemplateId,
    (batch, count): (&str, usize),
) -> Result<Vec<String>> {
    staff.require(Permission::WriteCoupons)?;
    if !(1..=MOST).contains(&count) {
        return Err(Error::invalid("count", format!("must be from 1 to {MOST}")));
    }
    if !(1..=LONGEST_BATCH).contains(&batch.trim().chars().count()) {
        return Err(Error::invalid("batch", format!("must have 1 to {LONGEST_BATCH} characters")));
    }
    let codes: Vec<String> = (0..count).map(|_| code::generate()).collect();
    let txn = ctx.db.begin().await?;
    lock_template(&txn, template_id).await?;
    for chunk in codes.chunks(INSERT_ROWS) {
        let rows =
            chunk.iter().map(|code| row(ctx, template_id, (batch, code)).into_active_model().reset_all());
        coupon_code::Entity::insert_many(rows).exec_without_returning(&txn).await?;
    }
    let act = Act {
        actor: staff.actor(),
        action: MADE,
        subject: ("coupon_template", template_id.to_string()),
        detail: serde_json::json!({ "batch": batch, "count": count }),
    };
    audit::record(ctx, &txn, act).await?;
    txn.commit().await?;
    Ok(codes)
}

fn row(ctx: &Context, template_id: CouponTemplateId, (batch, code): (&str, &str)) -> coupon_code::Model {
    coupon_code::Model {
        code: code.to_owned(),
        template_id,
        batch: batch.trim().to_owned(),
        member_id: None,
        coupon_id: None,
        used_at: None,
        created_at: ctx.now(),
    }
}

/// The copy that a code stands for. A code of one's own that one typed in before gives the same copy again.
///
/// # Refuses
/// `coupon_code_invalid`, `coupon_code_used`, and what [`super::claim`] refuses, except that the template need not be in
/// the claim centre. Answers 429 after twenty tries in a minute.
pub async fn claim_by_code(ctx: &Context, member: &member::Model, text: &str) -> Result<HeldCoupon> {
    Allowance::per(ctx, &format!("coupon-code:{}", member.id), TRIES_PER_MINUTE, 60).take(ctx).await?;
    let text = typed(text);
    let own = coupon_code::Entity::find_by_id(text.clone()).one(ctx.db.read()).await?;
    let template_id = match &own {
        Some(own) => own.template_id,
        None => template_of(ctx, &text).await?,
    };
    let txn = ctx.db.begin().await?;
    let member_id = redirect::hold_current(&txn, member.id).await?;
    let active = redirect::hold_active(&txn, &[member_id]).await?;
    let template = lock_template(&txn, template_id).await?;
    if own.is_some() && !use_code(ctx, &txn, &text, member_id).await? {
        txn.rollback().await?;
        return used_before(ctx, &text, member_id).await;
    }
    rules::check_takeable(&template, ctx.now())?;
    let order = IssueOrder { template_id, member_ids: &[member_id], source: "code", source_id: None };
    let outcome = issue_copies(ctx, &txn, &template, &active, &order).await?.pop();
    let made = outcome.ok_or_else(|| Error::internal(anyhow::anyhow!("no outcome for a code")))??;
    if own.is_some() {
        note_copy(&txn, &text, made.id).await?;
    }
    txn.commit().await?;
    find(ctx, made.id).await
}

/// Of a code for everybody.
async fn template_of(ctx: &Context, text: &str) -> Result<CouponTemplateId> {
    let public = coupon_template::Column::PublicCode.eq(text);
    let row = coupon_template::Entity::find().filter(public).one(ctx.db.read()).await?;
    Ok(row.ok_or(Refusal::CouponCodeInvalid)?.id)
}

async fn use_code(ctx: &Context, txn: &DatabaseTransaction, text: &str, member_id: MemberId) -> Result<bool> {
    let used = coupon_code::Entity::update_many()
        .col_expr(coupon_code::Column::MemberId, Expr::value(member_id.0))
        .col_expr(coupon_code::Column::UsedAt, Expr::value(ctx.now()))
        .filter(coupon_code::Column::Code.eq(text))
        .filter(coupon_code::Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(used.rows_affected == 1)
}

async fn note_copy(txn: &DatabaseTransaction, text: &str, id: CouponId) -> Result<()> {
    coupon_code::Entity::update_many()
        .col_expr(coupon_code::Column::CouponId, Expr::value(id.0))
        .filter(coupon_code::Column::Code.eq(text))
        .exec(txn)
        .await?;
    Ok(())
}

async fn used_before(ctx: &Context, text: &str, member_id: MemberId) -> Result<HeldCoupon> {
    let row = coupon_code::Entity::find_by_id(text.to_owned()).one(ctx.db.read()).await?;
    let mine = row.filter(|row| row.member_id == Some(member_id)).and_then(|row| row.coupon_id);
    find(ctx, mine.ok_or(Refusal::CouponCodeUsed)?).await
}
