//! Packs (券包): several coupons that are claimed as one, all of them or none.

use std::collections::HashMap;
use std::sync::Arc;

use entity::{coupon_pack, coupon_pack_claim, coupon_pack_item, coupon_template, member};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::issue::{IssueOrder, issue_copies, lock_template};
use super::rules::Had;
use super::{HeldCoupon, Offer, entitled, had, offer, rules};
use crate::calendar;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::{CouponPackClaimId, CouponPackId, CouponTemplateId, MemberId, TierId};
use crate::page::{Page, PageRequest};
use crate::redirect;
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackItem {
    pub template_id: CouponTemplateId,
    pub copies: i32,
}

#[derive(Debug, Clone)]
pub struct Pack {
    pub pack: coupon_pack::Model,
    /// In the order of the templates' ids.
    pub items: Vec<PackedOffer>,
}

/// What a pack gives of one template.
#[derive(Debug, Clone)]
pub struct PackedOffer {
    pub offer: Arc<Offer>,
    pub copies: i32,
}

/// A pack as staff see it.
#[derive(Debug, Clone)]
pub struct TakenPack {
    pub pack: Pack,
    /// How many times members have claimed it.
    pub taken: i64,
}

/// A pack as a member sees it.
#[derive(Debug, Clone)]
pub struct ClaimablePack {
    pub pack: Pack,
    /// How many times the member has claimed it.
    pub claims: i64,
    /// The one reason for which the member can't claim it now.
    pub refusal: Option<Refusal>,
}

pub(super) type Offers = HashMap<CouponTemplateId, Arc<Offer>>;

pub(super) async fn offers_of(
    connection: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = CouponTemplateId>,
) -> Result<Offers> {
    let templates = coupon_template::Entity::find()
        .filter(coupon_template::Column::Id.is_in(ids))
        .all(connection)
        .await?;
    let offers = offer::complete(connection, templates).await?;
    Ok(offers.into_iter().map(|offer| (offer.template.id, Arc::new(offer))).collect())
}

pub(super) fn packed(offers: &Offers, items: Vec<PackItem>) -> Vec<PackedOffer> {
    let one = |item: PackItem| {
        let offer = offers.get(&item.template_id)?.clone();
        Some(PackedOffer { offer, copies: item.copies })
    };
    items.into_iter().filter_map(one).collect()
}

pub async fn list_packs(ctx: &Context, staff: &StaffCaller, page: &PageRequest) -> Result<Page<TakenPack>> {
    staff.require(Permission::ReadCoupons)?;
    let page = read_page(ctx, coupon_pack::Entity::find(), page).await?;
    let taken: Vec<(CouponPackId, i64)> = coupon_pack_claim::Entity::find()
        .select_only()
        .column(coupon_pack_claim::Column::PackId)
        .column_as(coupon_pack_claim::Column::Id.count(), "taken")
        .filter(coupon_pack_claim::Column::PackId.is_in(page.items.iter().map(|pack| pack.pack.id)))
        .group_by(coupon_pack_claim::Column::PackId)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let taken: HashMap<_, _> = taken.into_iter().collect();
    Ok(page.map(|pack| TakenPack { taken: taken.get(&pack.pack.id).copied().unwrap_or_default(), pack }))
}

/// Those that members may claim.
pub async fn list_claimable_packs(
    ctx: &Context,
    member_id: MemberId,
    page: &PageRequest,
) -> Result<Page<ClaimablePack>> {
    let claimable = coupon_pack::Column::Claimable.eq(true);
    let page = read_page(ctx, coupon_pack::Entity::find().filter(claimable), page).await?;
    let slots = slots_of(ctx, member_id, page.items.iter().map(|pack| pack.pack.id)).await?;
    let items = page.items.iter().flat_map(|pack| &pack.items);
    let had = had::had_of(ctx, member_id, items.map(|item| item.offer.template.id)).await?;
    let tier = entitled::tier_of(ctx.db.read(), member_id).await?;
    Ok(page.map(|pack| {
        let slots = slots.get(&pack.pack.id).map_or(&[][..], Vec::as_slice);
        let refusal = check_claim(ctx, &pack, (slots, &had, tier)).err();
        ClaimablePack { claims: slots.len() as i64, refusal, pack }
    }))
}

/// What [`claim_pack`] would refuse, as far as can be told before it is tried.
fn check_claim(
    ctx: &Context,
    Pack { pack, items }: &Pack,
    (slots, had, tier): (&[i32], &HashMap<CouponTemplateId, Had>, Option<TierId>),
) -> std::result::Result<(), Refusal> {
    rules::free_slot(slots, pack.limit_per_member).ok_or(Refusal::CouponLimitReached)?;
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    let never = Had::default();
    items.iter().try_for_each(|PackedOffer { offer, copies }| {
        rules::check_issuable(&offer.template, ctx.now())?;
        if !offer.conditions.allows_tier(tier) {
            return Err(Refusal::CouponNotForTier);
        }
        let had = had.get(&offer.template.id).unwrap_or(&never);
        rules::check_more(&offer.template, had, (*copies, today))
    })
}

