//! A member's tier and the numbers behind it; the one place that moves a member from tier to tier.

use chrono::{DateTime, Duration, Utc};
use entity::states::TierMove;
use entity::{tier_change, tier_standing};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Statement, Value,
};

use super::ladder::{self, Tier};
use super::policy::TierPolicy;
use super::rules::{self, Numbers, Sum};
use crate::audit::Actor;
use crate::context::Context;
use crate::coupon::{self, IssueOrder};
use crate::error::{Error, Result};
use crate::ids::{MemberId, TierChangeId};
use crate::notice::{self, Kind, NewNotice, Step};

pub use entity::tier_standing::Model as Standing;

/// The ladder and a member's place on it.
pub struct Place {
    pub ladder: Vec<Tier>,
    /// None: on the lowest tier since ever.
    pub standing: Option<Standing>,
    pub current: usize,
}

impl Place {
    pub fn tier(&self) -> Option<&Tier> {
        self.ladder.get(self.current)
    }

    /// Kept by hand until a date.
    pub fn is_frozen(&self, now: DateTime<Utc>) -> bool {
        self.standing.as_ref().and_then(|row| row.frozen_until).is_some_and(|until| until > now)
    }
}

/// None where there is no ladder.
pub async fn place_of(connection: &impl ConnectionTrait, member_id: MemberId) -> Result<Option<Place>> {
    let ladder = ladder::load(connection).await?;
    if ladder.is_empty() {
        return Ok(None);
    }
    let standing = tier_standing::Entity::find_by_id(member_id).one(connection).await?;
    let held = standing.as_ref().map(|row| row.tier_id);
    let current = ladder.iter().position(|tier| Some(tier.id) == held).unwrap_or(0);
    Ok(Some(Place { ladder, standing, current }))
}

/// When the window begins, and until when purchases are settled.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub window_from: DateTime<Utc>,
    pub settled_until: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

impl Span {
    pub fn at(
        ctx: &Context,
        (policy, return_days): (&TierPolicy, u32),
        standing: Option<&Standing>,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            window_from: rules::window_from(at, policy.window_months, ctx.settings.timezone),
            settled_until: at - Duration::days(i64::from(return_days)),
            changed_at: standing.map_or(DateTime::UNIX_EPOCH, |row| row.since),
        }
    }
}

/// The three numbers, summed over the purchases themselves: there is no counter that could be wrong.
pub async fn numbers(connection: &impl ConnectionTrait, member_id: MemberId, span: Span) -> Result<Numbers> {
    const SQL: &str = "SELECT \
        CAST(COALESCE(SUM(total_fen - refunded_fen), 0) AS bigint), COUNT(*), \
        CAST(COALESCE(SUM(CASE WHEN purchased_at >= $3 THEN total_fen - refunded_fen ELSE 0 END), 0) AS bigint), \
        CAST(COALESCE(SUM(CASE WHEN purchased_at >= $3 THEN 1 ELSE 0 END), 0) AS bigint), \
        CAST(COALESCE(SUM(CASE WHEN purchased_at >= $4 THEN total_fen - refunded_fen ELSE 0 END), 0) AS bigint), \
        CAST(COALESCE(SUM(CASE WHEN purchased_at >= $4 THEN 1 ELSE 0 END), 0) AS bigint) \
        FROM purchase WHERE member_id = $1 AND purchased_at <= $2 AND refunded_fen < total_fen";
    let values: [Value; 4] =
        [member_id.0.into(), span.settled_until.into(), span.window_from.into(), span.changed_at.into()];
    let query = Statement::from_sql_and_values(connection.get_database_backend(), SQL, values);
    let row = connection.query_one_raw(query).await?;
    let row = row.ok_or_else(|| Error::internal(anyhow::anyhow!("a sum without a row")))?;
    let sum = |fen, visits| -> Result<Sum> {
        Ok(Sum { fen: row.try_get_by_index(fen)?, visits: row.try_get_by_index(visits)? })
    };
    Ok(Numbers { lifetime: sum(0, 1)?, window: sum(2, 3)?, since_change: sum(4, 5)? })
}

