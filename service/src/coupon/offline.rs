//! Tills that are cut off. While it is connected a till is granted a ceiling and our public key; cut off, it checks the codes
//! of coupons by itself and queues what it redeems; connected again, it uploads the queue. What happened meanwhile decides:
//! an upload is redeemed as of its own time, or it is a conflict that is kept and shown.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::{coupon, offline_grant, offline_redemption, store};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::facts;
use super::offline_code::{self, OfflineCode};
use super::redeem::{Proof, RedeemCoupon};
use super::rules::{self, Usage};
use super::use_up::{self, Use};
use super::{Basket, HeldCoupon, combine, offer};
use crate::card::till;
use crate::context::Context;
use crate::crypto;
use crate::error::{Error, Result};
use crate::facts::EarlierUse;
use crate::ids::{CouponId, MemberId, OfflineGrantId, OfflineRedemptionId, RedemptionId, ScanId, StoreId};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::StaffCaller;
use entity::states::SalesChannel;

pub use entity::offline_grant::Model as OfflineGrant;
pub use entity::offline_redemption::Model as OfflineRedemptionRow;

const LONGEST_TEXT: usize = 64;
/// How far a till's clock may be from ours.
const SKEW: Duration = Duration::minutes(10);

/// One use that a till made while it was cut off.
#[derive(Debug, Clone)]
pub struct NewOfflineRedemption {
    pub grant_id: OfflineGrantId,
    pub code: String,
    pub request_no: String,
    pub order_no: Option<String>,
    pub amount_fen: i64,
    pub redeemed_at: DateTime<Utc>,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq)]
pub struct OfflineOutcome {
    pub row: OfflineRedemptionRow,
    pub repeated: bool,
}

/// What a till may take off while it is cut off, and the key to check codes with. A till that has uploaded nothing under its grant has the
/// same again, for longer: of two questions at once, or after an answer that was lost, it holds what it may use. Any other grant of the
/// till ends, so that their ceilings do not add up.
///
/// # Refuses
/// `store_not_permitted`, `store_closed`
pub async fn grant_offline(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, till_name): (StoreId, &str),
) -> Result<(OfflineGrant, String)> {
    till::require_open(ctx, staff, store_id).await?;
    check_text("till", till_name)?;
    let now = ctx.now();
    let asked = offline_grant::Model {
        id: ctx.new_id(),
        store_id,
        staff_id: staff.id,
        till: till_name.trim().to_owned(),
        ceiling_fen: ctx.settings.till.offline_ceiling_fen,
        used_fen: 0,
        expires_at: now + Duration::seconds(ctx.settings.till.offline_grant_seconds),
        created_at: now,
    };
    let txn = ctx.db.begin().await?;
    one_at_a_time(&txn, store_id).await?;
    let grant = match prolong_unused(&txn, &asked).await? {
        Some(held) => held,
        None => {
            end_earlier(&txn, &asked).await?;
            let row = asked.clone().into_active_model().reset_all();
            offline_grant::Entity::insert(row).exec_without_returning(&txn).await?;
            asked
        }
    };
    txn.commit().await?;
    Ok((grant, offline_code::public_key(ctx)?))
}

/// Grants of a store wait for each other.
async fn one_at_a_time(txn: &DatabaseTransaction, store_id: StoreId) -> Result<()> {
    let store = store::Entity::find_by_id(store_id).select_only().column(store::Column::Id);
    let _held: Option<StoreId> = store.lock(LockType::NoKeyUpdate).into_tuple().one(txn).await?;
    Ok(())
}

