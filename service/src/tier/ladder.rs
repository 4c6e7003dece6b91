//! The ladder of tiers, from the lowest to the highest, saved as a whole so that it is checked as a whole.

use std::collections::{BTreeSet, HashMap};

use entity::states::CouponTemplateState;
use entity::{coupon_template, member, tier, tier_standing};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::{self, Act};
use crate::context::Context;
use crate::error::{Error, FieldError, Result};
use crate::ids::{CouponTemplateId, TierId};
use crate::refusal::Refusal;
use crate::staff::{Permission, StaffCaller};

pub use entity::tier::Model as Tier;

const MOST_TIERS: usize = 20;
const MOST_RIGHTS: usize = 30;
const LONGEST_NAME: usize = 20;
const LARGEST_FEN: i64 = 100_000_000_000;

/// A tier as staff fill it in. The first of a ladder asks for nothing: everybody has it.
#[derive(Debug, Clone)]
pub struct TierForm {
    /// None: a new one.
    pub id: Option<TierId>,
    pub name: String,
    pub spend_fen: Option<i64>,
    pub visits: Option<i64>,
    pub points_percent: i32,
    pub birthday_percent: i32,
    pub coupon_template_ids: Vec<CouponTemplateId>,
    pub rights: Vec<Right>,
}

/// Something that the tier gives at the store or the till, so many times in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Right {
    #[schema(min_length = 1, max_length = 40)]
    pub code: String,
    #[schema(min_length = 1, max_length = 40)]
    pub name: String,
    /// Absent: without a limit.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub quota: Option<i32>,
    pub per: Per,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Month,
    Year,
    /// Once for as long as the member keeps the tier.
    Stay,
}

pub fn rights(tier: &Tier) -> Result<Vec<Right>> {
    serde_json::from_value(tier.rights.clone()).map_err(Error::internal)
}

pub fn coupon_templates(tier: &Tier) -> Result<Vec<CouponTemplateId>> {
    serde_json::from_value(tier.coupon_template_ids.clone()).map_err(Error::internal)
}

/// From the lowest to the highest.
pub async fn load(connection: &impl ConnectionTrait) -> Result<Vec<Tier>> {
    Ok(tier::Entity::find().order_by_asc(tier::Column::Rank).all(connection).await?)
}

/// A tier with the members who hold it. The lowest one has everybody who holds no other.
#[derive(Debug, Clone)]
pub struct HeldTier {
    pub tier: Tier,
    pub members: i64,
}

pub async fn list_tiers(ctx: &Context, staff: &StaffCaller) -> Result<Vec<HeldTier>> {
    staff.require(Permission::ReadMembers)?;
    held(ctx.db.read()).await
}

async fn held(connection: &impl ConnectionTrait) -> Result<Vec<HeldTier>> {
    let here = [entity::states::MemberState::Active, entity::states::MemberState::Disabled];
    let present = sea_orm::QueryTrait::into_query(
        member::Entity::find()
            .select_only()
            .column(member::Column::Id)
            .filter(member::Column::State.is_in(here)),
    );
    let rows: Vec<(TierId, i64)> = tier_standing::Entity::find()
        .select_only()
        .column(tier_standing::Column::TierId)
        .column_as(tier_standing::Column::MemberId.count(), "members")
        .filter(tier_standing::Column::MemberId.in_subquery(present))
        .group_by(tier_standing::Column::TierId)
        .into_tuple()
        .all(connection)
        .await?;
    let counts: HashMap<TierId, i64> = rows.into_iter().collect();
    let all = member::Entity::find().filter(member::Column::State.is_in(here)).count(connection).await?;
    let unplaced = i64::try_from(all).unwrap_or(i64::MAX) - counts.values().sum::<i64>();
    let with_members = |tier: Tier| {
        let held = counts.get(&tier.id).copied().unwrap_or_default();
        HeldTier { members: if tier.rank == 0 { held + unplaced } else { held }, tier }
    };
    Ok(load(connection).await?.into_iter().map(with_members).collect())
}

