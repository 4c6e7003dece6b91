//! What needs a person today, and what runs. Each need is told to those who may do something about it.

use chrono::{DateTime, Duration, Utc};
use entity::states::{
    AdjustmentState, CampaignState, Channel, CouponTemplateState, DeadLetterState, FeedbackState, MemberState,
};
use entity::{
    campaign, consent, coupon_template, dead_letter, delivery, feedback, member, offline_redemption,
    points_adjustment, points_check,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::period::seen_by;
use crate::context::Context;
use crate::error::Result;
use crate::ids::CampaignId;
use crate::staff::{Permission, StaffCaller};

/// A template is running out when less than this part of its stock is left.
const STOCK_LEFT_PERCENT: i64 = 10;
/// An offer ends soon when it ends within so long.
const ENDS_SOON: Duration = Duration::days(3);
/// Consents run out when fewer of the active members than this have one left.
const CONSENT_PERCENT: u64 = 20;
/// What tills kept as conflicts is news for so long.
const CONFLICT_NEWS: Duration = Duration::days(7);
/// An answer is due soon within so long.
const ANSWER_SOON: Duration = Duration::days(1);
const MOST: u64 = 20;

#[derive(Debug, Clone)]
pub struct Today {
    pub needs: Vec<Need>,
    pub running: Vec<Running>,
}

/// One thing that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub kind: NeedKind,
    /// How many there are of it; of what runs out, how much is left.
    pub count: i64,
    /// Which one, where it is one: a campaign's or a template's.
    pub id: Option<Uuid>,
    /// Its name; of a platform's template, its id there.
    pub name: Option<String>,
    /// The reason's code, where there is one.
    pub reason: Option<String>,
    /// Since when, or when it ends.
    pub at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NeedKind {
    /// A campaign paused itself; `reason` says over what.
    CampaignPaused,
    /// Messages that could not be handled.
    DeadLetters,
    /// Adjustments of points that wait for a second person.
    AdjustmentsWaiting,
    /// The last nightly check found accounts that do not add up.
    PointsDiffer,
    /// A template that members claim has little stock left.
    StockLow,
    /// A template with stock left can't be claimed, or used, for much longer.
    OfferEnds,
    /// Few members have a consent left for a message template that a planned campaign uses.
    ConsentLow,
    /// What tills redeemed while cut off and could not be booked.
    OfflineConflicts,
    /// Complaints without an answer that is due within a day, or was due.
    ComplaintsDue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub id: CampaignId,
    pub name: String,
    pub channel: Channel,
    pub state: CampaignState,
    pub audience: i64,
    /// Deliveries that are not final.
    pub open: i64,
    pub started_at: Option<DateTime<Utc>>,
}

/// For any signed-in staff: what each may see and mend.
pub async fn read_today(ctx: &Context, staff: &StaffCaller) -> Result<Today> {
    let may = |permission: Permission| permission.granted_to(staff.role);
    let mut needs = Vec::new();
    if may(Permission::WriteCampaigns) {
        needs.extend(paused(ctx).await?);
    }
    if may(Permission::HandleDeadLetters) {
        needs.extend(dead_letters(ctx).await?);
    }
    if may(Permission::WriteMembers) {
        needs.extend(adjustments(ctx).await?);
    }
    if may(Permission::ServeMembers) {
        needs.extend(offline_conflicts(ctx, staff).await?);
    }
    if may(Permission::HandleFeedback) {
        needs.extend(complaints_due(ctx, staff).await?);
    }
    if may(Permission::WriteSettings) {
        needs.extend(points_differ(ctx).await?);
    }
    if may(Permission::WriteCoupons) {
        needs.extend(stock_low(ctx).await?);
        needs.extend(offers_end(ctx).await?);
    }
    if may(Permission::WriteCampaigns) {
        needs.extend(consent_low(ctx).await?);
    }
    let running = if may(Permission::ReadCampaigns) { running(ctx).await? } else { Vec::new() };
    Ok(Today { needs, running })
}

impl Need {
    fn of(kind: NeedKind, count: i64) -> Self {
        Self { kind, count, id: None, name: None, reason: None, at: None }
    }
}

async fn paused(ctx: &Context) -> Result<Vec<Need>> {
    let rows = campaign::Entity::find()
        .filter(campaign::Column::State.eq(CampaignState::Paused))
        .filter(campaign::Column::StateReason.ne("by_staff"))
        .order_by_desc(campaign::Column::UpdatedAt)
        .limit(MOST)
        .all(ctx.db.read())
        .await?;
    let need = |row: campaign::Model| Need {
        id: Some(row.id.0),
        name: Some(row.name),
        reason: row.state_reason,
        at: Some(row.updated_at),
        ..Need::of(NeedKind::CampaignPaused, 1)
    };
    Ok(rows.into_iter().map(need).collect())
}

async fn dead_letters(ctx: &Context) -> Result<Option<Need>> {
    let row: Option<(i64, Option<DateTime<Utc>>)> = dead_letter::Entity::find()
        .select_only()
        .column_as(dead_letter::Column::Id.count(), "letters")
        .column_as(dead_letter::Column::DiedAt.max(), "last")
        .filter(dead_letter::Column::State.eq(DeadLetterState::Open))
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row
        .filter(|(letters, _)| *letters > 0)
        .map(|(letters, at)| Need { at, ..Need::of(NeedKind::DeadLetters, letters) }))
}