/// The grant that the till holds, if it is worth the same.
async fn prolong_unused(txn: &DatabaseTransaction, asked: &OfflineGrant) -> Result<Option<OfflineGrant>> {
    use offline_grant::Column::{CeilingFen, CreatedAt, ExpiresAt, StoreId, Till, UsedFen};
    let unused = offline_grant::Entity::find()
        .filter(StoreId.eq(asked.store_id).and(Till.eq(&asked.till)))
        .filter(UsedFen.eq(0).and(CeilingFen.eq(asked.ceiling_fen)).and(ExpiresAt.gt(asked.created_at)))
        .order_by_desc(CreatedAt)
        .lock(LockType::NoKeyUpdate)
        .one(txn)
        .await?;
    let Some(unused) = unused else { return Ok(None) };
    let mut row = unused.into_active_model();
    row.expires_at = Set(asked.expires_at);
    Ok(Some(row.update(txn).await?))
}

/// What the till has redeemed under it until now can still be uploaded.
async fn end_earlier(txn: &DatabaseTransaction, grant: &OfflineGrant) -> Result<()> {
    use offline_grant::Column::{ExpiresAt, StoreId, Till};
    offline_grant::Entity::update_many()
        .col_expr(ExpiresAt, Expr::value(grant.created_at))
        .filter(StoreId.eq(grant.store_id).and(Till.eq(&grant.till)))
        .filter(ExpiresAt.gt(grant.created_at))
        .exec(txn)
        .await?;
    Ok(())
}

/// Takes one of a till's queue: redeemed, or kept as a conflict with its reason. The same again is answered the same.
///
/// # Refuses
/// `store_not_permitted`, `request_number_reused`
pub async fn upload_offline_redemption(
    ctx: &Context,
    staff: &StaffCaller,
    new: &NewOfflineRedemption,
) -> Result<OfflineOutcome> {
    let grant = offline_grant::Entity::find_by_id(new.grant_id).one(ctx.db.read()).await?;
    let grant = grant.ok_or(Error::NotFound("offline grant"))?;
    till::require(staff, grant.store_id)?;
    check_text("request_no", &new.request_no)?;
    new.order_no.as_deref().map_or(Ok(()), |number| check_text("order_no", number))?;
    rules::check_amount(new.amount_fen).map_err(|message| Error::invalid("amount_fen", message))?;
    if let Some(row) = stored(ctx, new).await? {
        return Ok(OfflineOutcome { row, repeated: true });
    }
    let code = offline_code::read(ctx, &new.code)?;
    let row = match redeem_for_holder(ctx, staff, (&grant, new), code.as_ref()).await? {
        Ok(row) => row,
        Err(conflict) => keep(ctx, conflict_row(ctx, (&grant, new), code.as_ref(), conflict)).await?,
    };
    // Another upload of the same may have been first; then its row is the answer.
    match row {
        Some(row) => Ok(OfflineOutcome { row, repeated: false }),
        None => {
            let row = stored(ctx, new)
                .await?
                .ok_or_else(|| Error::internal(anyhow::anyhow!("an upload is gone")))?;
            Ok(OfflineOutcome { row, repeated: true })
        }
    }
}

fn check_text(field: &str, text: &str) -> Result<()> {
    if (1..=LONGEST_TEXT).contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("must have 1 to {LONGEST_TEXT} characters")))
}

fn request_hash(new: &NewOfflineRedemption) -> String {
    let at = new.redeemed_at.timestamp_micros();
    let text = format!("{}\n{:?}\n{}\n{at}", new.code, new.order_no, new.amount_fen);
    crypto::sha256_hex(text.as_bytes())
}

/// # Refuses
/// `request_number_reused`
async fn stored(ctx: &Context, new: &NewOfflineRedemption) -> Result<Option<OfflineRedemptionRow>> {
    let row = offline_redemption::Entity::find()
        .filter(offline_redemption::Column::GrantId.eq(new.grant_id))
        .filter(offline_redemption::Column::RequestNo.eq(&new.request_no))
        .one(ctx.db.read())
        .await?;
    match row {
        Some(row) if row.request_hash != request_hash(new) => Err(Refusal::RequestNumberReused.into()),
        row => Ok(row),
    }
}

type Conflict = Refusal;

