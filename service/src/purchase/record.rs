//! Staff record what a member paid, after a scan or by the number on the card.

use chrono::{DateTime, SubsecRound, Utc};
use entity::states::MemberState;
use entity::{member, purchase, purchase_line};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use super::gains;
use super::list::RecordedPurchase;
use super::rows::{insert_lines, insert_rows, line_rows};
use super::rules::{self, NewLine};
use crate::audit::{self, Act};
use crate::card::{self, till};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{MemberId, ScanId, StoreId};
use crate::order_gift;
use crate::points;
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

/// How the till knows whose purchase it is.
#[derive(Debug, Clone)]
pub enum Customer {
    Scan(ScanId),
    CardNumber(String),
}

#[derive(Debug, Clone)]
pub struct RecordPurchase {
    pub store_id: StoreId,
    pub customer: Customer,
    pub order_no: String,
    pub total_fen: i64,
    /// Now when none is given.
    pub purchased_at: Option<DateTime<Utc>>,
    pub lines: Vec<NewLine>,
}

/// Records an order once: the same order again is answered with what is there.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`, `scan_expired`, `member_disabled`, `order_number_taken`
pub async fn record_purchase(
    ctx: &Context,
    staff: &StaffCaller,
    command: RecordPurchase,
) -> Result<RecordedPurchase> {
    till::require_open(ctx, staff, command.store_id).await?;
    rules::validate(&command.order_no, command.total_fen, &command.lines)?;
    check_time(ctx, command.purchased_at)?;
    let mut row = row(ctx, staff, &command).await?;
    let txn = ctx.db.begin().await?;
    row.member_id = points::lock_with_inviter(&txn, row.member_id).await?;
    if insert_rows(&txn, std::slice::from_ref(&row)).await? == 0 {
        let there = find(&txn, &row).await?;
        txn.commit().await?;
        let same = rules::is_same(
            (&there.purchase, &there.lines),
            (&row, &command.lines),
            command.purchased_at.is_some(),
        );
        return if same { Ok(there) } else { Err(Refusal::OrderNumberTaken.into()) };
    }
    let lines = line_rows(ctx, row.id, &command.lines);
    insert_lines(&txn, &lines).await?;
    let earnings = gains::bring(ctx, &txn, &row, &lines).await?;
    let act = Act {
        actor: staff.actor(),
        action: "purchase.record",
        subject: ("purchase", row.id.to_string()),
        detail: serde_json::json!({ "store_id": row.store_id, "order_no": row.order_no, "total_fen": row.total_fen }),
    };
    audit::record(ctx, &txn, act).await?;
    let gift = order_gift::gifts_of(&txn, [row.id]).await?.remove(&row.id);
    txn.commit().await?;
    Ok(RecordedPurchase { purchase: row, lines, earnings, gift })
}

/// A till's clock may run a little ahead; a purchase of tomorrow is a mistake.
fn check_time(ctx: &Context, at: Option<DateTime<Utc>>) -> Result<()> {
    match at {
        Some(at) if at > ctx.now() + chrono::Duration::minutes(10) => {
            Err(Error::invalid("purchased_at", "must not lie in the future"))
        }
        _ => Ok(()),
    }
}

async fn row(ctx: &Context, staff: &StaffCaller, command: &RecordPurchase) -> Result<purchase::Model> {
    let now = ctx.now();
    Ok(purchase::Model {
        id: ctx.new_id(),
        store_id: command.store_id,
        order_no: command.order_no.trim().to_owned(),
        member_id: customer(ctx, command).await?,
        staff_id: Some(staff.id),
        total_fen: command.total_fen,
        quantity: rules::quantity(&command.lines),
        purchased_at: command.purchased_at.unwrap_or(now).trunc_subsecs(6),
        source: "till".to_owned(),
        created_at: now,
        refunded_fen: 0,
    })
}

async fn customer(ctx: &Context, command: &RecordPurchase) -> Result<MemberId> {
    let number = match &command.customer {
        Customer::Scan(id) => {
            let (_, member) = card::live_scan(ctx, ctx.db.read(), *id, command.store_id).await?;
            return Ok(member.id);
        }
        Customer::CardNumber(number) => number.trim(),
    };
    let member = member::Entity::find()
        .filter(member::Column::CardNumber.eq(number))
        .one(ctx.db.read())
        .await?
        .ok_or(Error::NotFound("member"))?;
    let member = redirect::answering(ctx.db.read(), member).await?;
    match member.state {
        MemberState::Active => Ok(member.id),
        MemberState::Disabled => Err(Refusal::MemberDisabled.into()),
        MemberState::Deleted | MemberState::Merged => Err(Error::NotFound("member")),
    }
}

async fn find(txn: &DatabaseTransaction, asked: &purchase::Model) -> Result<RecordedPurchase> {
    let purchase = purchase::Entity::find()
        .filter(purchase::Column::StoreId.eq(asked.store_id))
        .filter(purchase::Column::OrderNo.eq(&asked.order_no))
        .one(txn)
        .await?
        .ok_or(Error::NotFound("purchase"))?;
    let lines = purchase_line::Entity::find()
        .filter(purchase_line::Column::PurchaseId.eq(purchase.id))
        .order_by_asc(purchase_line::Column::Id)
        .all(txn)
        .await?;
    let earnings = points::earnings_of(txn, [purchase.id]).await?.remove(&purchase.id).unwrap_or_default();
    let gift = order_gift::gifts_of(txn, [purchase.id]).await?.remove(&purchase.id);
    Ok(RecordedPurchase { purchase, lines, earnings, gift })
}
