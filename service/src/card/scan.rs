//! A till reads a card code: who is it, is the code right, fresh and not read before. What rests on a scan asks here.

use std::collections::HashMap;

use chrono::Duration;
use entity::states::MemberState;
use entity::{member, scan, store};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QuerySelect,
};

use super::code::{CardCode, Timing};
use super::show::{current_step, open_secret};
use super::till;
use crate::context::Context;
use crate::db::is_any;
use crate::error::{Error, Result};
use crate::ids::{CouponId, MemberId, ScanId, StoreId};
use crate::phone::Phone;
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;

/// What a till's scan is for. Another use of the code would count its steps apart.
const PURPOSE: &str = "till";

#[derive(Debug, Clone)]
pub struct ScanCard {
    pub code: String,
    pub store_id: StoreId,
}

#[derive(Debug, Clone)]
pub struct Scanned {
    pub scan: scan::Model,
    pub member: member::Model,
    pub store: store::Model,
    /// `138****5678`; none when no phone is known.
    pub masked_phone: Option<String>,
}

/// Reads a code at a store. The scan can be worked with by all staff of that store for `card.scan_seconds`.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`, `card_code_invalid`, `card_code_expired`, `member_disabled`, `card_code_used`
pub async fn scan_card(ctx: &Context, staff: &StaffCaller, command: ScanCard) -> Result<Scanned> {
    let store = till::require_open(ctx, staff, command.store_id).await?;
    let code = CardCode::parse(&command.code)?;
    let (holder, member) = prove(ctx, &code).await?;
    let scan = scan::Model { step: code.step, ..new_scan(ctx, staff, store.id, holder) };
    keep(ctx, scan, member, store).await
}

/// A coupon's own code, already proven. It can be read as often as it is shown, so its purpose is a new one each time: nothing is
/// used up.
pub(crate) async fn scan_of_coupon(
    ctx: &Context,
    staff: &StaffCaller,
    (coupon_id, member): (CouponId, member::Model),
    store: store::Model,
) -> Result<Scanned> {
    let scan = new_scan(ctx, staff, store.id, member.id);
    let purpose = format!("coupon:{}", scan.id);
    keep(ctx, scan::Model { purpose, coupon_id: Some(coupon_id), ..scan }, member, store).await
}

fn new_scan(ctx: &Context, staff: &StaffCaller, store_id: StoreId, member_id: MemberId) -> scan::Model {
    let now = ctx.now();
    scan::Model {
        id: ctx.new_id(),
        member_id,
        staff_id: staff.id,
        store_id,
        purpose: PURPOSE.to_owned(),
        step: current_step(ctx),
        created_at: now,
        expires_at: now + Duration::seconds(ctx.settings.card.scan_seconds),
        coupon_id: None,
    }
}

/// # Refuses
/// `card_code_used`
async fn keep(
    ctx: &Context,
    scan: scan::Model,
    member: member::Model,
    store: store::Model,
) -> Result<Scanned> {
    let txn = ctx.db.begin().await?;
    let inserted = scan::Entity::insert(scan.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&txn)
        .await?;
    txn.commit().await?;
    if inserted == 0 {
        return Err(Refusal::CardCodeUsed.into());
    }
    let phone = member.phone_cipher.as_deref().map(|sealed| Phone::open(ctx, sealed)).transpose()?;
    Ok(Scanned { scan, member, store, masked_phone: phone.map(|phone| phone.masked()) })
}

/// Whose card it is, and the member who answers for it. That a code is old is told only when it was ours.
async fn prove(ctx: &Context, code: &CardCode) -> Result<(MemberId, member::Model)> {
    let member = member::Entity::find()
        .filter(member::Column::CardNumber.eq(&code.card_number))
        .one(ctx.db.read())
        .await?
        .ok_or(Refusal::CardCodeInvalid)?;
    if !code.is_made_with(&open_secret(ctx, &member)?) {
        return Err(Refusal::CardCodeInvalid.into());
    }
    match code.timing(current_step(ctx)) {
        Timing::Fresh => {}
        Timing::Old => return Err(Refusal::CardCodeExpired.into()),
        Timing::Ahead => return Err(Refusal::CardCodeInvalid.into()),
    }
    let holder = member.id;
    let member = redirect::answering(ctx.db.read(), member).await?;
    match member.state {
        MemberState::Active => Ok((holder, member)),
        MemberState::Disabled => Err(Refusal::MemberDisabled.into()),
        MemberState::Deleted | MemberState::Merged => Err(Refusal::CardCodeInvalid.into()),
    }
}

/// The scan that a redemption, a quote or a purchase at a store rests on, with its member.
///
/// # Refuses
/// `scan_expired`, `member_disabled`
pub async fn live_scan(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    id: ScanId,
    store_id: StoreId,
) -> Result<(scan::Model, member::Model)> {
    Scans::read(connection, &[id]).await?.live(ctx, id, store_id)
}

/// Scans with the members who answer for those that were scanned.
pub struct Scans(HashMap<ScanId, (scan::Model, member::Model)>);

impl Scans {
    pub async fn read(connection: &impl ConnectionTrait, ids: &[ScanId]) -> Result<Self> {
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let scanned =
            scan::Entity::belongs_to(member::Entity).from(scan::Column::MemberId).to(member::Column::Id);
        let rows = scan::Entity::find()
            .filter(is_any(connection.get_database_backend(), scan::Column::Id, ids.iter().copied()))
            .select_also(member::Entity)
            .join(JoinType::InnerJoin, scanned.into())
            .all(connection)
            .await?;
        let mut scans = HashMap::with_capacity(rows.len());
        for (scan, member) in rows {
            let member = member.ok_or(Error::NotFound("member"))?;
            scans.insert(scan.id, (scan, redirect::answering(connection, member).await?));
        }
        Ok(Self(scans))
    }

    /// # Refuses
    /// `scan_expired`, `member_disabled`
    pub fn live(&self, ctx: &Context, id: ScanId, store_id: StoreId) -> Result<(scan::Model, member::Model)> {
        let known = self.0.get(&id).filter(|(scan, _)| scan.store_id == store_id);
        let (scan, member) = known.ok_or(Error::NotFound("scan"))?;
        if ctx.now() >= scan.expires_at {
            return Err(Refusal::ScanExpired.into());
        }
        if member.state != MemberState::Active {
            return Err(Refusal::MemberDisabled.into());
        }
        Ok((scan.clone(), member.clone()))
    }
}

/// The scan that anything else of the member's rests on: a coupon's own code is not enough for it.
///
/// # Refuses
/// `card_code_needed`, `scan_expired`, `member_disabled`
pub async fn live_card_scan(
    ctx: &Context,
    connection: &impl ConnectionTrait,
    id: ScanId,
    store_id: StoreId,
) -> Result<(scan::Model, member::Model)> {
    let (scan, member) = live_scan(ctx, connection, id, store_id).await?;
    if scan.coupon_id.is_some() { Err(Refusal::CardCodeNeeded.into()) } else { Ok((scan, member)) }
}