/// Of a code whose member was merged since it was made, by who answers for them.
async fn redeem_for_holder(
    ctx: &Context,
    staff: &StaffCaller,
    of: (&OfflineGrant, &NewOfflineRedemption),
    code: Option<&OfflineCode>,
) -> Result<std::result::Result<Option<OfflineRedemptionRow>, Conflict>> {
    let Some(code) = code else { return Ok(Err(Refusal::OfflineTokenInvalid)) };
    let holder = redirect::current(ctx.db.read(), code.member_id).await?;
    match redeem(ctx, staff, of, (code, holder)).await? {
        // Merged in this moment.
        Err(_) if redirect::is_merged(ctx.db.read(), &[holder]).await? => {
            let holder = redirect::current(ctx.db.read(), holder).await?;
            redeem(ctx, staff, of, (code, holder)).await
        }
        done => Ok(done),
    }
}

/// The use as of the till's time, or what stands against it. None inside: somebody else uploaded the same.
async fn redeem(
    ctx: &Context,
    staff: &StaffCaller,
    (grant, new): (&OfflineGrant, &NewOfflineRedemption),
    (code, holder): (&OfflineCode, MemberId),
) -> Result<std::result::Result<Option<OfflineRedemptionRow>, Conflict>> {
    if let Err(conflict) = check_times(ctx, grant, new, code) {
        return Ok(Err(conflict));
    }
    let store = store::Entity::find_by_id(grant.store_id).one(ctx.db.read()).await?;
    let store = store.ok_or(Error::NotFound("store"))?;
    let row = coupon::Entity::find_by_id(code.coupon_id).one(ctx.db.read()).await?;
    let held = offer::attach(ctx.db.read(), row.into_iter().collect()).await?.pop();
    let held: HeldCoupon = held.ok_or(Error::NotFound("coupon"))?;
    let basket = Basket::of_amount(new.amount_fen);
    let usage = Usage {
        member_id: holder,
        store_id: grant.store_id,
        channel: SalesChannel::Store,
        zone: super::quote::zone_of(ctx, &store),
        now: new.redeemed_at,
        is_first_order: false,
        order_no: None,
        basket: Some(&basket),
    };
    if let Err(unusable) = rules::check(&held.coupon, &held.offer, usage) {
        return Ok(Err(unusable.reason));
    }
    let taken = combine::apply(&basket, &[&held]);
    let command = RedeemCoupon {
        store_id: grant.store_id,
        // There was no scan; the code was the member's word.
        proof: Proof::Scan(ScanId(grant.id.0)),
        coupon_ids: vec![held.coupon.id],
        request_no: format!("offline:{}:{}", grant.id, new.request_no),
        order_no: new.order_no.clone(),
        basket: basket.clone(),
        quoted_fen: None,
    };
    let txn = ctx.db.begin().await?;
    if !take_of_ceiling(&txn, grant.id, taken.discount_fen()).await? {
        return Ok(Err(Refusal::OfflineCeilingReached));
    }
    let one = Use {
        command: &command,
        request_hash: request_hash(new),
        staff,
        store,
        source: "offline",
        held: vec![held],
        taken,
        usage,
    };
    let receipts = use_up::write_in(ctx, &txn, &[one], new.redeemed_at).await?;
    let Some(receipt) = receipts.and_then(|mut receipts| receipts.pop()) else {
        return Ok(Err(Refusal::CouponAlreadyRedeemed));
    };
    let row = OfflineRedemptionRow {
        coupon_id: Some(code.coupon_id),
        redemption_id: Some(receipt.redemption.id),
        discount_fen: receipt.discount_fen(),
        ..blank(ctx, (grant, new))
    };
    if !insert(&txn, &row).await? {
        return Ok(Ok(None));
    }
    txn.commit().await?;
    Ok(Ok(Some(row)))
}

fn check_times(
    ctx: &Context,
    grant: &OfflineGrant,
    new: &NewOfflineRedemption,
    code: &OfflineCode,
) -> std::result::Result<(), Conflict> {
    let at = new.redeemed_at;
    if at < grant.created_at - SKEW || at > grant.expires_at || at > ctx.now() + SKEW {
        return Err(Refusal::OfflineGrantOver);
    }
    if at < code.made_at - SKEW || at > code.expires_at {
        return Err(Refusal::OfflineTokenExpired);
    }
    Ok(())
}