async fn adjustments(ctx: &Context) -> Result<Option<Need>> {
    let row: Option<(i64, Option<DateTime<Utc>>)> = points_adjustment::Entity::find()
        .select_only()
        .column_as(points_adjustment::Column::Id.count(), "adjustments")
        .column_as(points_adjustment::Column::CreatedAt.min(), "since")
        .filter(points_adjustment::Column::State.eq(AdjustmentState::Waiting))
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row
        .filter(|(count, _)| *count > 0)
        .map(|(count, at)| Need { at, ..Need::of(NeedKind::AdjustmentsWaiting, count) }))
}

async fn points_differ(ctx: &Context) -> Result<Option<Need>> {
    let last =
        points_check::Entity::find().order_by_desc(points_check::Column::Day).one(ctx.db.read()).await?;
    Ok(last.filter(|check| check.wrong > 0).map(|check| Need {
        id: Some(check.id.0),
        at: Some(check.created_at),
        ..Need::of(NeedKind::PointsDiffer, check.wrong)
    }))
}

async fn offline_conflicts(ctx: &Context, staff: &StaffCaller) -> Result<Option<Need>> {
    use offline_redemption::Column;
    let count = offline_redemption::Entity::find()
        .filter(Column::Conflict.is_not_null())
        .filter(Column::UploadedAt.gte(ctx.now() - CONFLICT_NEWS))
        .filter(seen_by(staff, Column::StoreId))
        .count(ctx.db.read())
        .await?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Ok((count > 0).then(|| Need::of(NeedKind::OfflineConflicts, count)))
}

async fn complaints_due(ctx: &Context, staff: &StaffCaller) -> Result<Option<Need>> {
    use feedback::Column;
    let row: Option<(i64, Option<DateTime<Utc>>)> = feedback::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "complaints")
        .column_as(Column::DueAt.min(), "due")
        .filter(Column::State.eq(FeedbackState::Open))
        .filter(Column::DueAt.lte(ctx.now() + ANSWER_SOON))
        .filter(seen_by(staff, Column::StoreId))
        .into_tuple()
        .one(ctx.db.read())
        .await?;
    Ok(row
        .filter(|(count, _)| *count > 0)
        .map(|(count, at)| Need { at, ..Need::of(NeedKind::ComplaintsDue, count) }))
}