/// A move from tier to tier.
pub struct Change<'a> {
    pub member_id: MemberId,
    pub to: usize,
    pub kind: TierMove,
    pub frozen_until: Option<DateTime<Utc>>,
    pub note: Option<&'a str>,
    pub actor: Actor,
}

/// Moves the member, keeps it in the history, and gives what the new tier gives. Under the member's lock.
pub async fn change(
    ctx: &Context,
    txn: &DatabaseTransaction,
    place: &Place,
    change: Change<'_>,
) -> Result<TierChangeId> {
    let now = ctx.now();
    let tier = place.ladder.get(change.to).ok_or(Error::NotFound("tier"))?;
    let standing = Standing {
        member_id: change.member_id,
        tier_id: tier.id,
        since: now,
        misses: 0,
        checked_period: Some(rules::period(now, ctx.settings.timezone)),
        ends_at: None,
        frozen_until: change.frozen_until,
        updated_at: now,
    };
    write_standing(txn, standing).await?;
    let row = tier_change::Model {
        id: ctx.new_id(),
        member_id: change.member_id,
        from_tier_id: place.tier().map(|tier| tier.id),
        to_tier_id: tier.id,
        kind: change.kind,
        note: change.note.map(str::to_owned),
        actor_kind: change.actor.kind().to_owned(),
        actor_id: change.actor.id(),
        created_at: now,
    };
    let id = row.id;
    tier_change::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(txn).await?;
    if change.to > place.current && change.kind != TierMove::Import {
        give_coupons(ctx, txn, tier, (change.member_id, id)).await?;
    }
    if change.to != place.current && change.kind != TierMove::Import {
        tell(ctx, txn, (change.member_id, id), (tier, change.to > place.current)).await?;
    }
    Ok(id)
}

pub(super) async fn write_standing(txn: &impl ConnectionTrait, standing: Standing) -> Result<()> {
    use tier_standing::Column;
    tier_standing::Entity::insert(standing.into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::MemberId)
                .update_columns([
                    Column::TierId,
                    Column::Since,
                    Column::Misses,
                    Column::CheckedPeriod,
                    Column::EndsAt,
                    Column::FrozenUntil,
                    Column::UpdatedAt,
                ])
                .to_owned(),
        )
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// The tier's coupons; one that can't be given (sold out, limit reached) does not hold up the tier.
async fn give_coupons(
    ctx: &Context,
    txn: &DatabaseTransaction,
    tier: &Tier,
    (member_id, change_id): (MemberId, TierChangeId),
) -> Result<()> {
    let mut templates = ladder::coupon_templates(tier)?;
    templates.sort();
    for template_id in templates {
        let member_ids = [member_id];
        let source_id = Some(change_id.0);
        let order = IssueOrder { template_id, member_ids: &member_ids, source: "tier", source_id };
        for issued in coupon::issue(ctx, txn, order).await? {
            if let Err(refusal) = issued.outcome {
                tracing::warn!(%member_id, %template_id, refusal = refusal.code(), "a tier's coupon was not given");
            }
        }
    }
    Ok(())
}

async fn tell(
    ctx: &Context,
    txn: &DatabaseTransaction,
    (member_id, change_id): (MemberId, TierChangeId),
    (tier, rises): (&Tier, bool),
) -> Result<()> {
    let (title, body) = if rises {
        ("会员等级提升", format!("恭喜您升级为“{}”，新的权益已经生效。", tier.name))
    } else {
        ("会员等级变更", format!("您的会员等级已变更为“{}”。", tier.name))
    };
    let new = NewNotice {
        member_id,
        kind: Kind::TierChange,
        business_key: format!("{}:{change_id}", Kind::TierChange.as_str()),
        steps: vec![Step::inbox(title.to_owned(), body, None)],
        expires_at: None,
    };
    notice::send(ctx, txn, new).await?;
    Ok(())
}
