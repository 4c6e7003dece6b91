//! Puts stamps on a member's sheets and gives the reward of each that they fill. Under the member's lock.

use entity::stamp_card::Model as Card;
use entity::{stamp, stamp_sheet};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::rules::{self, Round};
use crate::calendar;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::Result;
use crate::ids::{CouponId, MemberId, StampCardId};

/// What stamps: its kind (`purchase`, `till`, `refund`) and what it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'a> {
    pub kind: &'a str,
    pub business_id: &'a str,
}

/// Whether this cause has stamped the card before.
pub(super) async fn is_done(
    txn: &impl ConnectionTrait,
    card_id: StampCardId,
    cause: Cause<'_>,
) -> Result<Option<stamp::Model>> {
    Ok(stamp::Entity::find()
        .filter(stamp::Column::CardId.eq(card_id))
        .filter(stamp::Column::Kind.eq(cause.kind))
        .filter(stamp::Column::BusinessId.eq(cause.business_id))
        .one(txn)
        .await?)
}

/// Stamps that the card has given the member today, those that were taken back netted.
pub(super) async fn given_today(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (card_id, member_id): (StampCardId, MemberId),
) -> Result<i32> {
    let zone = ctx.settings.timezone;
    let today = calendar::start_of_day(calendar::local_date(ctx.now(), zone), zone);
    let sum: Option<i64> = stamp::Entity::find()
        .select_only()
        .column_as(stamp::Column::Stamps.sum().cast_as("bigint"), "stamps")
        .filter(stamp::Column::CardId.eq(card_id))
        .filter(stamp::Column::MemberId.eq(member_id))
        .filter(stamp::Column::CreatedAt.gte(today))
        .into_tuple()
        .one(txn)
        .await?
        .flatten();
    Ok(i32::try_from(sum.unwrap_or_default()).unwrap_or(i32::MAX))
}

/// Answers how many stamps found a place.
pub(super) async fn fill(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (card, member_id): (&Card, MemberId),
    (stamps, cause): (i32, Cause<'_>),
) -> Result<i32> {
    let sheets = stamp_sheet::Entity::find()
        .filter(stamp_sheet::Column::CardId.eq(card.id))
        .filter(stamp_sheet::Column::MemberId.eq(member_id))
        .order_by_asc(stamp_sheet::Column::Round)
        .all(txn)
        .await?;
    // A full sheet has no room, whatever was taken back of it later.
    let rounds: Vec<Round> = sheets
        .iter()
        .map(|sheet| Round {
            round: sheet.round,
            stamps: if sheet.completed_at.is_some() { card.stamps } else { sheet.stamps },
        })
        .collect();
    let places = rules::place(card, &rounds, stamps);
    for place in &places {
        let known = sheets.iter().find(|sheet| sheet.round == place.round);
        let sheet = match known {
            Some(sheet) => sheet.clone(),
            None => new_sheet(ctx, txn, (card, member_id), place.round).await?,
        };
        put(ctx, txn, (&sheet, place.stamps), cause).await?;
        if sheet.stamps + place.stamps >= card.stamps {
            complete(ctx, txn, card, &sheet).await?;
        }
    }
    Ok(places.iter().map(|place| place.stamps).sum())
}

async fn new_sheet(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (card, member_id): (&Card, MemberId),
    round: i32,
) -> Result<stamp_sheet::Model> {
    let row = stamp_sheet::Model {
        id: ctx.new_id(),
        card_id: card.id,
        member_id,
        round,
        stamps: 0,
        completed_at: None,
        coupon_id: None,
        created_at: ctx.now(),
    };
    stamp_sheet::Entity::insert(row.clone().into_active_model().reset_all())
        .exec_without_returning(txn)
        .await?;
    Ok(row)
}

/// A number of stamps, below zero where they are taken back.
pub(super) async fn put(
    ctx: &Context,
    txn: &impl ConnectionTrait,
    (sheet, stamps): (&stamp_sheet::Model, i32),
    cause: Cause<'_>,
) -> Result<bool> {
    let row = stamp::Model {
        id: ctx.new_id(),
        sheet_id: sheet.id,
        card_id: sheet.card_id,
        member_id: sheet.member_id,
        kind: cause.kind.to_owned(),
        business_id: cause.business_id.to_owned(),
        stamps,
        created_at: ctx.now(),
    };
    let inserted = stamp::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    if inserted == 1 {
        stamp_sheet::Entity::update_many()
            .col_expr(stamp_sheet::Column::Stamps, Expr::col(stamp_sheet::Column::Stamps).add(stamps))
            .filter(stamp_sheet::Column::Id.eq(sheet.id))
            .exec(txn)
            .await?;
    }
    Ok(inserted == 1)
}

/// A reward that can't be given (sold out, withdrawn) does not undo the stamps; the sheet stays full without a coupon.
async fn complete(
    ctx: &Context,
    txn: &DatabaseTransaction,
    card: &Card,
    sheet: &stamp_sheet::Model,
) -> Result<()> {
    let member_ids = [sheet.member_id];
    let order = IssueOrder {
        template_id: card.reward_template_id,
        member_ids: &member_ids,
        source: "stamp",
        source_id: Some(sheet.id.0),
    };
    let issued = coupon::issue(ctx, txn, order).await?.pop();
    let coupon_id: Option<CouponId> = match issued.map(|issued| issued.outcome) {
        Some(Ok(id)) => Some(id),
        Some(Err(refusal)) => {
            tracing::warn!(sheet_id = %sheet.id, refusal = refusal.code(), "a full sheet's reward was not given");
            None
        }
        None => None,
    };
    stamp_sheet::Entity::update_many()
        .col_expr(stamp_sheet::Column::CompletedAt, Expr::value(ctx.now()))
        .col_expr(stamp_sheet::Column::CouponId, Expr::value(coupon_id.map(|id| id.0)))
        .filter(stamp_sheet::Column::Id.eq(sheet.id))
        .exec(txn)
        .await?;
    Ok(())
}
