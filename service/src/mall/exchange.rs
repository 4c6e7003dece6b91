//! A member exchanges points for an item.

use entity::states::{ExchangeState, MallKind, PointsKind};
use entity::{exchange, mall_item};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};

use super::list::ExchangeRow;
use super::rules::{self, Buyer};
use super::windows;
use crate::audit::Actor;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::{Error, Result};
use crate::ids::{CouponId, ExchangeId, MallItemId, MemberId};
use crate::points::{self, Spending};
use crate::refusal::Refusal;
use crate::text;

#[derive(Debug, Clone)]
pub struct ExchangeItem {
    pub member_id: MemberId,
    pub item_id: MallItemId,
    /// The caller's own number of this request: with the same one it is answered and not done again.
    pub request_no: String,
}

/// # Refuses
/// `mall_item_closed`, `mall_sold_out`, `mall_limit_reached`, `points_short`, `request_number_reused`, and what the coupon's
/// template refuses
pub async fn exchange_item(ctx: &Context, command: ExchangeItem) -> Result<ExchangeRow> {
    let request_no = text::line("request_no", &command.request_no, 64)?;
    let ExchangeItem { member_id, item_id, .. } = command;
    let txn = ctx.db.begin().await?;
    let member_id = points::lock(&txn, member_id).await?;
    if let Some(done) = stored(&txn, member_id, &request_no).await? {
        return if done.item_id == item_id { Ok(done) } else { Err(Refusal::RequestNumberReused.into()) };
    }
    let item = mall_item::Entity::find_by_id(item_id).one(&txn).await?.ok_or(Error::NotFound("mall item"))?;
    let balance = points::balance_of(ctx, &txn, member_id).await?.balance;
    let buyer = Buyer { exchanged: exchanged(&txn, member_id, item_id).await?, balance };
    let policy = windows::load(&txn).await?;
    rules::check(&item, &policy, buyer, (ctx.now(), ctx.settings.timezone))?;
    let id: ExchangeId = ctx.new_id();
    let coupon_id = give_coupon(ctx, &txn, &item, (member_id, id)).await?;
    pay(ctx, &txn, &item, (member_id, id)).await?;
    take_stock(&txn, item_id).await?;
    let row = new_row(ctx, &item, (id, member_id, request_no), coupon_id);
    exchange::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    txn.commit().await?;
    Ok(row)
}

async fn stored(
    txn: &impl ConnectionTrait,
    member_id: MemberId,
    request_no: &str,
) -> Result<Option<ExchangeRow>> {
    Ok(exchange::Entity::find()
        .filter(exchange::Column::MemberId.eq(member_id))
        .filter(exchange::Column::RequestNo.eq(request_no))
        .one(txn)
        .await?)
}

/// Exchanges of the item by the member that were not cancelled.
pub(super) async fn exchanged(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
    item_id: MallItemId,
) -> Result<i64> {
    let count = exchange::Entity::find()
        .filter(exchange::Column::MemberId.eq(member_id))
        .filter(exchange::Column::ItemId.eq(item_id))
        .filter(exchange::Column::State.ne(ExchangeState::Cancelled))
        .count(connection)
        .await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

async fn give_coupon(
    ctx: &Context,
    txn: &DatabaseTransaction,
    item: &mall_item::Model,
    (member_id, id): (MemberId, ExchangeId),
) -> Result<Option<CouponId>> {
    let Some(template_id) = item.coupon_template_id else { return Ok(None) };
    let member_ids = [member_id];
    let order =
        IssueOrder { template_id, member_ids: &member_ids, source: "exchange", source_id: Some(id.0) };
    let issued = coupon::issue(ctx, txn, order).await?.pop();
    let issued = issued.ok_or_else(|| Error::internal(anyhow::anyhow!("an issue without an answer")))?;
    Ok(Some(issued.outcome?))
}

async fn pay(
    ctx: &Context,
    txn: &DatabaseTransaction,
    item: &mall_item::Model,
    (member_id, id): (MemberId, ExchangeId),
) -> Result<()> {
    let spending = Spending {
        member_id,
        kind: PointsKind::Spend,
        business_id: id.to_string(),
        points: item.points,
        actor: Actor::Member(member_id),
        reason: Some(&item.name),
    };
    points::spend(ctx, txn, spending).await.map(|_| ())
}

async fn take_stock(txn: &impl ConnectionTrait, id: MallItemId) -> Result<()> {
    let more = || Expr::col(mall_item::Column::Taken).add(1);
    let taken = mall_item::Entity::update_many()
        .col_expr(mall_item::Column::Taken, more())
        .filter(mall_item::Column::Id.eq(id))
        .filter(more().lte(Expr::col(mall_item::Column::Stock)))
        .exec(txn)
        .await?;
    if taken.rows_affected == 1 { Ok(()) } else { Err(Refusal::MallSoldOut.into()) }
}

fn new_row(
    ctx: &Context,
    item: &mall_item::Model,
    (id, member_id, request_no): (ExchangeId, MemberId, String),
    coupon_id: Option<CouponId>,
) -> ExchangeRow {
    let at_once = item.kind == MallKind::Coupon;
    ExchangeRow {
        id,
        member_id,
        item_id: item.id,
        request_no,
        points: item.points,
        price_fen: item.price_fen,
        state: if at_once { ExchangeState::Done } else { ExchangeState::Waiting },
        coupon_id,
        store_id: None,
        staff_id: None,
        handed_over_at: None,
        cancelled_at: None,
        created_at: ctx.now(),
    }
}