async fn stock_low(ctx: &Context) -> Result<Vec<Need>> {
    use coupon_template::Column;
    let left = || Expr::col(Column::Stock).sub(Expr::col(Column::Taken));
    let rows = coupon_template::Entity::find()
        .filter(Column::State.eq(CouponTemplateState::Published))
        .filter(Column::Claimable.eq(true))
        .filter(left().mul(100).lte(Expr::col(Column::Stock).mul(STOCK_LEFT_PERCENT)))
        .filter(Column::ClaimUntil.is_null().or(Column::ClaimUntil.gt(ctx.now())))
        .order_by_desc(Column::UpdatedAt)
        .limit(MOST)
        .all(ctx.db.read())
        .await?;
    let need = |row: coupon_template::Model| Need {
        id: Some(row.id.0),
        name: Some(row.name),
        ..Need::of(NeedKind::StockLow, row.stock - row.taken)
    };
    Ok(rows.into_iter().map(need).collect())
}

async fn offers_end(ctx: &Context) -> Result<Vec<Need>> {
    use coupon_template::Column;
    let now = ctx.now();
    let soon = |column: Column| column.gt(now).and(column.lte(now + ENDS_SOON));
    let rows = coupon_template::Entity::find()
        .filter(Column::State.eq(CouponTemplateState::Published))
        .filter(Column::Claimable.eq(true))
        .filter(Expr::col(Column::Taken).lt(Expr::col(Column::Stock)))
        .filter(soon(Column::ClaimUntil).or(soon(Column::ValidUntil)))
        .order_by_desc(Column::Id)
        .limit(MOST)
        .all(ctx.db.read())
        .await?;
    let need = |row: coupon_template::Model| Need {
        id: Some(row.id.0),
        at: row.claim_until.into_iter().chain(row.valid_until).filter(|end| *end > now).min(),
        name: Some(row.name),
        ..Need::of(NeedKind::OfferEnds, row.stock - row.taken)
    };
    Ok(rows.into_iter().map(need).collect())
}

async fn consent_low(ctx: &Context) -> Result<Vec<Need>> {
    let planned = campaign::Entity::find()
        .filter(campaign::Column::Channel.eq(Channel::WechatSubscribe))
        .filter(campaign::Column::State.is_in([CampaignState::Scheduled, CampaignState::Recurring]))
        .all(ctx.db.read())
        .await?;
    let mut templates: Vec<String> = planned
        .iter()
        .filter_map(|row| row.message.get("template_id")?.as_str().map(str::to_owned))
        .collect();
    templates.sort_unstable();
    templates.dedup();
    let active = member::Entity::find()
        .filter(member::Column::State.eq(MemberState::Active))
        .count(ctx.db.read())
        .await?;
    let mut needs = Vec::new();
    for template in templates {
        let holders = consent::Entity::find()
            .filter(consent::Column::TemplateId.eq(template.as_str()))
            .filter(consent::Column::Available.gt(0))
            .count(ctx.db.read())
            .await?;
        if holders * 100 < active * CONSENT_PERCENT {
            let count = i64::try_from(holders).unwrap_or(i64::MAX);
            needs.push(Need { name: Some(template), ..Need::of(NeedKind::ConsentLow, count) });
        }
    }
    Ok(needs)
}

async fn running(ctx: &Context) -> Result<Vec<Running>> {
    let states = [CampaignState::Resolving, CampaignState::Sending, CampaignState::Paused];
    let rows = campaign::Entity::find()
        .filter(campaign::Column::State.is_in(states))
        .order_by_desc(campaign::Column::Id)
        .limit(MOST)
        .all(ctx.db.read())
        .await?;
    let mut running = Vec::with_capacity(rows.len());
    for row in rows {
        let open = delivery::Entity::find()
            .filter(delivery::Column::CampaignId.eq(row.id))
            .filter(delivery::Column::State.is_in(crate::delivery::OPEN))
            .count(ctx.db.read())
            .await?;
        running.push(Running {
            id: row.id,
            name: row.name,
            channel: row.channel,
            state: row.state,
            audience: row.audience_count,
            open: i64::try_from(open).unwrap_or(i64::MAX),
            started_at: row.started_at,
        });
    }
    Ok(running)
}
