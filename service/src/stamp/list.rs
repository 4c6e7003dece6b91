//! Stamp cards as members and staff see them.

use entity::states::PublicationState;
use entity::{stamp_card, stamp_sheet};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::card::CardRow;
use super::rules;
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, StampCardId};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

/// A card with the member's sheets, the first round first.
#[derive(Debug, Clone)]
pub struct MyCard {
    pub card: CardRow,
    pub sheets: Vec<stamp_sheet::Model>,
}

/// The cards that take stamps now, and those that the member has stamps on.
pub async fn my_cards(ctx: &Context, member_id: MemberId) -> Result<Vec<MyCard>> {
    let db = ctx.db.read();
    let mut sheets = stamp_sheet::Entity::find()
        .filter(stamp_sheet::Column::MemberId.eq(member_id))
        .order_by_asc(stamp_sheet::Column::Round)
        .all(db)
        .await?;
    let cards = stamp_card::Entity::find()
        .filter(stamp_card::Column::State.ne(PublicationState::Draft))
        .order_by_desc(stamp_card::Column::Id)
        .all(db)
        .await?;
    let mut mine = Vec::new();
    for card in cards {
        let (of_card, others): (Vec<_>, Vec<_>) =
            sheets.into_iter().partition(|sheet| sheet.card_id == card.id);
        sheets = others;
        if !of_card.is_empty() || rules::is_open(&card, ctx.now()) {
            mine.push(MyCard { card, sheets: of_card });
        }
    }
    Ok(mine)
}

/// All cards for staff, the latest first.
pub async fn list_cards(ctx: &Context, staff: &StaffCaller, page: &PageRequest) -> Result<Page<CardRow>> {
    staff.require(Permission::ReadCoupons)?;
    let mut query = stamp_card::Entity::find().order_by_desc(stamp_card::Column::Id);
    if let Some(after) = page.after::<StampCardId>()? {
        query = query.filter(stamp_card::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}
