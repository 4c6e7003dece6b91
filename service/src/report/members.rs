//! The members as they are now: how many, how active, what they are worth, by tier and age.

use chrono::{DateTime, Datelike, Duration, Utc};
use entity::states::MemberState;
use entity::{member, purchase, tier, tier_standing};
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationDef, Select,
};

use super::period::seen_by;
use crate::calendar;
use crate::context::Context;
use crate::error::Result;
use crate::ids::TierId;
use crate::staff::{Permission, StaffCaller};

/// Sales and tiers are looked at over so long.
const YEAR: Duration = Duration::days(365);

#[derive(Debug, Clone)]
pub struct MemberReport {
    pub members: u64,
    /// Bought within so many days.
    pub active_30: u64,
    pub active_90: u64,
    pub active_365: u64,
    pub never_bought: u64,
    pub with_consent: u64,
    /// Who bought within a year.
    pub buyers: u64,
    /// Those of them who bought more than once in it.
    pub repeat_buyers: u64,
    /// Paid in all, refunds taken off.
    pub sales_fen: i64,
    /// What the fifth of the buyers with the highest sums paid of it.
    pub top_fifth_fen: i64,
    pub tiers: Vec<TierShare>,
    pub ages: Vec<AgeBand>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierShare {
    pub tier_id: TierId,
    pub name: String,
    pub members: u64,
    /// Paid within a year, refunds taken off.
    pub sales_fen: i64,
}

/// None, None: the birthday is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeBand {
    pub from: Option<u32>,
    /// The last year of age that belongs to it.
    pub to: Option<u32>,
    pub members: u64,
}

const BANDS: &[(u32, Option<u32>)] =
    &[(0, Some(17)), (18, Some(24)), (25, Some(34)), (35, Some(44)), (45, Some(59)), (60, None)];

pub async fn report_members(ctx: &Context, staff: &StaffCaller) -> Result<MemberReport> {
    staff.require(Permission::ReadReports)?;
    let db = ctx.db.read();
    let now = ctx.now();
    let all = || {
        member::Entity::find()
            .filter(member::Column::State.is_in([MemberState::Active, MemberState::Disabled]))
            .filter(seen_by(staff, member::Column::HomeStoreId))
    };
    let since = |days: i64| all().filter(member::Column::LastPurchaseAt.gte(now - Duration::days(days)));
    let (sales_fen, top_fifth_fen) = value(ctx, &all()).await?;
    Ok(MemberReport {
        members: all().count(db).await?,
        active_30: since(30).count(db).await?,
        active_90: since(90).count(db).await?,
        active_365: since(365).count(db).await?,
        never_bought: all().filter(member::Column::PurchaseCount.eq(0)).count(db).await?,
        with_consent: all().filter(member::Column::MarketingConsent.eq(true)).count(db).await?,
        buyers: all().filter(member::Column::Id.in_subquery(bought(now - YEAR, 1))).count(db).await?,
        repeat_buyers: all().filter(member::Column::Id.in_subquery(bought(now - YEAR, 2))).count(db).await?,
        sales_fen,
        top_fifth_fen,
        tiers: tiers(ctx, staff).await?,
        ages: ages(ctx, &all()).await?,
    })
}

/// Members with at least `times` purchases since then.
fn bought(since: DateTime<Utc>, times: i64) -> sea_orm::sea_query::SelectStatement {
    purchase::Entity::find()
        .select_only()
        .column(purchase::Column::MemberId)
        .filter(purchase::Column::PurchasedAt.gte(since))
        .group_by(purchase::Column::MemberId)
        .having(Expr::cust("count(*)").gte(times))
        .into_query()
}

