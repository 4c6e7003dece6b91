//! Staff stamp the scanned member's card by hand.

use entity::stamp_card;
use sea_orm::EntityTrait;

use super::fill::{self, Cause};
use super::rules;
use crate::audit::{self, Act};
use crate::card::{self, till};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{ScanId, StampCardId, StoreId};
use crate::points;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;
use crate::text;

#[derive(Debug, Clone)]
pub struct StampByHand {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub card_id: StampCardId,
    /// The till's own number of this request.
    pub request_no: String,
}

/// One stamp; the stamps that the request put on the card. The same request again is answered and not done again.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`, `scan_expired`, `member_disabled`, `stamp_card_closed`, `stamp_limit_reached`,
/// `request_number_reused`
pub async fn stamp_by_hand(ctx: &Context, staff: &StaffCaller, command: StampByHand) -> Result<i32> {
    till::require_open(ctx, staff, command.store_id).await?;
    let request_no = text::line("request_no", &command.request_no, 64)?;
    let (_, member) = card::live_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let txn = ctx.db.begin().await?;
    let member_id = points::lock(&txn, member.id).await?;
    let card = stamp_card::Entity::find_by_id(command.card_id).one(&txn).await?;
    let card = card.ok_or(Error::NotFound("stamp card"))?;
    let business_id = format!("{}:{request_no}", command.store_id);
    let cause = Cause { kind: "till", business_id: &business_id };
    if let Some(done) = fill::is_done(&txn, card.id, cause).await? {
        let same = done.member_id == member_id;
        return if same { Ok(done.stamps) } else { Err(Refusal::RequestNumberReused.into()) };
    }
    let stores = super::card::stores(&card)?;
    let here = stores.is_empty() || stores.contains(&command.store_id);
    if !here || !rules::is_open(&card, ctx.now()) {
        return Err(Refusal::StampCardClosed.into());
    }
    let today = fill::given_today(ctx, &txn, (card.id, member_id)).await?;
    if card.per_day.is_some_and(|most| today >= most) {
        return Err(Refusal::StampLimitReached.into());
    }
    let placed = fill::fill(ctx, &txn, (&card, member_id), (1, cause)).await?;
    if placed == 0 {
        return Err(Refusal::StampLimitReached.into());
    }
    let detail = serde_json::json!({ "card_id": card.id, "store_id": command.store_id });
    let subject = ("member", member_id.to_string());
    audit::record(ctx, &txn, Act { actor: staff.actor(), action: "stamp.by_hand", subject, detail }).await?;
    txn.commit().await?;
    Ok(placed)
}
