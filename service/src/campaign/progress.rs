//! How far a campaign is: its deliveries by state and reason, its rate, when it will be through, what it has cost; and the list
//! behind each number. Counted from the rows, so it is the same after a reload and on every process.

use chrono::{DateTime, Duration, Utc};
use entity::states::{CampaignState, DeliveryState};
use entity::{campaign, delivery};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::board::Board;
use super::{find, pace};
use crate::context::Context;
use crate::error::Result;
use crate::ids::{CampaignId, DeliveryId};
use crate::member::{self, MemberFilter, MemberRow};
use crate::page::{Page, PageRequest};
use crate::staff::{Permission, StaffCaller};

/// The rate is what was sent in this time.
const LATELY: Duration = Duration::seconds(10);
/// Audiences below it are counted anew for each look.
const LARGE: i64 = 20_000;

#[derive(Debug, Clone)]
pub struct Progress {
    pub campaign: campaign::Model,
    pub counts: Counts,
    /// When the last delivery will have been worked off; None: it does not run, or nobody can tell.
    pub ends_at: Option<DateTime<Utc>>,
}

/// What was counted at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    pub lines: Vec<ProgressLine>,
    pub as_of: DateTime<Utc>,
    pub cost_fen: i64,
    /// Messages per second, over the last seconds.
    pub per_second: f64,
    /// The last of the deferred is looked at again then.
    pub deferred_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressLine {
    pub state: DeliveryState,
    pub reason: Option<String>,
    pub deliveries: i64,
}

/// Counted now.
pub async fn progress(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Progress> {
    let campaign = find(ctx, caller, id).await?;
    let counts = count(ctx, id).await?;
    Ok(with_end(ctx, campaign, counts))
}

/// For who follows: all viewers in a process share one count of a large campaign, at most one a second and never more than a
/// twentieth of the time.
pub async fn follow(ctx: &Context, caller: &StaffCaller, id: CampaignId) -> Result<Progress> {
    let campaign = find(ctx, caller, id).await?;
    let counts = if campaign.audience_count < LARGE || ended(campaign.state) {
        count(ctx, id).await?
    } else {
        ctx.progress.look(id, || count(ctx, id)).await?
    };
    Ok(with_end(ctx, campaign, counts))
}

/// What the processes of this kind share about campaigns that somebody follows.
pub type ProgressBoard = Board<CampaignId, Counts>;

fn ended(state: CampaignState) -> bool {
    matches!(state, CampaignState::Completed | CampaignState::Cancelled)
}

async fn count(ctx: &Context, id: CampaignId) -> Result<Counts> {
    let now = ctx.now();
    let rows: Vec<CountRow> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::State)
        .column(delivery::Column::Reason)
        .column_as(delivery::Column::Id.count(), "deliveries")
        .column_as(as_integer(Func::sum(Expr::col(delivery::Column::CostFen)).into()), "cost_fen")
        .column_as(as_integer(Func::sum(sent_since(now - LATELY)).into()), "lately")
        .column_as(delivery::Column::NotBefore.max(), "until")
        .filter(delivery::Column::CampaignId.eq(id))
        .group_by(delivery::Column::State)
        .group_by(delivery::Column::Reason)
        .order_by_asc(delivery::Column::State)
        .order_by_asc(delivery::Column::Reason)
        .into_tuple()
        .all(ctx.db.read())
        .await?;
    Ok(summed(rows, now))
}

/// State, reason, deliveries, their cost, how many of them went out lately, and the latest time before which they wait.
type CountRow = (DeliveryState, Option<String>, i64, Option<i64>, Option<i64>, Option<DateTime<Utc>>);

/// PostgreSQL sums integers of eight bytes into a decimal.
fn as_integer(sum: SimpleExpr) -> SimpleExpr {
    sum.cast_as("bigint")
}

fn sent_since(at: DateTime<Utc>) -> SimpleExpr {
    CaseStatement::new().case(delivery::Column::SentAt.gt(at), 1).finally(0).into()
}

fn summed(rows: Vec<CountRow>, now: DateTime<Utc>) -> Counts {
    let deferred_until =
        rows.iter().filter(|row| row.0 == DeliveryState::Deferred).filter_map(|row| row.5).max();
    let lately: i64 = rows.iter().filter_map(|row| row.4).sum();
    Counts {
        cost_fen: rows.iter().filter_map(|row| row.3).sum(),
        #[allow(clippy::cast_precision_loss, reason = "messages of ten seconds")]
        per_second: lately as f64 / LATELY.as_seconds_f64(),
        deferred_until,
        as_of: now,
        lines: rows
            .into_iter()
            .map(|(state, reason, deliveries, ..)| ProgressLine { state, reason, deliveries })
            .collect(),
    }
}

fn with_end(ctx: &Context, campaign: campaign::Model, counts: Counts) -> Progress {
    let ends_at = match campaign.state {
        CampaignState::Resolving | CampaignState::Sending => {
            let allowed = pace::allowed_per_second(ctx, &campaign);
            pace::ends_at(&counts, allowed)
        }
        _ => None,
    };
    Progress { campaign, counts, ends_at }
}

/// The deliveries of a campaign, in the order of their ids.
pub async fn deliveries(
    ctx: &Context,
    caller: &StaffCaller,
    id: CampaignId,
    filter: DeliveryFilter,
    page: &PageRequest,
) -> Result<Page<AddressedDelivery>> {
    caller.require(Permission::ReadCampaigns)?;
    let mut query = delivery::Entity::find()
        .filter(delivery::Column::CampaignId.eq(id))
        .order_by_asc(delivery::Column::Id)
        .limit(page.limit() + 1);
    if let Some(state) = filter.state {
        query = query.filter(delivery::Column::State.eq(state));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(delivery::Column::Reason.eq(reason));
    }
    if let Some(variant) = filter.variant {
        query = query.filter(delivery::Column::Variant.eq(variant));
    }
    if let Some(after) = page.after::<DeliveryId>()? {
        query = query.filter(delivery::Column::Id.gt(after));
    }
    if let Some(members) = member::ids_of(ctx, &filter.member)? {
        query = query.filter(delivery::Column::MemberId.in_subquery(members));
    }
    let page = Page::from_rows(query.all(ctx.db.read()).await?, page.limit(), |row| row.id.0);
    let members = member::find_all(ctx, page.items.iter().map(|row| row.member_id)).await?;
    Ok(page.map(|delivery| AddressedDelivery { member: members.get(&delivery.member_id).cloned(), delivery }))
}

/// A delivery and whom it is for.
#[derive(Debug, Clone)]
pub struct AddressedDelivery {
    pub delivery: delivery::Model,
    pub member: Option<MemberRow>,
}

/// Which of a campaign's deliveries.
#[derive(Debug, Default)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    pub reason: Option<String>,
    pub variant: Option<String>,
    pub member: MemberFilter,
}