/// What all paid, and what the top fifth of the buyers did.
async fn value(ctx: &Context, all: &Select<member::Entity>) -> Result<(i64, i64)> {
    let buyers = all.clone().filter(member::Column::PurchaseTotalFen.gt(0));
    let fifth = buyers.clone().count(ctx.db.read()).await?.div_ceil(5);
    let total: Option<Option<i64>> = buyers
        .clone()
        .select_only()
        .column_as(member::Column::PurchaseTotalFen.sum().cast_as("bigint"), "fen")
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    let mut top = 0;
    if fifth > 0 {
        // The least sum of the top fifth; those above it are all in it, and of those with the same sum as many as are missing.
        let least: Option<i64> = buyers
            .clone()
            .select_only()
            .column(member::Column::PurchaseTotalFen)
            .order_by_desc(member::Column::PurchaseTotalFen)
            .offset(fifth - 1)
            .limit(1)
            .into_tuple()
            .one(ctx.db.read())
            .await?;
        let least = least.unwrap_or_default();
        let above: Option<(i64, Option<i64>)> = buyers
            .filter(member::Column::PurchaseTotalFen.gt(least))
            .select_only()
            .column_as(member::Column::Id.count(), "members")
            .column_as(member::Column::PurchaseTotalFen.sum().cast_as("bigint"), "fen")
            .into_tuple()
            .one(ctx.db.read())
            .await?;
        let (members, fen) = above.unwrap_or_default();
        let missing = i64::try_from(fifth).unwrap_or(i64::MAX).saturating_sub(members);
        top = fen.unwrap_or_default().saturating_add(least.saturating_mul(missing));
    }
    Ok((total.flatten().unwrap_or_default(), top))
}

/// From the lowest; who has no standing is on it.
async fn tiers(ctx: &Context, staff: &StaffCaller) -> Result<Vec<TierShare>> {
    let db = ctx.db.read();
    let ladder = tier::Entity::find().order_by_asc(tier::Column::Rank).all(db).await?;
    let mut shares = Vec::with_capacity(ladder.len());
    for (place, tier) in ladder.into_iter().enumerate() {
        let on_it = || {
            let standing: RelationDef = member::Entity::belongs_to(tier_standing::Entity)
                .from(member::Column::Id)
                .to(tier_standing::Column::MemberId)
                .into();
            let mut here = Condition::any().add(tier_standing::Column::TierId.eq(tier.id));
            if place == 0 {
                here = here.add(tier_standing::Column::TierId.is_null());
            }
            member::Entity::find()
                .join(JoinType::LeftJoin, standing)
                .filter(here)
                .filter(member::Column::State.is_in([MemberState::Active, MemberState::Disabled]))
                .filter(seen_by(staff, member::Column::HomeStoreId))
        };
        let of_members = on_it().select_only().column(member::Column::Id).into_query();
        let sales: Option<Option<i64>> = purchase::Entity::find()
            .select_only()
            .column_as(
                purchase::Column::TotalFen.sum().sub(purchase::Column::RefundedFen.sum()).cast_as("bigint"),
                "fen",
            )
            .filter(purchase::Column::PurchasedAt.gte(ctx.now() - YEAR))
            .filter(purchase::Column::MemberId.in_subquery(of_members))
            .into_tuple()
            .one(db)
            .await?;
        shares.push(TierShare {
            tier_id: tier.id,
            name: tier.name.clone(),
            members: on_it().count(db).await?,
            sales_fen: sales.flatten().unwrap_or_default(),
        });
    }
    Ok(shares)
}

async fn ages(ctx: &Context, all: &Select<member::Entity>) -> Result<Vec<AgeBand>> {
    let today = calendar::local_date(ctx.now(), ctx.settings.timezone);
    // Born on 29 February: a year older on 1 March of a common year.
    let born = |years: u32| {
        let year = today.year() - i32::try_from(years).unwrap_or_default();
        today.with_year(year).or_else(|| today.succ_opt().and_then(|next| next.with_year(year)))
    };
    let mut bands = Vec::with_capacity(BANDS.len() + 1);
    for &(from, to) in BANDS {
        let mut members = all.clone();
        if let Some(latest) = born(from) {
            members = members.filter(member::Column::Birthday.lte(latest));
        }
        if let Some(earliest) = to.and_then(|to| born(to + 1)) {
            members = members.filter(member::Column::Birthday.gt(earliest));
        }
        bands.push(AgeBand { from: Some(from), to, members: members.count(ctx.db.read()).await? });
    }
    let unknown = all.clone().filter(member::Column::Birthday.is_null()).count(ctx.db.read()).await?;
    bands.push(AgeBand { from: None, to: None, members: unknown });
    Ok(bands)
}
