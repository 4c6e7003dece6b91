//! Staff let a member use a right of their tier; each use is kept, and the quota of a period holds however many tills ask at once.

use chrono::Datelike;
use entity::right_use;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::ladder::{self, Per, Right};
use super::standing::{self, Place};
use crate::calendar;
use crate::card::{self, till};
use crate::context::Context;
use crate::error::Result;
use crate::ids::{MemberId, RightUseId, ScanId, StoreId};
use crate::page::{Page, PageRequest};
use crate::points;
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};
use crate::text;

pub use entity::right_use::Model as RightUse;

#[derive(Debug, Clone)]
pub struct UseRight {
    pub store_id: StoreId,
    pub scan_id: ScanId,
    pub right_code: String,
    /// The till's own number of this request.
    pub request_no: String,
}

/// A right with what is left of it in this period.
#[derive(Debug, Clone)]
pub struct RightLeft {
    pub right: Right,
    /// None: without a limit.
    pub left: Option<i32>,
}

/// # Refuses
/// `store_not_permitted`, `store_closed`, `card_code_needed`, `scan_expired`, `member_disabled`, `right_unknown`, `right_used_up`,
/// `request_number_reused`
pub async fn use_right(ctx: &Context, staff: &StaffCaller, command: UseRight) -> Result<RightUse> {
    till::require_open(ctx, staff, command.store_id).await?;
    let request_no = text::line("request_no", &command.request_no, 64)?;
    let (_, member) = card::live_card_scan(ctx, ctx.db.read(), command.scan_id, command.store_id).await?;
    let txn = ctx.db.begin().await?;
    let member_id = points::lock(&txn, member.id).await?;
    if let Some(done) = stored(&txn, command.store_id, &request_no).await? {
        let same = done.member_id == member_id && done.right_code == command.right_code;
        return if same { Ok(done) } else { Err(Refusal::RequestNumberReused.into()) };
    }
    let place = standing::place_of(&txn, member_id).await?.ok_or(Refusal::RightUnknown)?;
    let tier = place.tier().ok_or(Refusal::RightUnknown)?;
    let right = ladder::rights(tier)?.into_iter().find(|right| right.code == command.right_code);
    let right = right.ok_or(Refusal::RightUnknown)?;
    let period = period(ctx, &place, right.per);
    let used = count(&txn, member_id, (&right.code, &period)).await?;
    if right.quota.is_some_and(|quota| used >= quota) {
        return Err(Refusal::RightUsedUp.into());
    }
    let row = RightUse {
        id: ctx.new_id(),
        member_id,
        tier_id: tier.id,
        right_code: right.code,
        period,
        seq: used + 1,
        store_id: command.store_id,
        staff_id: staff.id,
        request_no,
        used_at: ctx.now(),
    };
    let inserted = right_use::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    txn.commit().await?;
    // Of another member: this one's lock kept out every other use of theirs.
    if inserted == 1 { Ok(row) } else { Err(Refusal::RequestNumberReused.into()) }
}

async fn stored(
    connection: &impl ConnectionTrait,
    store_id: StoreId,
    request_no: &str,
) -> Result<Option<RightUse>> {
    Ok(right_use::Entity::find()
        .filter(right_use::Column::StoreId.eq(store_id))
        .filter(right_use::Column::RequestNo.eq(request_no))
        .one(connection)
        .await?)
}

async fn count(
    connection: &impl ConnectionTrait,
    member_id: MemberId,
    (code, period): (&str, &str),
) -> Result<i32> {
    let uses = right_use::Entity::find()
        .filter(right_use::Column::MemberId.eq(member_id))
        .filter(right_use::Column::RightCode.eq(code))
        .filter(right_use::Column::Period.eq(period))
        .count(connection)
        .await?;
    Ok(i32::try_from(uses).unwrap_or(i32::MAX))
}

fn period(ctx: &Context, place: &Place, per: Per) -> String {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    match per {
        Per::Month => today.format("%Y-%m").to_string(),
        Per::Year => today.year().to_string(),
        Per::Stay => {
            let since = place.standing.as_ref().map(|row| row.since.timestamp()).unwrap_or_default();
            format!("since {since}")
        }
    }
}

/// The rights of a member's tier, with what is left of each.
pub async fn rights_of(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    member_id: MemberId,
) -> Result<Vec<RightLeft>> {
    let Some(place) = standing::place_of(connection, member_id).await? else { return Ok(Vec::new()) };
    let Some(tier) = place.tier() else { return Ok(Vec::new()) };
    let mut rights = Vec::new();
    for right in ladder::rights(tier)? {
        let used = count(connection, member_id, (&right.code, &period(ctx, &place, right.per))).await?;
        let left = right.quota.map(|quota| (quota - used).max(0));
        rights.push(RightLeft { right, left });
    }
    Ok(rights)
}

/// The log of uses of a member, the latest first.
pub async fn list_right_uses(
    ctx: &Context,
    staff: &StaffCaller,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<RightUse>> {
    staff.require(Permission::ReadMembers)?;
    let member_id = redirect::current(ctx.db.read(), member_id).await?;
    let mut query = right_use::Entity::find()
        .filter(right_use::Column::MemberId.eq(member_id))
        .order_by_desc(right_use::Column::Id);
    if let Some(after) = page.after::<RightUseId>()? {
        query = query.filter(right_use::Column::Id.lt(after));
    }
    let rows = query.limit(page.limit() + 1).all(ctx.db.read()).await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}