async fn slots_of(
    ctx: &Context,
    member_id: MemberId,
    packs: impl IntoIterator<Item = CouponPackId>,
) -> Result<HashMap<CouponPackId, Vec<i32>>> {
    let claims: Vec<(CouponPackId, i32)> = coupon_pack_claim::Entity::find()
        .select_only()
        .columns([coupon_pack_claim::Column::PackId, coupon_pack_claim::Column::Slot])
        .filter(coupon_pack_claim::Column::MemberId.eq(member_id))
        .filter(coupon_pack_claim::Column::PackId.is_in(packs))
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    let mut slots: HashMap<CouponPackId, Vec<i32>> = HashMap::new();
    for (pack, slot) in claims {
        slots.entry(pack).or_default().push(slot);
    }
    Ok(slots)
}

async fn read_page(
    ctx: &Context,
    mut query: sea_orm::Select<coupon_pack::Entity>,
    page: &PageRequest,
) -> Result<Page<Pack>> {
    if let Some(after) = page.after::<CouponPackId>()? {
        query = query.filter(coupon_pack::Column::Id.lt(after));
    }
    let rows =
        query.order_by_desc(coupon_pack::Column::Id).limit(page.limit() + 1).all(ctx.db.read()).await?;
    let page = Page::from_rows(rows, page.limit(), |row| row.id.0);
    let ids = page.items.iter().map(|pack| pack.id);
    let items = coupon_pack_item::Entity::find()
        .filter(coupon_pack_item::Column::PackId.is_in(ids))
        .order_by_asc(coupon_pack_item::Column::TemplateId)
        .all(ctx.db.read())
        .await?;
    let offers = offers_of(ctx.db.read(), items.iter().map(|item| item.template_id)).await?;
    let mut of_pack: HashMap<CouponPackId, Vec<PackItem>> = HashMap::new();
    for item in items {
        let coupon_pack_item::Model { pack_id, template_id, copies } = item;
        of_pack.entry(pack_id).or_default().push(PackItem { template_id, copies });
    }
    Ok(page.map(|pack| Pack { items: packed(&offers, of_pack.remove(&pack.id).unwrap_or_default()), pack }))
}

/// Every coupon of a pack, or a refusal and none of them.
///
/// # Refuses
/// `coupon_not_claimable`, `coupon_limit_reached`, `coupon_daily_limit_reached`, `coupon_sold_out`, `coupon_sold_out_today`,
/// `member_disabled`
pub async fn claim_pack(ctx: &Context, member: &member::Model, id: CouponPackId) -> Result<Vec<HeldCoupon>> {
    let txn = ctx.db.begin().await?;
    let member_id = redirect::hold_current(&txn, member.id).await?;
    let active = redirect::hold_active(&txn, &[member_id]).await?;
    // Shared, so that it is not edited meanwhile.
    let pack = coupon_pack::Entity::find_by_id(id).lock_shared().one(&txn).await?;
    let pack = pack.ok_or(Error::NotFound("coupon pack"))?;
    if !pack.claimable {
        return Err(Refusal::CouponNotClaimable.into());
    }
    let items = items_of(&txn, id).await?;
    let claim = take_slot(ctx, &txn, &pack, member_id).await?;
    let mut coupons = Vec::new();
    // In the order of the templates' ids, so that two packs never wait for each other in a circle.
    for item in items {
        let template = lock_template(&txn, item.template_id).await?;
        rules::check_issuable(&template, ctx.now())?;
        let members = vec![member_id; usize::try_from(item.copies).map_err(Error::internal)?];
        let source_id = Some(claim.0);
        let order = IssueOrder { template_id: template.id, member_ids: &members, source: "pack", source_id };
        for outcome in issue_copies(ctx, &txn, &template, &active, &order).await? {
            coupons.push(outcome?);
        }
    }
    let held = offer::attach(&txn, coupons).await?;
    txn.commit().await?;
    Ok(held)
}

pub(super) async fn items_of(connection: &impl ConnectionTrait, id: CouponPackId) -> Result<Vec<PackItem>> {
    let rows = coupon_pack_item::Entity::find()
        .filter(coupon_pack_item::Column::PackId.eq(id))
        .order_by_asc(coupon_pack_item::Column::TemplateId)
        .all(connection)
        .await?;
    let item = |row: coupon_pack_item::Model| PackItem { template_id: row.template_id, copies: row.copies };
    Ok(rows.into_iter().map(item).collect())
}

async fn take_slot(
    ctx: &Context,
    txn: &DatabaseTransaction,
    pack: &coupon_pack::Model,
    member_id: MemberId,
) -> Result<CouponPackClaimId> {
    let held: Vec<i32> = coupon_pack_claim::Entity::find()
        .select_only()
        .column(coupon_pack_claim::Column::Slot)
        .filter(coupon_pack_claim::Column::PackId.eq(pack.id))
        .filter(coupon_pack_claim::Column::MemberId.eq(member_id))
        .into_tuple()
        .all(txn)
        .await?;
    let slot = rules::free_slot(&held, pack.limit_per_member).ok_or(Refusal::CouponLimitReached)?;
    let row = coupon_pack_claim::Model {
        id: ctx.new_id(),
        pack_id: pack.id,
        member_id,
        slot,
        claimed_at: ctx.now(),
    };
    let id = row.id;
    let inserted = coupon_pack_claim::Entity::insert(row.into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(txn)
        .await?;
    if inserted == 1 { Ok(id) } else { Err(Refusal::CouponLimitReached.into()) }
}