async fn take_of_ceiling(txn: &DatabaseTransaction, id: OfflineGrantId, fen: i64) -> Result<bool> {
    use offline_grant::Column::{CeilingFen, Id, UsedFen};
    let after = || Expr::col(UsedFen).add(fen);
    let taken = offline_grant::Entity::update_many()
        .col_expr(UsedFen, after())
        .filter(Id.eq(id))
        .filter(after().lte(Expr::col(CeilingFen)))
        .exec(txn)
        .await?;
    Ok(taken.rows_affected == 1)
}

fn blank(ctx: &Context, (grant, new): (&OfflineGrant, &NewOfflineRedemption)) -> OfflineRedemptionRow {
    OfflineRedemptionRow {
        id: ctx.new_id(),
        grant_id: grant.id,
        store_id: grant.store_id,
        request_no: new.request_no.clone(),
        request_hash: request_hash(new),
        coupon_id: None,
        redemption_id: None::<RedemptionId>,
        conflict: None,
        amount_fen: new.amount_fen,
        discount_fen: 0,
        redeemed_at: new.redeemed_at,
        uploaded_at: ctx.now(),
    }
}

fn conflict_row(
    ctx: &Context,
    of: (&OfflineGrant, &NewOfflineRedemption),
    code: Option<&OfflineCode>,
    conflict: Conflict,
) -> OfflineRedemptionRow {
    let conflict = Some(conflict.code().to_owned());
    OfflineRedemptionRow { coupon_id: code.map(|code| code.coupon_id), conflict, ..blank(ctx, of) }
}

async fn keep(ctx: &Context, row: OfflineRedemptionRow) -> Result<Option<OfflineRedemptionRow>> {
    let txn = ctx.db.begin().await?;
    let inserted = insert(&txn, &row).await?;
    txn.commit().await?;
    Ok(inserted.then_some(row))
}

async fn insert(txn: &DatabaseTransaction, row: &OfflineRedemptionRow) -> Result<bool> {
    let inserted = offline_redemption::Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    Ok(inserted == 1)
}

/// What tills of a store uploaded, the latest first; with `conflicts` those alone that were not redeemed.
///
/// # Refuses
/// `store_not_permitted`
pub async fn list_offline_redemptions(
    ctx: &Context,
    staff: &StaffCaller,
    (store_id, conflicts): (StoreId, bool),
    page: &PageRequest,
) -> Result<Page<OfflineRedemptionRow>> {
    till::require(staff, store_id)?;
    let mut query =
        offline_redemption::Entity::find().filter(offline_redemption::Column::StoreId.eq(store_id));
    if conflicts {
        query = query.filter(offline_redemption::Column::Conflict.is_not_null());
    }
    if let Some(after) = page.after::<OfflineRedemptionId>()? {
        query = query.filter(offline_redemption::Column::Id.lt(after));
    }
    let rows = query
        .order_by_desc(offline_redemption::Column::Id)
        .limit(page.limit() + 1)
        .all(ctx.db.read())
        .await?;
    Ok(Page::from_rows(rows, page.limit(), |row| row.id.0))
}

/// By whom, where and when the coupons were used that these uploads could not use any more.
pub async fn uses_in_conflict(
    ctx: &Context,
    rows: &[OfflineRedemptionRow],
) -> Result<HashMap<CouponId, EarlierUse>> {
    let used = Refusal::CouponAlreadyRedeemed.code();
    let in_conflict = rows.iter().filter(|row| row.conflict.as_deref() == Some(used));
    let coupons: Vec<_> = in_conflict.filter_map(|row| row.coupon_id).collect();
    match coupons.is_empty() {
        true => Ok(HashMap::new()),
        false => facts::earlier_uses(ctx.db.read(), &coupons).await,
    }
}