/// Replaces the ladder. A tier that is left out must be without members.
///
/// # Refuses
/// `tier_in_use`
pub async fn save_tiers(ctx: &Context, staff: &StaffCaller, forms: Vec<TierForm>) -> Result<Vec<HeldTier>> {
    staff.require(Permission::WriteSettings)?;
    validate(&forms)?;
    let txn = ctx.db.begin().await?;
    let old = tier::Entity::find().order_by_asc(tier::Column::Rank).lock_exclusive().all(&txn).await?;
    check_known(&forms, &old)?;
    check_templates(&txn, &forms).await?;
    remove_left_out(&txn, &forms, &old).await?;
    // Out of the way first: ranks and names may change places.
    for tier in old.iter().filter(|tier| forms.iter().any(|form| form.id == Some(tier.id))) {
        tier::Entity::update_many()
            .col_expr(tier::Column::Rank, Expr::value(-1 - tier.rank))
            .col_expr(tier::Column::Name, Expr::value(tier.id.to_string()))
            .filter(tier::Column::Id.eq(tier.id))
            .exec(&txn)
            .await?;
    }
    for (rank, form) in forms.into_iter().enumerate() {
        write(ctx, &txn, (rank, form), &old).await?;
    }
    let ladder = held(&txn).await?;
    let detail = serde_json::json!({
        "tiers": ladder.iter().map(|one| &one.tier.name).collect::<Vec<_>>(),
        "before": old.iter().map(|one| &one.name).collect::<Vec<_>>(),
    });
    let subject = ("tier", "ladder".to_owned());
    audit::record(ctx, &txn, Act { actor: staff.actor(), action: "tier.save", subject, detail }).await?;
    txn.commit().await?;
    Ok(ladder)
}

fn check_known(forms: &[TierForm], old: &[Tier]) -> Result<()> {
    for (index, form) in forms.iter().enumerate() {
        if form.id.is_some_and(|id| !old.iter().any(|tier| tier.id == id)) {
            return Err(Error::invalid(format!("tiers[{index}].id"), "is no tier of the ladder"));
        }
    }
    Ok(())
}

async fn check_templates(txn: &DatabaseTransaction, forms: &[TierForm]) -> Result<()> {
    let ids: BTreeSet<CouponTemplateId> =
        forms.iter().flat_map(|form| form.coupon_template_ids.iter().copied()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let published = coupon_template::Entity::find()
        .filter(coupon_template::Column::Id.is_in(ids.iter().copied()))
        .filter(coupon_template::Column::State.eq(CouponTemplateState::Published))
        .all(txn)
        .await?;
    let known: BTreeSet<_> = published.iter().map(|template| template.id).collect();
    for (index, form) in forms.iter().enumerate() {
        if form.coupon_template_ids.iter().any(|id| !known.contains(id)) {
            let field = format!("tiers[{index}].coupon_template_ids");
            return Err(Error::invalid(field, "are published templates"));
        }
    }
    Ok(())
}

async fn remove_left_out(txn: &DatabaseTransaction, forms: &[TierForm], old: &[Tier]) -> Result<()> {
    let gone: Vec<TierId> =
        old.iter().map(|tier| tier.id).filter(|id| !forms.iter().any(|form| form.id == Some(*id))).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let holders = tier_standing::Column::TierId.is_in(gone.iter().copied());
    if tier_standing::Entity::find().filter(holders).count(txn).await? > 0 {
        return Err(Refusal::TierInUse.into());
    }
    tier::Entity::delete_many().filter(tier::Column::Id.is_in(gone)).exec(txn).await?;
    Ok(())
}

async fn write(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (rank, form): (usize, TierForm),
    old: &[Tier],
) -> Result<()> {
    let known = form.id.and_then(|id| old.iter().find(|tier| tier.id == id));
    let row = Tier {
        id: form.id.unwrap_or_else(|| ctx.new_id()),
        rank: i32::try_from(rank).map_err(Error::internal)?,
        name: form.name.trim().to_owned(),
        spend_fen: form.spend_fen,
        visits: form.visits,
        points_percent: form.points_percent,
        birthday_percent: form.birthday_percent,
        coupon_template_ids: serde_json::to_value(form.coupon_template_ids).map_err(Error::internal)?,
        rights: serde_json::to_value(form.rights).map_err(Error::internal)?,
        created_at: known.map_or_else(|| ctx.now(), |tier| tier.created_at),
        updated_at: ctx.now(),
    };
    let model = row.into_active_model().reset_all();
    match known {
        Some(_) => drop(model.update(txn).await?),
        None => drop(tier::Entity::insert(model).exec_without_returning(txn).await?),
    }
    Ok(())
}

fn validate(forms: &[TierForm]) -> Result<()> {
    let mut errors = Errors::default();
    errors.require((1..=MOST_TIERS).contains(&forms.len()), "tiers".to_owned(), "are 1 to 20");
    let mut names = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for (index, form) in forms.iter().enumerate() {
        errors.tier(index, form, index.checked_sub(1).map(|below| &forms[below]));
        errors.require(names.insert(form.name.trim()), format!("tiers[{index}].name"), "is used twice");
        let once = form.id.is_none_or(|id| ids.insert(id));
        errors.require(once, format!("tiers[{index}].id"), "is used twice");
    }
    if errors.0.is_empty() { Ok(()) } else { Err(Error::Invalid(errors.0)) }
}

#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn require(&mut self, holds: bool, field: String, message: &str) {
        if !holds {
            self.0.push(FieldError { field, message: message.to_owned() });
        }
    }

    fn tier(&mut self, index: usize, form: &TierForm, below: Option<&TierForm>) {
        let field = |name: &str| format!("tiers[{index}].{name}");
        let name = form.name.trim().chars().count();
        self.require((1..=LONGEST_NAME).contains(&name), field("name"), "has 1 to 20 characters");
        let fen = form.spend_fen.is_none_or(|fen| (1..=LARGEST_FEN).contains(&fen));
        self.require(fen, field("spend_fen"), "is a number from 1 to 100000000000");
        let visits = form.visits.is_none_or(|visits| (1..=100_000).contains(&visits));
        self.require(visits, field("visits"), "is a number from 1 to 100000");
        for (name, percent) in
            [("points_percent", form.points_percent), ("birthday_percent", form.birthday_percent)]
        {
            self.require((0..=10_000).contains(&percent), field(name), "is a number from 0 to 10000");
        }
        self.require(form.coupon_template_ids.len() <= 20, field("coupon_template_ids"), "are at most 20");
        match below {
            None => {
                let free = form.spend_fen.is_none() && form.visits.is_none();
                self.require(free, field("spend_fen"), "is absent: the lowest tier asks for nothing");
            }
            Some(below) => {
                let rises = |here: Option<i64>, below: Option<i64>| match (here, below) {
                    (Some(here), Some(below)) => here > below,
                    _ => true,
                };
                self.require(
                    rises(form.spend_fen, below.spend_fen),
                    field("spend_fen"),
                    "is above the tier below",
                );
                self.require(rises(form.visits, below.visits), field("visits"), "is above the tier below");
            }
        }
        self.rights(index, form);
    }

    fn rights(&mut self, index: usize, form: &TierForm) {
        let field = format!("tiers[{index}].rights");
        self.require(form.rights.len() <= MOST_RIGHTS, field.clone(), "are at most 30");
        let mut codes = BTreeSet::new();
        for (place, right) in form.rights.iter().enumerate() {
            let code = !right.code.is_empty()
                && right.code.len() <= 40
                && right.code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            self.require(code, format!("{field}[{place}].code"), "has 1 to 40 letters, digits, - or _");
            self.require(codes.insert(&right.code), format!("{field}[{place}].code"), "is used twice");
            let name = right.name.trim().chars().count();
            self.require(
                (1..=40).contains(&name),
                format!("{field}[{place}].name"),
                "has 1 to 40 characters",
            );
            let quota = right.quota.is_none_or(|quota| (1..=1000).contains(&quota));
            self.require(quota, format!("{field}[{place}].quota"), "is a number from 1 to 1000");
        }
    }
}
